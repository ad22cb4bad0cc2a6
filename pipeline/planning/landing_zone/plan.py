"""Planning a landing zone: what is missing of it, and nothing else.

What is there stays as it is: missing children are added, what differs is told and left alone.
Where the rules lead is state, decided by swaps, and never written here once a rule exists.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pipeline.advice import Advice, build_image
from pipeline.arm import ResourceId
from pipeline.definition.model import Environment, Project
from pipeline.errors import Refused
from pipeline.planning import security, windows
from pipeline.planning.hardware import region
from pipeline.planning.landing_zone import unmanaged
from pipeline.planning.landing_zone.steps import Complete, Create, CreateGroup, LandingZoneStep
from pipeline.planning.landing_zone.wanted import (
    Bases,
    Existing,
    Wanted,
    is_being_made,
    state,
    wanted,
)
from pipeline.planning.names import declared_id, gallery_id, image_definition_id, subnet_id
from pipeline.planning.plan import Plan
from pipeline.planning.referring import by_name
from pipeline.planning.traits import reading
from pipeline.planning.writable import writable

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


def plan_landing_zone(
    project: Project,
    environment: Environment,
    has_group: bool,
    existing: Existing,
    namesakes: Iterable[ResourceId] = (),
    bases: Bases | None = None,
) -> Plan[LandingZoneStep]:
    """Create what is missing. Refused when something is, and it is not ours to write.

    `bases` are those of the images without a definition, which Azure never changes.
    `namesakes` are galleries of the subscription with the name of ours: Azure takes one of a name.
    """
    _refuse_second_gallery(environment, namesakes)
    if not environment.network.managed and subnet_id(environment) not in existing:
        raise Refused(f"{subnet_id(environment)}: does not exist, and {unmanaged.NOT_OURS}")
    _refuse_foreign_gallery(project, environment, existing)
    _refuse_other_systems(project, bases or {})
    unmanaged.refuse_lacking(project, environment, existing)
    group = CreateGroup(environment.resource_group, environment.location)
    steps: list[LandingZoneStep] = [] if has_group else [group]
    notes = [
        note
        for declared in environment.load_balancers
        if not declared.managed
        for note in unmanaged.differences(declared, existing[declared_id(environment, declared)])
    ]
    for resource in wanted(project, environment, existing, bases):
        body = existing.get(resource.resource)
        if body is None or is_being_made(body):
            made = Create(resource.resource, resource.body, resource.words, resource.api_version)
            steps.append(made)
            continue
        notes.extend(_differences(resource, body))
        notes.extend(_untagged(environment, resource, body))
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


def _refuse_foreign_gallery(project: Project, environment: Environment, existing: Existing) -> None:
    """A gallery of another hand must be there, and where this environment bakes.

    A definition is where its gallery is, and so are its versions (Microsoft's page of soft
    deletion). Without one to make it does not matter: versions have copies elsewhere.
    """
    if environment.gallery.managed:
        return
    own = gallery_id(environment)
    if own not in existing:
        raise Refused(f"{own}: does not exist, and {unmanaged.NOT_OURS}")
    definitions = (image_definition_id(environment, image.name) for image in project.images)
    missing = [one.name for one in definitions if one not in existing]
    where = region(str(existing[own].get("location", "")))
    if missing and where != environment.location:
        raise Refused(
            f"{own} is in {where}, and so must be what is baked into it, but {environment.name} is"
            f" in {environment.location}; create the image definition of {', '.join(missing)} by"
            " an environment there"
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
        there = by_name(existing["properties"].get(kind))
        for name, wanted_ones in by_name(resource.body["properties"][kind]).items():
            found = there.get(name, {})
            for key in _COMPARED:
                value, should = found.get(key), wanted_ones.get(key)
                if None not in (value, should) and value != should:
                    yield (
                        f"{resource.resource.name}: {key} of {name} is {value},"
                        f" the definitions say {should}: left as it is"
                    )


def _untagged(
    environment: Environment, resource: Wanted, existing: Mapping[str, Any]
) -> Iterator[str]:
    """Tags of the environment: nothing is written for them alone."""
    there = {name.lower(): value for name, value in (existing.get("tags") or {}).items()}
    lacking = [
        f"{name} = {value}"
        for name, value in environment.tags
        if name in resource.body["tags"] and there.get(name.lower()) != value
    ]
    if lacking:
        yield f"{resource.resource.name}: lacks the tags {', '.join(lacking)}: left as it is"


def _refuse_other_systems(project: Project, bases: Bases) -> None:
    """Azure never gives an image definition another operating system."""
    wrong = [
        f"{image.base.at}: {unlike}"
        for image in project.images
        if image.name in bases and (unlike := windows.unlike_base(image, bases[image.name].os))
    ]
    if wrong:
        raise Refused("\n".join(wrong))


def _misfits(project: Project, resource: ResourceId, existing: Mapping[str, Any]) -> Iterator[str]:
    """Of an image definition: Azure gives it no other system, and no other security type."""
    for image in project.images if resource.segments[-1][0] == "images" else ():
        there = reading(existing)
        wrong = security.takes_no_bake(image.security_type, there.security_type)
        if image.name == resource.name and wrong:
            yield f"{resource.name}: {wrong}; {security.WAYS_OUT}: left as it is"
        unlike = windows.unlike_definition(image, there.os)
        if image.name == resource.name and unlike:
            yield f"{resource.name}: {unlike}; {windows.ANOTHER_NAME}: left as it is"


def _has_failed(body: Mapping[str, Any]) -> bool:
    """Microsoft's advice for a failed load balancer: GET it, and PUT the same body again."""
    return state(body) == "failed"
