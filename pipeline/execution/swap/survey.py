"""Asking Azure what there is, and reading the answers into values of `planning`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from pipeline.advice import Advice, create_environment
from pipeline.arm import ResourceId
from pipeline.errors import Refused
from pipeline.execution.azure.operations import SCALE_SETS
from pipeline.execution.azure.requests import Body
from pipeline.execution.azure.resources import (
    Azure,
    is_moving,
    is_scale_set,
    provisioning_state,
)
from pipeline.execution.azure.side_by_side import each_by_name
from pipeline.execution.azure.versions import image_versions
from pipeline.execution.patience import NETWORK
from pipeline.execution.run.sending import no_look
from pipeline.execution.run.session import Session, remember_versions
from pipeline.execution.swap.autoscale import settings_of
from pipeline.execution.swap.instances import instances_of
from pipeline.execution.wait import nothing
from pipeline.planning.names import declared_id
from pipeline.planning.swap import load_balancer
from pipeline.planning.swap.autoscale import Setting
from pipeline.planning.swap.backend import ScaleSet, with_owners
from pipeline.planning.swap.reference import ImageReference
from pipeline.planning.swap.state import LoadBalancerState
from pipeline.planning.swap.survey import Survey
from pipeline.planning.versions import ImageVersion


@dataclass(frozen=True, slots=True)
class _Found:
    """What one look at Azure answered."""

    load_balancer: Body | None
    versions: tuple[ImageVersion, ...]
    scale_sets: list[Body]
    autoscale: tuple[Setting, ...] = ()


def survey_when_settled(
    session: Session,
    image: str,
    look: Callable[[], None] = no_look,
    *,
    with_autoscale: bool = False,
) -> Survey:
    """A survey of the image once nothing is under way on its load balancer.

    `look` runs at the same time as the first reads; what it raises is raised.
    """
    settings = partial(settings_of, session.azure) if with_autoscale else tuple
    found = _ask(session, image, look, settings)
    if found.load_balancer is not None and is_moving(found.load_balancer):
        session.azure.settle(
            _balancer(session, image), patience=NETWORK, clock=session.clock, still_waiting=nothing
        )
        found = _ask(session, image, look, settings)
    return _surveyed(session, image, found)


def survey_swap(session: Session, image: str) -> Survey:
    """All that planning a swap of the image needs; Refused without the load balancer."""
    return _surveyed(session, image, _ask(session, image, no_look, tuple))


def _ask(
    session: Session,
    image: str,
    look: Callable[[], None],
    settings: Callable[[], tuple[Setting, ...]],
) -> _Found:
    azure = session.azure
    azure.clients.prepare()
    read = each_by_name(
        {
            "look": look,
            "autoscale": settings,
            "balancer": partial(azure.get, _balancer(session, image)),
            "versions": partial(image_versions, azure, image),
            SCALE_SETS: partial(azure.list_in_group, SCALE_SETS),
        }
    )
    return _Found(read["balancer"], read["versions"], read[SCALE_SETS], read["autoscale"])


def _surveyed(session: Session, image: str, found: _Found) -> Survey:
    """The addresses of the frontends and the instances are read after the rest, side by side."""
    if found.load_balancer is None:
        raise Refused(
            f"{_balancer(session, image)}: does not exist",
            advice=(Advice("create the environment", create_environment()),),
        )
    remember_versions(session, image, found.versions)
    azure = session.azure
    state = load_balancer.read(found.load_balancer, {})
    addresses = _addresses(azure, found.load_balancer)
    is_whole = bool(session.image(image).scale_set.like)
    sets = _scale_sets(azure, state, found.scale_sets, is_whole=is_whole)
    read = each_by_name({**addresses, **sets})
    scale_sets = tuple(read[one] for one in sets if read[one] is not None)
    return Survey(
        environment=session.environment,
        image=session.image(image),
        declared=session.load_balancer(image),
        load_balancer=replace(
            state,
            addresses={one: read[one] for one in addresses},
            members=with_owners(state.members, scale_sets),
            taken_out=with_owners(state.taken_out, scale_sets),
        ),
        scale_sets=scale_sets,
        versions=found.versions,
        autoscale=found.autoscale,
    )


@dataclass(frozen=True, slots=True)
class _Look:
    """How closely scale sets are looked at: `is_whole` with what only `$expand` answers."""

    balancer: LoadBalancerState
    members: frozenset[ResourceId]
    is_whole: bool

    def is_behind(self, scale_set: ResourceId, body: Body) -> bool:
        """Whether it is in a pool of the load balancer, or its model says so."""
        pools = _pools(body["properties"])
        return scale_set in self.members or not set(self.balancer.members).isdisjoint(pools)


def _scale_sets(
    azure: Azure, balancer: LoadBalancerState, in_group: list[Body], *, is_whole: bool
) -> dict[ResourceId, Callable[[], ScaleSet | None]]:
    """What reads the scale sets of the resource group, and those of others that are in a pool.

    With instances, where they are in a pool of the load balancer or their model says so.
    """
    members = frozenset(member.owner for pool in balancer.members.values() for member in pool)
    look = _Look(balancer, members, is_whole)
    here = {ResourceId.parse(body["id"]): body for body in in_group}
    elsewhere = sorted((owner for owner in members - here.keys() if is_scale_set(owner)), key=str)
    return {
        **{one: partial(_scale_set, azure, body, look) for one, body in here.items()},
        **{owner: partial(_other_scale_set, azure, owner, look) for owner in elsewhere},
    }


def _other_scale_set(azure: Azure, resource: ResourceId, look: _Look) -> ScaleSet | None:
    body = azure.get(resource)
    return _scale_set(azure, body, look) if body else None


def _balancer(session: Session, image: str) -> ResourceId:
    return declared_id(session.environment, session.load_balancer(image))


def _scale_set(azure: Azure, found: Body, look: _Look) -> ScaleSet:
    resource = ResourceId.parse(found["id"])
    is_behind = look.is_behind(resource, found)
    body = azure.get(resource, expand="userData") if is_behind and look.is_whole else None
    body = body or found
    return ScaleSet(
        name=str(body["name"]),
        resource=resource,
        tags=dict(body.get("tags") or {}),
        capacity=int((body.get("sku") or {}).get("capacity") or 0),
        provisioning_state=provisioning_state(body),
        pools=tuple(_pools(body["properties"])),
        instances=instances_of(azure, resource) if is_behind else (),
        image_version=image_version_of(body["properties"]),
        body=body,
    )


def image_version_of(properties: Mapping[str, Any]) -> ResourceId | None:
    """The gallery image version of the model; None for a marketplace or a managed image."""
    reference = ImageReference.read(properties.get("virtualMachineProfile") or {}).id
    return ResourceId.parse(reference) if "/versions/" in reference.lower() else None


def _pools(properties: Mapping[str, Any]) -> Iterable[ResourceId]:
    """The pools of all network interfaces; a Flexible set may have no profile at all."""
    profile = properties.get("virtualMachineProfile") or {}
    interfaces = (profile.get("networkProfile") or {}).get("networkInterfaceConfigurations") or ()
    for interface in interfaces:
        for address in interface["properties"].get("ipConfigurations") or ():
            for pool in address["properties"].get("loadBalancerBackendAddressPools") or ():
                yield ResourceId.parse(pool["id"])


def _addresses(azure: Azure, load_balancer: Body) -> dict[ResourceId, Callable[[], str]]:
    """What reads the address of each frontend, private or public, by the frontend's id."""
    frontends = load_balancer["properties"].get("frontendIPConfigurations") or ()
    return {
        ResourceId.parse(one["id"]): partial(_address, azure, one["properties"])
        for one in frontends
    }


def _address(azure: Azure, frontend: Body) -> str:
    public = (frontend.get("publicIPAddress") or {}).get("id")
    if not public:
        return str(frontend.get("privateIPAddress") or "")
    body = azure.get(ResourceId.parse(public)) or {"properties": {}}
    return str(body["properties"].get("ipAddress") or "")
