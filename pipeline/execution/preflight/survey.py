"""Everything that a stage depends on, asked side by side: at most two calls after each other."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeVar

from pipeline.arm import ResourceId
from pipeline.errors import AzureRefused, Unreachable
from pipeline.execution.azure import lists
from pipeline.execution.azure.operations import SCALE_SETS
from pipeline.execution.azure.resources import Azure
from pipeline.execution.azure.side_by_side import each_by_name
from pipeline.execution.azure.versions import image_version
from pipeline.execution.preflight.credential import credential
from pipeline.execution.run.session import Session
from pipeline.planning import traits
from pipeline.planning.denials import Denial, denials
from pipeline.planning.hardware import Size, size
from pipeline.planning.names import (
    declared_id,
    image_definition_id,
    image_version_id,
    subnet_id,
    virtual_network_id,
)
from pipeline.planning.preflight import reading
from pipeline.planning.preflight.facts import (
    Autoscale,
    Facts,
    Known,
    Lock,
    Registration,
    ScaleSetFacts,
    Space,
    Subnet,
    Unknown,
    Usage,
    Version,
)
from pipeline.planning.preflight.policy import content
from pipeline.planning.preflight.wanted import Wanted
from pipeline.planning.traits import Traits

T = TypeVar("T")

NAMESPACES = ("Microsoft.Compute", "Microsoft.Network")
"""The resource providers that a stage writes to."""


def survey_preflight(session: Session, wanted: Wanted, refusal: str = "") -> Facts:
    """Ask all of it; what Azure refuses to tell is Unknown. SignInFailed passes."""
    azure = session.azure
    expires = azure.clients.prepare()
    found = each_by_name(reads(azure, wanted))
    found_locks, above = _parted(found.pop("locks"))
    return Facts(
        wanted=wanted,
        locks=found_locks,
        locks_above=above,
        credential=credential(session.environment.cloud, expires, datetime.now(UTC).timestamp()),
        providers=tuple(found.pop(namespace) for namespace in NAMESPACES),
        refusal=refusal,
        **found,
    )


def reads(azure: Azure, wanted: Wanted) -> dict[str, Callable[[], Any]]:
    """The reads by the name of the fact, none of which needs another's answer."""
    location = wanted.location
    asked: dict[str, Callable[[], Any]] = {
        "version": lambda: _version(azure, wanted),
        "definition": lambda: _definition(azure, wanted),
        "size": lambda: _size(azure, wanted),
        "usages": lambda: _usages(azure, location),
        "space": lambda: _space(azure, wanted),
        "subnet": lambda: _subnet(azure, wanted),
        "scale_sets": lambda: _scale_sets(azure, wanted),
        "autoscale": lambda: _autoscale(azure),
        "locks": lambda: _locks(azure),
        "policies": lambda: _policies(azure, wanted),
        **{namespace: _asking(azure, namespace) for namespace in NAMESPACES},
    }
    return {name: _known(read) for name, read in asked.items()}


def _known(read: Callable[[], T]) -> Callable[[], Known[T]]:
    def ask() -> Known[T]:
        try:
            return read()
        except AzureRefused as refusal:
            return _refused(refusal)
        except Unreachable as error:
            return Unknown(str(error))

    return ask


def _refused(refusal: AzureRefused) -> Unknown:
    return Unknown(f"{refusal.code}: {refusal.sentence}")


def _version(azure: Azure, wanted: Wanted) -> Version | None:
    if not wanted.version:
        return None
    resource = image_version_id(wanted.environment, wanted.image.name, wanted.version)
    body = azure.get(resource, expand="ReplicationStatus", **lists.IMPATIENT)
    return Version(image_version(body), reading.replicas(body)) if body else None


def _definition(azure: Azure, wanted: Wanted) -> Traits | None:
    body = azure.get(image_definition_id(wanted.environment, wanted.image.name), **lists.IMPATIENT)
    return traits.reading(body) if body else None


def _size(azure: Azure, wanted: Wanted) -> Size | None:
    return size(lists.sizes(azure, wanted.location), wanted.size, wanted.location)


def _usages(azure: Azure, location: str) -> tuple[Usage, ...]:
    return reading.usages(lists.compute_usages(azure, location))


def _space(azure: Azure, wanted: Wanted) -> Space | None:
    network = virtual_network_id(wanted.environment)
    found = lists.subnet_usages(azure, network.resource_group, network.name)
    return reading.space(found, subnet_id(wanted.environment))


def _subnet(azure: Azure, wanted: Wanted) -> Subnet | None:
    body = azure.get(subnet_id(wanted.environment), **lists.IMPATIENT)
    if body is None:
        return None
    properties = body["properties"]
    prefixes = properties.get("addressPrefixes") or [properties["addressPrefix"]]
    guard = (properties.get("networkSecurityGroup") or {}).get("id")
    group = azure.get(ResourceId.parse(guard), **lists.IMPATIENT) if guard else None
    return Subnet(tuple(prefixes), reading.security_group(group) if group else None)


def _scale_sets(azure: Azure, wanted: Wanted) -> tuple[ScaleSetFacts, ...]:
    declared = wanted.environment.load_balancer_of(wanted.image.name)
    balancer = azure.get(declared_id(wanted.environment, declared)) if declared else None
    found = azure.list_in_group(SCALE_SETS)
    return reading.scale_sets(found, balancer, declared)


def _autoscale(azure: Azure) -> tuple[Autoscale, ...]:
    return reading.autoscale(lists.autoscale_settings(azure))


def _locks(azure: Azure) -> tuple[tuple[Lock, ...], Known[None]]:
    """Those of the subscription and of all in it, or those of the resource group and why."""
    subscription, group = _scopes(azure)
    try:
        return reading.locks(lists.locks(azure, subscription)), None
    except AzureRefused as refusal:
        return reading.locks(lists.locks(azure, group)), _refused(refusal)


def _policies(azure: Azure, wanted: Wanted) -> tuple[Denial, ...] | None:
    made = content(wanted)
    if made is None:
        return None
    _, group = _scopes(azure)
    return denials(lists.policy_restrictions(azure, group, made))


def _parted(
    found: Known[tuple[tuple[Lock, ...], Known[None]]],
) -> tuple[Known[tuple[Lock, ...]], Known[None]]:
    return (found, None) if isinstance(found, Unknown) else found


def _scopes(azure: Azure) -> tuple[str, str]:
    subscription = f"/subscriptions/{azure.environment.subscription}"
    return subscription, f"{subscription}/resourceGroups/{azure.environment.resource_group}"


def _asking(azure: Azure, namespace: str) -> Callable[[], Registration]:
    return lambda: Registration(namespace, lists.registration(azure, namespace))
