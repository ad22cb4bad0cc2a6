"""Asking Azure what there is of a landing zone."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress

from pipeline.arm import ResourceId
from pipeline.definition.model import Environment
from pipeline.errors import AzureRefused
from pipeline.execution.azure.bases import pinned, traits_of
from pipeline.execution.azure.operations import GALLERIES
from pipeline.execution.azure.requests import Body
from pipeline.execution.patience import NETWORK
from pipeline.execution.run.session import Session
from pipeline.execution.wait import nothing
from pipeline.planning.landing_zone.destruction import Found
from pipeline.planning.landing_zone.wanted import used, wanted
from pipeline.planning.names import LOAD_BALANCERS, gallery_id, image_definition_id
from pipeline.planning.traits import Traits, reading


def survey_landing_zone(session: Session) -> tuple[bool, dict[ResourceId, Body]]:
    """Whether the resource group is there, and what is there of the landing zone by id.

    What is used of other groups is looked at in any case.
    """
    environment, azure = session.environment, session.azure
    has_group = azure.group(environment.resource_group) is not None
    ids = [
        resource.resource
        for resource in wanted(session.project, environment)
        if has_group or not _is_inside(resource.resource, environment)
    ]
    found = ((resource, _settled(session, resource)) for resource in (*ids, *used(environment)))
    return has_group, {resource: body for resource, body in found if body is not None}


def survey_bases(session: Session, existing: Mapping[ResourceId, Body]) -> dict[str, Traits]:
    """What the bases are of the images that have no definition yet, by the image's name.

    An image of this project may be one whose definition is only about to be created.
    """
    azure, environment = session.azure, session.environment
    images = {image.name: image for image in session.project.images}

    def traits(name: str) -> Traits:
        there = existing.get(image_definition_id(environment, name))
        if there is not None:
            return reading(there)
        image = images[name]
        if image.parent:
            return traits(image.parent)
        return traits_of(azure, pinned(azure, image.base))

    missing = (n for n in images if image_definition_id(environment, n) not in existing)
    return {name: traits(name) for name in missing}


def _is_inside(resource: ResourceId, environment: Environment) -> bool:
    """Whether it is of the environment's own resource group."""
    is_of_group = resource.resource_group.lower() == environment.resource_group.lower()
    return is_of_group and resource.subscription.lower() == environment.subscription.lower()


def namesakes(session: Session, existing: Mapping[ResourceId, Body]) -> tuple[ResourceId, ...]:
    """The subscription's galleries with the environment's name for one, before there is one.

    None where the subscription may not be listed: then Azure refuses the second by itself.
    """
    own = gallery_id(session.environment)
    if own in existing or not session.environment.gallery.managed:
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
