"""Planning a landing zone: what is missing of it, and nothing else.

What is there stays as it is: missing children are added, what differs is told and left alone.
Where the rules lead is state, decided by swaps, and never written here once a rule exists.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pipeline.advice import Advice, build_image
from pipeline.arm import ResourceId
from pipeline.definition.model import FRONTENDS, Environment, Health, LoadBalancer, Project
from pipeline.errors import Refused
from pipeline.planning import security
from pipeline.planning.landing_zone import bodies
from pipeline.planning.landing_zone.adoption import fitted
from pipeline.planning.landing_zone.steps import Complete, Create, CreateGroup, LandingZoneStep
from pipeline.planning.names import (
    CLAIMS_ZONE,
    claims_zone_id,
    gallery_id,
    image_definition_id,
    load_balancer_id,
    network_id,
    subnet_id,
    virtual_network_id,
)
from pipeline.planning.plan import Plan
from pipeline.planning.writable import writable

Existing = Mapping[ResourceId, Mapping[str, Any]]

_CHILDREN = (
    "securityRules",
    "subnets",
    "frontendIPConfigurations",
    "backendAddressPools",
    "probes",
    "loadBalancingRules",
)

_COMPARED = (
    "frontendPort",
    "backendPort",
    "port",
    "requestPath",
    "addressPrefix",
    "sourceAddressPrefix",
)
"""What the definitions say of children and people expect to follow them."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A resource of the landing zone, as it would be created."""

    resource: ResourceId
    body: dict[str, Any]
    words: str
    api_version: str = ""
    """That it is created with; "" for the SDK's own."""


def wanted(
    project: Project, environment: Environment, existing: Existing | None = None
) -> tuple[Wanted, ...]:
    """All resources of the landing zone, each after those it refers to.

    A load balancer is fitted to the existing one.
    """
    return (
        *(_network(environment) if environment.network.managed else ()),
        *_load_balancers(project, environment, existing or {}),
        *_gallery(project, environment),
        Wanted(
            claims_zone_id(environment),
            bodies.claims_zone(environment),
            f"the private DNS zone {CLAIMS_ZONE} for claims",
        ),
    )


def plan_landing_zone(
    project: Project,
    environment: Environment,
    has_group: bool,
    existing: Existing,
    namesakes: Iterable[ResourceId] = (),
) -> Plan[LandingZoneStep]:
    """Create what is missing. Refused when a network that is not ours to write is not there.

    `namesakes` are galleries of the subscription with the name of ours: Azure takes one of a name.
    """
    _refuse_second_gallery(environment, namesakes)
    if not environment.network.managed and subnet_id(environment) not in existing:
        raise Refused(
            f"{subnet_id(environment)}: does not exist, and environments.hcl says that"
            " bakeswap does not manage it (managed = false)"
        )
    group = CreateGroup(environment.resource_group, environment.location)
    steps: list[LandingZoneStep] = [] if has_group else [group]
    notes: list[str] = []
    for resource in wanted(project, environment, existing):
        body = existing.get(resource.resource)
        if body is None or _is_being_made(body):
            made = Create(resource.resource, resource.body, resource.words, resource.api_version)
            steps.append(made)
            continue
        notes.extend(_differences(resource, body))
        notes.extend(_misfits(project, resource.resource, body))
        completed, added = _completed(body, resource.body)
        if added or _has_failed(body):
            words = (
                f"{resource.words}: {', '.join(dict.fromkeys(added)) or 'its last write failed'}"
            )
            etag = str(body.get("etag", ""))
            steps.append(Complete(resource.resource, completed, words, etag))
    name = environment.name
    images = [load_balancer.image for load_balancer in environment.load_balancers]
    return Plan(
        f"create the environment {name}",
        tuple(steps),
        because=f"{environment.resource_group} is complete",
        truth=f"the environment {name} is complete, in {environment.resource_group}",
        advice=tuple(Advice(f"build a version of {image}", build_image(image)) for image in images),
        notes=tuple(notes),
    )


def _refuse_second_gallery(environment: Environment, namesakes: Iterable[ResourceId]) -> None:
    """Gallery names are unique in a subscription (Microsoft's troubleshooting-shared-images)."""
    own = gallery_id(environment)
    for other in namesakes:
        if other != own:
            raise Refused(
                f"{own}: the subscription has a gallery of this name, {other}, and Azure takes no"
                " second one; give gallery.name in environments.hcl another name"
            )


def _network(environment: Environment) -> Iterator[Wanted]:
    network = environment.network
    group = network_id(environment, "networkSecurityGroups", network.security_group)
    address = network_id(environment, "publicIPAddresses", f"{network.nat_gateway}-address")
    gateway = network_id(environment, "natGateways", network.nat_gateway)
    yield Wanted(group, bodies.security_group(environment), f"the security group {group.name}")
    yield Wanted(address, bodies.public_address(environment), f"the public address {address.name}")
    yield Wanted(
        gateway, bodies.nat_gateway(environment, address), f"the NAT gateway {gateway.name}"
    )
    yield Wanted(
        virtual_network_id(environment),
        bodies.virtual_network(environment, group, gateway),
        f"the virtual network {network.name} with the subnet {network.subnet}",
    )


