"""Inbound NAT rules and pools of a load balancer: which port leads to which member.

A rule leads one port to the IP configuration that names it, or a range of ports to the members of a
backend pool; a pool leads a range to the scale set instances that name it, as rules of their own
(`pool.0`). A member keeps its port as long as it is there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from pipeline.emulator.arm.data_path import Connected, Endpoint, Presence, presences
from pipeline.emulator.arm.ids import ResourceId, key
from pipeline.emulator.arm.store import Record, Store
from pipeline.emulator.network import references
from pipeline.emulator.network.common import reference
from pipeline.emulator.network.load_balancer_document import TYPE, LoadBalancerInternals

RULES, POOLS = "inboundNatRules", "inboundNatPools"
_OF_INTERFACE, _OF_INSTANCE = "loadBalancerInboundNatRules", "loadBalancerInboundNatPools"


@dataclass(frozen=True, slots=True)
class Mapped:
    """A frontend port that leads to one member; `child` is the rule or pool, as it is stored."""

    child: Mapping[str, Any]
    port: int
    endpoint: Endpoint
    is_of_pool: bool


def mapped(store: Store, record: Record) -> list[Mapped]:
    """All ports of a load balancer that lead somewhere now."""
    taken = record.internals(LoadBalancerInternals).ports
    return [
        Mapped(child, port, endpoint, is_of_pool)
        for child, is_of_pool in _children(record)
        for endpoint in _members(store, child, is_of_pool)
        if (port := _port(child, taken, endpoint)) is not None
    ]


def assign(store: Store) -> None:
    """Give members that came since the last time a port of their range, and take back the others'.

    The lowest free one; a range that is used up leads no further members.
    """
    for record in store.of_type(references.LOAD_BALANCER):
        kept = record.internals(LoadBalancerInternals)
        ports: dict[str, int] = {}
        for child, is_of_pool in _children(record):
            if _range(child) is not None:
                members = _members(store, child, is_of_pool)
                ports |= _assigned(child, [_name(child, each) for each in members], kept.ports)
        if ports != dict(kept.ports):
            record.internal = replace(kept, ports=ports)
            store.put(record)


def shown(record: Record, store: Store) -> None:
    """Write what Azure shows of them into a load balancer's document, on its way out."""
    made = []
    for each in mapped(store, record):
        target = {"id": each.endpoint.ip_configuration}
        if each.is_of_pool:
            made.append(_rule_of_pool(record, each, target))
        elif _range(each.child) is None:
            each.child["properties"]["backendIPConfiguration"] = target
        else:
            _show_port(record, each)
    record.properties[RULES] += made


def port_mappings(record: Record, store: Store, pool: ResourceId) -> dict[str, Any]:
    """The ports that lead to each member of a backend pool (`queryInboundNatRulePortMapping`)."""
    return {
        "inboundNatRulePortMappings": [
            {**_mapping(each), "ipAddress": each.endpoint.address}
            for each in mapped(store, record)
            if key(reference(each.child["properties"], "backendAddressPool") or "") == pool.key
        ]
    }


def without_those_of_pools(given: Mapping[str, Any]) -> dict[str, Any]:
    """A PUT's properties without the rules that a GET shows for pools: nobody can write those."""
    pools = {str(pool.get("name")).lower() for pool in given.get(POOLS) or []}
    rules = [
        rule
        for rule in given.get(RULES) or []
        if str(rule.get("name")).lower().rpartition(".")[0] not in pools
    ]
    return {**given, RULES: rules}


def _children(record: Record) -> Iterator[tuple[dict[str, Any], bool]]:
    for array, is_of_pool in ((RULES, False), (POOLS, True)):
        for child in record.properties[array]:
            if child["properties"].get("provisioningState") != "Deleting":
                yield child, is_of_pool


