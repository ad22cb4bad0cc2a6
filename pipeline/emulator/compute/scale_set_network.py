"""The network part of a scale set's model: what it refers to, what a load balancer forbids."""

from __future__ import annotations

from typing import Any

from pipeline.emulator.arm.errors import (
    ArmError,
    invalid_parameter,
    invalid_reference,
    not_served,
)
from pipeline.emulator.arm.ids import ResourceId, key, same
from pipeline.emulator.arm.kinds import Registry
from pipeline.emulator.compute.wording import at, is_true, missing
from pipeline.emulator.network.shared_pools import refuse_shared_model

_NAT_POOLS = "loadBalancerInboundNatPools"
_NOT_CARRIED = (
    "applicationGatewayBackendAddressPools",
    "publicIPAddressConfiguration",
)


def interface(profile: dict[str, Any]) -> dict[str, Any]:
    """The one `networkInterfaceConfigurations` entry of a `virtualMachineProfile`."""
    listed = at(profile, "networkProfile", "networkInterfaceConfigurations")
    if not listed:
        raise missing("networkProfile.networkInterfaceConfigurations")
    if len(listed) > 1:
        raise not_served("a second network interface of a scale set")
    only: dict[str, Any] = listed[0]
    return only


def ip_configuration(profile: dict[str, Any]) -> dict[str, Any]:
    """The one IP configuration of that interface."""
    listed = at(interface(profile), "properties", "ipConfigurations")
    if not listed:
        raise missing("ipConfigurations")
    if len(listed) > 1:
        raise not_served("a second IP configuration of a scale set")
    only: dict[str, Any] = listed[0]
    return only


def pools(profile: dict[str, Any]) -> list[str]:
    """The ids of the backend pools that instances join."""
    listed = at(ip_configuration(profile), "properties", "loadBalancerBackendAddressPools")
    if not all(pool.get("id") for pool in listed or []):
        raise missing("loadBalancerBackendAddressPools.id")
    return [pool["id"] for pool in listed or []]


def check(registry: Registry, scale_set: ResourceId, profile: dict[str, Any]) -> None:
    """Refuse what Azure refuses in the network profile of a scale set."""
    properties = interface(profile).get("properties") or {}
    if not is_true(properties.get("primary", True)):
        raise invalid_parameter(
            "networkInterfaceConfigurations",
            "A scale set must have exactly one primary network interface configuration.",
        )
    addresses = ip_configuration(profile).get("properties") or {}
    for unserved in _NOT_CARRIED:
        if addresses.get(unserved):
            raise not_served(f"'{unserved}' of a scale set")
    subnet = at(addresses, "subnet", "id")
    if not subnet:
        raise missing("subnet")
    security_group = at(properties, "networkSecurityGroup", "id")
    joined = pools(profile)
    for referenced in (subnet, *joined, *([security_group] if security_group else [])):
        if registry.find(ResourceId.parse(referenced)) is None:
            raise invalid_reference(referenced, str(scale_set))
    place = f"{interface(profile)['name']}/ipConfigurations/{ip_configuration(profile)['name']}"
    refuse_shared_model(registry.store, scale_set, place, frozenset(map(key, joined)))
    for pool in addresses.get(_NAT_POOLS) or []:
        _require_nat_pool(registry, scale_set, str(pool.get("id")))
    _check_probe(registry, profile)


def _require_nat_pool(registry: Registry, scale_set: ResourceId, pool: str) -> None:
    """A NAT pool is written with its load balancer and has no address of its own."""
    owner, _, name = pool.rpartition("/inboundNatPools/")
    balancer = registry.find(ResourceId.parse(owner)) if owner else None
    pools = balancer.properties.get("inboundNatPools") or [] if balancer else []
    if not any(same(each["name"], name) for each in pools):
        raise invalid_reference(pool, str(scale_set))


def check_probe_is_reachable(scale_set: ResourceId, profile: dict[str, Any]) -> None:
    """The part of the health probe's check that Azure makes only while it is at work."""
    probe = health_probe(profile)
    if probe and not pools(profile):
        raise ArmError(
            400,
            "CannotUseHealthProbeWithoutLoadBalancing",
            f"VM scale set {scale_set} cannot use probe {probe} as a HealthProbe because primary "
            f"IP configuration {ip_configuration(profile).get('name')} of the scale set does not "
            "use load balancing. LoadBalancerBackendAddressPools property of the IP configuration "
            "must reference backend address pool of the load balancer that contains the probe.",
        )


def health_probe(profile: dict[str, Any]) -> str | None:
    """The id of the load balancer probe that the scale set's health is taken from, if any."""
    found: str | None = at(profile, "networkProfile", "healthProbe", "id")
    return found


def _check_probe(registry: Registry, profile: dict[str, Any]) -> None:
    probe = health_probe(profile)
    if probe is None:
        return
    identifier = ResourceId.parse(probe)
    if registry.find(identifier) is None:
        raise invalid_reference(probe, "the scale set's health probe")
    rules = _rules(registry, identifier)
    if not any(same(at(rule, "properties", "probe", "id") or "", probe) for rule in rules):
        raise ArmError(
            400,
            "CannotUseInactiveHealthProbe",
            f"VM scale set cannot use probe {probe} as a HealthProbe: it is not used by any load "
            "balancing rule.",
        )


def _rules(registry: Registry, child: ResourceId) -> list[dict[str, Any]]:
    """The load balancing rules of the load balancer that a pool or probe belongs to."""
    balancer = registry.store.get(child.parent or child)
    return list(balancer.properties.get("loadBalancingRules") or []) if balancer else []
