"""Creating a resource once, whoever began it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from pipeline.arm import ResourceId
from pipeline.execution.azure.requests import Body, put
from pipeline.execution.azure.resources import provisioning_state
from pipeline.execution.patience import Patience
from pipeline.execution.run.work import Work


def create_unless_there(
    work: Work,
    resource: ResourceId,
    body: Callable[[], Body],
    patience: Patience,
    api_version: str = "",
) -> None:
    """Create what is not there; what an earlier run began is seen through, not asked for again.

    `body` is called only where a request has to be sent, with the SDK's api-version for "".
    """
    work.resume(put(resource, {}), patience)
    there = work.azure.settle(
        resource, patience=patience, clock=work.clock, still_waiting=work.still_waiting
    )
    if there is None or provisioning_state(there) != "Succeeded":
        work.send(replace(put(resource, body()), api_version=api_version), patience)
