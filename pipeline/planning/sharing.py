"""Environments that have one gallery: a version that was tested in one serves in another."""

from __future__ import annotations

from pipeline.definition.model import Environment, Project
from pipeline.planning.names import gallery_id


def sharing(project: Project, environment: Environment) -> tuple[Environment, ...]:
    """The environments whose images are in the same gallery of the same cloud, this one too."""
    gallery, cloud = gallery_id(environment), environment.cloud.resource_manager
    return tuple(
        other
        for other in project.environments
        if gallery_id(other) == gallery and other.cloud.resource_manager == cloud
    )
