"""What a landing zone consists of: every resource as it would be created, in order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from pipeline.arm import ResourceId
from pipeline.definition.balancing import Health, LoadBalancer
from pipeline.definition.model import Environment, Project
from pipeline.planning import security
from pipeline.planning.landing_zone import bodies
from pipeline.planning.landing_zone.adoption import fitted
from pipeline.planning.names import (
    declared_id,
    gallery_id,
    image_definition_id,
    load_balancer_id,
    network_id,
    subnet_id,
    virtual_network_id,
)
from pipeline.planning.record_names import CLAIMS_ZONE, builds_zone_id, claims_zone_id
from pipeline.planning.traits import Traits

Existing: TypeAlias = Mapping[ResourceId, Mapping[str, Any]]
Bases: TypeAlias = Mapping[str, Traits]
"""What the bases of images are, by the image's name: of those that are to be created."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A resource of the landing zone, as it would be created."""

    resource: ResourceId
    body: dict[str, Any]
    words: str
    api_version: str = ""
    """That it is created with; "" for the SDK's own."""


def wanted(
    project: Project,
    environment: Environment,
    existing: Existing | None = None,
    bases: Bases | None = None,
) -> tuple[Wanted, ...]:
    """All resources of the landing zone, each after those it refers to.

    A load balancer is fitted to the existing one, a definition to the base of its image; what is
    not managed is not among them. Definitions are, in whosever gallery.
    """
    return (
        *(_network(project, environment) if environment.network.managed else ()),
        *_load_balancers(project, environment, existing or {}),
        *_gallery(project, environment, bases or {}),
        *_zones(environment),
    )


def _network(project: Project, environment: Environment) -> Iterator[Wanted]:
    network = environment.network
    group = network_id(environment, "networkSecurityGroups", network.security_group)
    address = network_id(environment, "publicIPAddresses", f"{network.nat_gateway}-address")
    gateway = network_id(environment, "natGateways", network.nat_gateway)
    admitting = bodies.security_group(environment, project.images)
    yield Wanted(group, admitting, f"the security group {group.name}")
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
        if not definition.managed:
            continue
        part = (definition, health[definition.image])
        shared.setdefault(definition.name.lower(), []).append(part)
    for served in shared.values():
        first = served[0][0]
        addresses = {
            frontend: network_id(environment, "publicIPAddresses", f"{first.name}-{frontend}")
            for frontend in bodies.frontends_of(served)
        }
        resource = load_balancer_id(environment, first.name)
        body = bodies.load_balancer(environment, served, addresses)
        found = existing.get(resource)
        if found is not None and not is_being_made(found):
            body = fitted(body, found)
        for frontend in body["properties"]["frontendIPConfigurations"]:
            if not first.private:
                address = addresses[frontend["name"]]
                public = bodies.public_address(environment)
                yield Wanted(address, public, f"the public address {address.name}")
        images = ", ".join(part.image for part, _ in served)
        yield Wanted(resource, body, f"the load balancer {first.name} for {images}")


def _gallery(project: Project, environment: Environment, bases: Bases) -> Iterator[Wanted]:
    if environment.gallery.managed:
        gallery = f"the gallery {environment.gallery.name}"
        yield Wanted(gallery_id(environment), bodies.gallery(environment), gallery)
    for image in project.images:
        yield Wanted(
            image_definition_id(environment, image.name),
            bodies.image_definition(environment, image, bases.get(image.name, Traits())),
            f"the image definition {image.name}",
            security.api_version(image.security_type),
        )


def _zones(environment: Environment) -> Iterator[Wanted]:
    own, of_builds = claims_zone_id(environment), builds_zone_id(environment)
    words = f"the private DNS zone {CLAIMS_ZONE} for claims"
    yield Wanted(own, bodies.claims_zone(environment), words)
    if of_builds != own:
        beside = f"{words} on builds, in {of_builds.resource_group}"
        yield Wanted(of_builds, bodies.claims_zone(environment), beside)


def used(environment: Environment) -> tuple[ResourceId, ...]:
    """What is used and never created: the network, the gallery, load balancers of other hands."""
    gallery = () if environment.gallery.managed else (gallery_id(environment),)
    subnet = () if environment.network.managed else (subnet_id(environment),)
    balancers = (
        declared_id(environment, one) for one in environment.load_balancers if not one.managed
    )
    return (*subnet, *gallery, *dict.fromkeys(balancers))


def is_being_made(body: Mapping[str, Any]) -> bool:
    """Network resources are `Updating` while they are created, compute ones `Creating`."""
    return state(body) in {"creating", "updating", "deleting"}


def state(body: Mapping[str, Any]) -> str:
    """The provisioning state in lower case; "" without one."""
    return str(body.get("properties", {}).get("provisioningState", "")).lower()