def _members(store: Store, child: Mapping[str, Any], is_of_pool: bool) -> list[Endpoint]:
    pool = reference(child["properties"], "backendAddressPool")
    if pool is not None:
        found = [one for one in presences(store) if key(pool) in one.endpoint.pool_keys]
    else:
        found = list(_users(store, key(child["id"]), is_of_pool))
    return [presence.endpoint for presence in found if not presence.is_being_deleted]


def _users(store: Store, child: str, is_of_pool: bool) -> Iterator[Presence]:
    """The interfaces that name a rule, or the instances that name a pool."""
    kind = references.INSTANCE if is_of_pool else references.INTERFACE
    for record in store.peek(kind):
        if child in _named(record) and isinstance(record.internal, Connected):
            is_being_deleted = record.properties.get("provisioningState") == "Deleting"
            yield Presence(record.id, record.internal.endpoint, is_being_deleted)


def _named(record: Record) -> set[str]:
    profile = record.properties.get("networkProfileConfiguration") or {}
    interfaces = profile.get("networkInterfaceConfigurations") or [record.document]
    return {
        key(named["id"])
        for interface in interfaces
        for configuration in (interface.get("properties") or {}).get("ipConfigurations") or []
        for name in (_OF_INTERFACE, _OF_INSTANCE)
        for named in (configuration.get("properties") or {}).get(name) or []
    }


def _range(child: Mapping[str, Any]) -> range | None:
    """The ports of a range; None for a rule of one port."""
    properties = child["properties"]
    if not properties.get("frontendPortRangeStart"):
        return None
    return range(properties["frontendPortRangeStart"], properties["frontendPortRangeEnd"] + 1)


def _name(child: Mapping[str, Any], endpoint: Endpoint) -> str:
    return f"{key(child['id'])} {key(endpoint.ip_configuration)}"


def _port(child: Mapping[str, Any], taken: Mapping[str, int], endpoint: Endpoint) -> int | None:
    if _range(child) is None:
        return int(child["properties"]["frontendPort"])
    return taken.get(_name(child, endpoint))


def _assigned(
    child: Mapping[str, Any], members: list[str], before: Mapping[str, int]
) -> dict[str, int]:
    ports = _range(child) or range(0)
    kept = {name: before[name] for name in members if before.get(name) in ports}
    free = (port for port in ports if port not in kept.values())
    return kept | dict(zip([name for name in members if name not in kept], free, strict=False))


def _rule_of_pool(record: Record, each: Mapped, target: dict[str, str]) -> dict[str, Any]:
    number = each.endpoint.ip_configuration.lower().split("/virtualmachines/")[-1].split("/")[0]
    properties = each.child["properties"]
    name = f"{each.child['name']}.{number}"
    copied = ("frontendIPConfiguration", "backendPort", "protocol", "idleTimeoutInMinutes")
    return {
        "name": name,
        "id": str(record.id.child(RULES, name)),
        "etag": record.document.get("etag"),
        "type": f"{TYPE}/{RULES}",
        "properties": {
            **{part: properties[part] for part in copied},
            "frontendPort": each.port,
            "enableFloatingIP": False,
            "enableTcpReset": properties["enableTcpReset"],
            "provisioningState": properties.get("provisioningState", "Succeeded"),
            "backendIPConfiguration": target,
        },
    }


def _mapping(each: Mapped) -> dict[str, Any]:
    properties = each.child["properties"]
    return {
        "inboundNatRuleName": each.child["name"],
        "protocol": properties["protocol"],
        "frontendPort": each.port,
        "backendPort": properties["backendPort"],
    }


def _show_port(record: Record, each: Mapped) -> None:
    """With the member of the pool that the port leads to."""
    wanted = key(each.endpoint.ip_configuration)
    for pool in record.properties["backendAddressPools"]:
        for member in pool["properties"].get("loadBalancerBackendAddresses") or []:
            properties = member["properties"]
            if key(reference(properties, "networkInterfaceIPConfiguration") or "") == wanted:
                properties.setdefault("inboundNatRulesPortMapping", []).append(_mapping(each))
