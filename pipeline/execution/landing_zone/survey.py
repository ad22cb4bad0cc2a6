"""Asking Azure what there is of a landing zone."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress

from pipeline.arm import ResourceId
from pipeline.errors import AzureRefused
from pipeline.execution.azure.requests import Body
from pipeline.execution.azure.resources import GALLERIES
from pipeline.execution.patience import NETWORK
from pipeline.execution.run.session import Session
from pipeline.execution.wait import nothing
from pipeline.planning.landing_zone.destruction import Found
from pipeline.planning.landing_zone.plan import wanted
from pipeline.planning.names import LOAD_BALANCERS, gallery_id, subnet_id


def survey_landing_zone(session: Session) -> tuple[bool, dict[ResourceId, Body]]:
    """Whether the resource group is there, and what is there of the landing zone by id."""
    environment, azure = session.environment, session.azure
    if azure.group(environment.resource_group) is None:
        return False, {}
    ids = [resource.resource for resource in wanted(session.project, environment)]
    if not environment.network.managed:
        ids.append(subnet_id(environment))
    found = ((resource, _settled(session, resource)) for resource in ids)
    return True, {resource: body for resource, body in found if body is not None}


def namesakes(session: Session, existing: Mapping[ResourceId, Body]) -> tuple[ResourceId, ...]:
    """The subscription's galleries with the environment's name for one, before there is one.

    None where the subscription may not be listed: then Azure refuses the second by itself.
    """
    own = gallery_id(session.environment)
    if own in existing:
        return ()
    with suppress(AzureRefused):
        listed = session.azure.list_in_subscription(GALLERIES)
        found = (ResourceId.parse(str(body["id"])) for body in listed)
        return tuple(one for one in found if one.name.lower() == own.name.lower())
    return ()


def _settled(session: Session, resource: ResourceId) -> Body | None:
    """A load balancer once nothing is under way on it: a swap may be; all else as it is."""
    if resource.segments[-1][0] != LOAD_BALANCERS:
        return session.azure.get(resource)
    return session.azure.settle(
        resource, patience=NETWORK, clock=session.clock, still_waiting=nothing
    )


def survey_group(session: Session) -> tuple[Mapping[str, str] | None, tuple[Found, ...]]:
    """The tags of the environment's group, None without one, and all resources in it."""
    name = session.environment.resource_group
    group = session.azure.group(name)
    if group is None:
        return None, ()
    found = tuple(
        Found(
            ResourceId.parse(body["id"]),
            dict(body.get("tags") or {}),
            str(body.get("managedBy") or ""),
        )
        for body in session.azure.resources_in(name)
    )
    return dict(group.get("tags") or {}), found
