"""Azure's answers, as facts. Keys are those of the ARM reference; what is missing stays empty."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeAlias

from pipeline.arm import ResourceId
from pipeline.definition.balancing import PRODUCTION, LoadBalancer
from pipeline.planning.hardware import region
from pipeline.planning.preflight.facts import (
    Autoscale,
    Lock,
    Replica,
    ScaleSetFacts,
    SecurityGroup,
    SecurityRule,
    Space,
    Usage,
)

Body: TypeAlias = Mapping[str, Any]

_LOCKS = "/providers/microsoft.authorization/locks/"
_DEFAULT_RULES = (
    SecurityRule("AllowVnetInBound", 65000, True, ("VirtualNetwork",), ("VirtualNetwork",), ("*",)),
    SecurityRule(
        "AllowAzureLoadBalancerInBound", 65001, True, ("AzureLoadBalancer",), ("*",), ("*",)
    ),
    SecurityRule("DenyAllInBound", 65500, False, ("*",), ("*",), ("*",)),
)
"""What every group ends with (Microsoft's page of network security groups)."""


def replicas(version: Body) -> dict[str, Replica]:
    """By region, from a GET with `$expand=ReplicationStatus`."""
    status = _properties(version).get("replicationStatus") or {}
    return {
        region(str(one["region"])): Replica(str(one["state"]), int(one.get("progress") or 0))
        for one in status.get("summary") or ()
    }


def usages(bodies: Iterable[Body]) -> tuple[Usage, ...]:
    """`locations/{location}/usages`."""
    return tuple(
        Usage(
            name=str(one["name"]["value"]),
            title=str(one["name"].get("localizedValue") or one["name"]["value"]),
            used=int(one["currentValue"]),
            limit=int(one["limit"]),
        )
        for one in bodies
    )


def space(bodies: Iterable[Body], subnet: ResourceId) -> Space | None:
    """A subnet's line of `virtualNetworks/{v}/usages`, whose figures are floats."""
    for one in bodies:
        if str(one["id"]).lower() == str(subnet).lower():
            return Space(int(one["currentValue"]), int(one["limit"]))
    return None


def locks(bodies: Iterable[Body]) -> tuple[Lock, ...]:
    """Management locks, each with the scope out of its id."""
    return tuple(
        Lock(
            name=str(one["name"]),
            scope=str(one["id"])[: str(one["id"]).lower().rfind(_LOCKS)],
            level=str(_properties(one).get("level") or ""),
        )
        for one in bodies
    )


def security_group(body: Body) -> SecurityGroup:
    """A group's rules for incoming TCP; the default ones where Azure did not list them."""
    properties = _properties(body)
    defaults = tuple(_incoming(properties.get("defaultSecurityRules") or ()))
    own = tuple(_incoming(properties.get("securityRules") or ()))
    return SecurityGroup(str(body["name"]), (*own, *(defaults or _DEFAULT_RULES)))


def _incoming(rules: Iterable[Body]) -> Iterator[SecurityRule]:
    for rule in rules:
        properties = _properties(rule)
        of_tcp = str(properties.get("protocol")).lower() in {"*", "tcp"}
        if of_tcp and str(properties.get("direction")).lower() == "inbound":
            yield SecurityRule(
                name=str(rule["name"]),
                priority=int(properties["priority"]),
                is_allowed=str(properties.get("access")).lower() == "allow",
                sources=_either(properties, "sourceAddressPrefix", "sourceAddressPrefixes"),
                destinations=_either(
                    properties, "destinationAddressPrefix", "destinationAddressPrefixes"
                ),
                ports=_either(properties, "destinationPortRange", "destinationPortRanges"),
            )


def _either(properties: Body, one: str, several: str) -> tuple[str, ...]:
    """Azure has a name for one value and another for several; an empty one says nothing."""
    listed = [properties.get(one), *(properties.get(several) or ())]
    return tuple(str(value) for value in listed if value)


def autoscale(bodies: Iterable[Body]) -> tuple[Autoscale, ...]:
    """Autoscale settings; the limits of the first profile."""
    return tuple(_setting(body) for body in bodies)


def _setting(body: Body) -> Autoscale:
    properties = _properties(body)
    profiles = properties.get("profiles") or [{}]
    capacity = profiles[0].get("capacity") or {}
    return Autoscale(
        name=str(body["name"]),
        resource_group=ResourceId.parse(str(body["id"])).resource_group,
        target=str(properties.get("targetResourceUri") or ""),
        is_enabled=properties.get("enabled") is True,
        minimum=str(capacity.get("minimum", "?")),
        maximum=str(capacity.get("maximum", "?")),
    )


def scale_sets(
    bodies: Iterable[Body], load_balancer: Body | None, declared: LoadBalancer | None
) -> tuple[ScaleSetFacts, ...]:
    """The scale sets of a group; serving are those in a pool that a production rule leads to."""
    serving = set(_production_pools(load_balancer or {}, declared))
    return tuple(_scale_set(body, serving) for body in bodies)


def _production_pools(load_balancer: Body, declared: LoadBalancer | None) -> Iterator[str]:
    names = {pair.rule(PRODUCTION) for pair in declared.pairs} if declared else set()
    for rule in _properties(load_balancer).get("loadBalancingRules") or ():
        pool = _properties(rule).get("backendAddressPool") or {}
        if rule["name"] in names and pool:
            yield str(pool["id"]).lower()


def _scale_set(body: Body, serving: set[str]) -> ScaleSetFacts:
    properties = _properties(body)
    profile = properties.get("virtualMachineProfile") or {}
    policy = properties.get("upgradePolicy") or {}
    image = str(((profile.get("storageProfile") or {}).get("imageReference") or {}).get("id") or "")
    sku = body.get("sku") or {}
    upgrade = (policy.get("automaticOSUpgradePolicy") or {}).get("enableAutomaticOSUpgrade")
    return ScaleSetFacts(
        resource=ResourceId.parse(str(body["id"])),
        size=str(sku.get("name") or ""),
        capacity=int(sku.get("capacity") or 0),
        is_serving=bool(serving & set(_pools(profile))),
        upgrades_itself=upgrade is True,
        is_pinned="/versions/" in image.lower(),
    )


def _pools(profile: Body) -> Iterator[str]:
    network = profile.get("networkProfile") or {}
    for interface in network.get("networkInterfaceConfigurations") or ():
        for address in _properties(interface).get("ipConfigurations") or ():
            for pool in _properties(address).get("loadBalancerBackendAddressPools") or ():
                yield str(pool["id"]).lower()


def _properties(body: Body) -> Body:
    found: Body = body.get("properties") or {}
    return found
