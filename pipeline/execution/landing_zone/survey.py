"""Asking Azure what there is of a landing zone."""

from __future__ import annotations

from pipeline.arm import ResourceId
from pipeline.execution.azure.requests import Body
from pipeline.execution.run.session import Session
from pipeline.planning.landing_zone.plan import wanted
from pipeline.planning.names import subnet_id


def survey_landing_zone(session: Session) -> tuple[bool, dict[ResourceId, Body]]:
    """Whether the resource group is there, and what is there of the landing zone by id."""
    environment, azure = session.environment, session.azure
    if azure.group(environment.resource_group) is None:
        return False, {}
    ids = [resource.resource for resource in wanted(session.project, environment)]
    if not environment.network.managed:
        ids.append(subnet_id(environment))
    found = ((resource, azure.get(resource)) for resource in ids)
    return True, {resource: body for resource, body in found if body is not None}
