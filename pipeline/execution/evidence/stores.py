"""Which store an environment keeps its evidence in."""

from __future__ import annotations

from pipeline.execution.azure.blobs import Container
from pipeline.execution.evidence.container import ContainerStore
from pipeline.execution.evidence.folder import FolderStore
from pipeline.execution.evidence.store import Store
from pipeline.execution.run.session import Session


def store_of(session: Session) -> Store:
    """A folder of the project, or a blob container; nothing is asked of it yet."""
    policy = session.environment.evidence
    if policy.is_container:
        return ContainerStore(Container(session.azure.clients, policy.store))
    return FolderStore(session.project.root / policy.store)
