"""Asking Azure what there is, and reading the answers into values of `planning`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

from pipeline.advice import Advice, create_environment
from pipeline.arm import ResourceId
from pipeline.errors import Refused
from pipeline.execution.azure.requests import Body
from pipeline.execution.azure.resources import SCALE_SETS, Azure, provisioning_state
from pipeline.execution.azure.side_by_side import each_by_name, side_by_side
from pipeline.execution.azure.versions import image_versions
from pipeline.execution.patience import NETWORK
from pipeline.execution.run.session import Session, remember_versions
from pipeline.execution.wait import nothing
from pipeline.planning.names import load_balancer_id
from pipeline.planning.swap import load_balancer
from pipeline.planning.swap.backend import Instance, ScaleSet
from pipeline.planning.swap.state import LoadBalancerState
from pipeline.planning.swap.survey import Survey


def survey_when_settled(session: Session, image: str) -> Survey:
    """A survey of the image once nothing is under way on its load balancer."""
    resource = load_balancer_id(session.environment, session.load_balancer(image).name)
    body = session.azure.settle(
        resource, patience=NETWORK, clock=session.clock, still_waiting=nothing
    )
    return _surveyed(session, image, resource, body)


def survey_swap(session: Session, image: str) -> Survey:
    """All that planning a swap of the image needs; Refused without the load balancer."""
    resource = load_balancer_id(session.environment, session.load_balancer(image).name)
    return _surveyed(session, image, resource, session.azure.get(resource))


def _surveyed(session: Session, image: str, resource: ResourceId, body: Body | None) -> Survey:
    """What is read besides the load balancer comes after it, side by side."""
    if body is None:
        raise Refused(
            f"{resource}: does not exist",
            advice=(Advice("create the environment", create_environment()),),
        )
    azure = session.azure
    azure.clients.prepare()
    addresses = _addresses(azure, body)
    read = each_by_name(
        {
            "versions": partial(image_versions, azure, image),
            SCALE_SETS: partial(azure.list_in_group, SCALE_SETS),
            **addresses,
        }
    )
    remember_versions(session, image, read["versions"])
    state = load_balancer.read(body, {frontend: read[frontend] for frontend in addresses})
    return Survey(
        environment=session.environment,
        image=session.image(image),
        declared=session.load_balancer(image),
        load_balancer=state,
        scale_sets=_behind(azure, state, read[SCALE_SETS]),
        versions=read["versions"],
    )


def scale_sets_behind(azure: Azure, balancer: LoadBalancerState) -> tuple[ScaleSet, ...]:
    """The scale sets of the resource group, and those of others that are in a pool.

    With instances, where they are in a pool of the load balancer or their model says so.
    """
    return _behind(azure, balancer, azure.list_in_group(SCALE_SETS))


def _behind(
    azure: Azure, balancer: LoadBalancerState, in_group: list[Body]
) -> tuple[ScaleSet, ...]:
    here = {ResourceId.parse(body["id"]) for body in in_group}
    members = {member.owner for pool in balancer.members.values() for member in pool}
    elsewhere = sorted((owner for owner in members - here if _is_scale_set(owner)), key=str)
    found = [*in_group, *(body for body in map(azure.get, elsewhere) if body)]
    reads = [partial(_scale_set, azure, body, members, balancer) for body in found]
    return tuple(side_by_side(reads))


def instances_of(azure: Azure, scale_set: ResourceId) -> tuple[Instance, ...]:
    """The instances of a scale set with their health."""
    return tuple(_instance(body) for body in azure.instances(scale_set))


def _is_scale_set(owner: ResourceId) -> bool:
    return owner.segments[-1][0].lower() == "virtualmachinescalesets"


def _scale_set(
    azure: Azure, body: Body, members: set[ResourceId], balancer: LoadBalancerState
) -> ScaleSet:
    resource = ResourceId.parse(body["id"])
    own = tuple(_pools(body["properties"]))
    is_behind = resource in members or not set(balancer.members).isdisjoint(own)
    return ScaleSet(
        name=str(body["name"]),
        resource=resource,
        tags=dict(body.get("tags") or {}),
        capacity=int((body.get("sku") or {}).get("capacity") or 0),
        provisioning_state=provisioning_state(body),
        pools=own,
        instances=instances_of(azure, resource) if is_behind else (),
        image_version=image_version_of(body["properties"]),
    )


def image_version_of(properties: Mapping[str, Any]) -> ResourceId | None:
    """The gallery image version of the model; None for a marketplace or a managed image."""
    profile = properties.get("virtualMachineProfile") or {}
    reference = ((profile.get("storageProfile") or {}).get("imageReference") or {}).get("id") or ""
    return ResourceId.parse(reference) if "/versions/" in reference.lower() else None


def _pools(properties: Mapping[str, Any]) -> Iterable[ResourceId]:
    """The pools of all network interfaces; a Flexible set may have no profile at all."""
    profile = properties.get("virtualMachineProfile") or {}
    interfaces = (profile.get("networkProfile") or {}).get("networkInterfaceConfigurations") or ()
    for interface in interfaces:
        for address in interface["properties"].get("ipConfigurations") or ():
            for pool in address["properties"].get("loadBalancerBackendAddressPools") or ():
                yield ResourceId.parse(pool["id"])


def _instance(body: Body) -> Instance:
    view = body["properties"].get("instanceView") or {}
    code = ((view.get("vmHealth") or {}).get("status") or {}).get("code") or ""
    health = code.rpartition("/")[2].lower()
    return Instance(str(body["name"]), health, str(body.get("instanceId") or ""))


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