def _load_balancers(
    project: Project, environment: Environment, existing: Existing
) -> Iterator[Wanted]:
    health = {image.name: image.health for image in project.images}
    shared: dict[str, list[tuple[LoadBalancer, Health]]] = {}
    for definition in environment.load_balancers:
        part = (definition, health[definition.image])
        shared.setdefault(definition.name.lower(), []).append(part)
    for served in shared.values():
        first = served[0][0]
        addresses = {
            frontend: network_id(environment, "publicIPAddresses", f"{first.name}-{frontend}")
            for frontend in FRONTENDS
        }
        resource = load_balancer_id(environment, first.name)
        body = bodies.load_balancer(environment, served, addresses)
        found = existing.get(resource)
        if found is not None and not _is_being_made(found):
            body = fitted(body, found)
        for frontend in body["properties"]["frontendIPConfigurations"]:
            if not first.private:
                address = addresses[frontend["name"]]
                public = bodies.public_address(environment)
                yield Wanted(address, public, f"the public address {address.name}")
        images = ", ".join(part.image for part, _ in served)
        yield Wanted(resource, body, f"the load balancer {first.name} for {images}")


def _gallery(project: Project, environment: Environment) -> Iterator[Wanted]:
    yield Wanted(
        gallery_id(environment),
        bodies.gallery(environment),
        f"the gallery {environment.gallery}",
    )
    for image in project.images:
        yield Wanted(
            image_definition_id(environment, image.name),
            bodies.image_definition(environment, image),
            f"the image definition {image.name}",
            security.api_version(image.security_type),
        )


def _completed(
    existing: Mapping[str, Any], body: Mapping[str, Any]
) -> tuple[dict[str, Any], list[str]]:
    """The existing body with the children and references it lacks, and the names of those."""
    completed = writable(existing)
    properties = completed.setdefault("properties", {})
    added = []
    for kind in _children(body):
        children = properties.setdefault(kind, [])
        there = {child["name"].lower(): child for child in children}
        for child in body["properties"][kind]:
            found = there.get(child["name"].lower())
            if found is None:
                children.append(_fitted(child, children))
                added.append(child["name"])
            elif kind == "subnets":
                added.extend(_associated(found, child))
    return completed, added


def _fitted(child: Mapping[str, Any], others: list[dict[str, Any]]) -> dict[str, Any]:
    """A child as it is added: a security rule's priority is its own, or the next that is free."""
    added = copy.deepcopy(dict(child))
    properties = added.get("properties", {})
    if "priority" in properties:
        taken = {(other.get("properties") or {}).get("priority") for other in others}
        while properties["priority"] in taken:
            properties["priority"] += 1
    return added


def _children(body: Mapping[str, Any]) -> Iterator[str]:
    """The kinds of children we write; a NAT gateway's `subnets` are only references."""
    return (kind for kind in _CHILDREN if kind in body["properties"])


def _associated(subnet: dict[str, Any], body: Mapping[str, Any]) -> Iterator[str]:
    for reference in ("natGateway", "networkSecurityGroup"):
        if not subnet["properties"].get(reference):
            subnet["properties"][reference] = body["properties"][reference]
            yield f"{reference} of {subnet['name']}"


def _differences(resource: Wanted, existing: Mapping[str, Any]) -> Iterator[str]:
    for kind in _children(resource.body):
        there = _by_name(existing["properties"].get(kind) or ())
        for name, wanted_ones in _by_name(resource.body["properties"][kind]).items():
            found = there.get(name, {})
            for key in _COMPARED:
                value, should = found.get(key), wanted_ones.get(key)
                if None not in (value, should) and value != should:
                    yield (
                        f"{resource.resource.name}: {key} of {name} is {value},"
                        f" the definitions say {should}: left as it is"
                    )


def _misfits(project: Project, resource: ResourceId, existing: Mapping[str, Any]) -> Iterator[str]:
    """Of an image definition: Azure never gives it another security type."""
    for image in project.images if resource.segments[-1][0] == "images" else ():
        named = security.named_by(existing)
        wrong = security.takes_no_bake(image.security_type, named)
        if image.name == resource.name and wrong:
            yield f"{resource.name}: {wrong}; {security.WAYS_OUT}: left as it is"


def _by_name(children: Iterable[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    return {child["name"].lower(): child.get("properties") or {} for child in children}


def _state(body: Mapping[str, Any]) -> str:
    return str(body.get("properties", {}).get("provisioningState", "")).lower()


def _is_being_made(body: Mapping[str, Any]) -> bool:
    """Network resources are `Updating` while they are created, compute ones `Creating`."""
    return _state(body) in {"creating", "updating", "deleting"}


def _has_failed(body: Mapping[str, Any]) -> bool:
    """Microsoft's advice for a failed load balancer: GET it, and PUT the same body again."""
    return _state(body) == "failed"
