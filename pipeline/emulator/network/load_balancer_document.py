"""A load balancer's document: how a PUT's body is kept, and how a GET shows it.

What a client sends is kept, fields we know nothing of included; what only Azure writes (states,
etags, back-references, members) is dropped on the way in and made anew on the way out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pipeline.emulator.arm.data_path import Presence
from pipeline.emulator.arm.errors import ArmError, invalid_parameter, not_served
from pipeline.emulator.arm.ids import ResourceId, key, same
from pipeline.emulator.arm.store import Internals, Record
from pipeline.emulator.network.common import children, ids, reference

TYPE = "Microsoft.Network/loadBalancers"
ARRAYS = (
    "frontendIPConfigurations",
    "backendAddressPools",
    "loadBalancingRules",
    "probes",
    "inboundNatRules",
    "outboundRules",
    "inboundNatPools",
)
_READ_ONLY = {"frontendIPConfigurations": ("privateIPAddress",)}
"""What is found out here, and not read-only in Azure's models."""
MAX_PORT = 65535
_ADDRESSES = "loadBalancerBackendAddresses"
_STATE = "adminState"


@dataclass(frozen=True, kw_only=True)
class LoadBalancerInternals(Internals):
    """`addresses` says where private frontends are reached, by their comparable id.

    `ports` are those of NAT ranges that members have, by the ids of rule and member.
    """

    addresses: Mapping[str, str]
    ports: Mapping[str, int] = field(default_factory=dict)


def stamp(document: dict[str, Any], etag: str) -> None:
    """Write the etag into the document: every child carries it."""
    document["etag"] = etag
    for child in (child for array in ARRAYS for child in document["properties"][array]):
        child["etag"] = etag


def kept_properties(identifier: ResourceId, given: Mapping[str, Any]) -> dict[str, Any]:
    """All arrays, cleaned and with defaults. Raises ArmError for what cannot be read."""
    kept = {name: value for name, value in given.items() if name not in ARRAYS}
    for pool in given.get("backendAddressPools") or []:
        refuse_address_members(pool)
    for array in ARRAYS:
        read_only = _READ_ONLY.get(array, ())
        kept[array] = children(identifier, array, given.get(array), read_only=read_only)
    for pool in kept["backendAddressPools"]:
        _keep_admin_states(pool["properties"])
    for frontend in kept["frontendIPConfigurations"]:
        frontend["properties"].setdefault("privateIPAllocationMethod", "Dynamic")
    for rule in kept["loadBalancingRules"]:
        _complete_rule(rule)
    for probe in kept["probes"]:
        _complete_probe(probe)
    for child in (*kept["inboundNatRules"], *kept["inboundNatPools"]):
        _complete_nat(child)
    return kept


def refuse_address_members(pool: Mapping[str, Any]) -> None:
    """Raises ArmError for members given by address, and for a state that nothing here follows.

    All members here are interfaces.
    """
    properties = pool.get("properties") or {}
    for address in properties.get("loadBalancerBackendAddresses") or []:
        given = address.get("properties") or {}
        if given.get("ipAddress") and not reference(given, "networkInterfaceIPConfiguration"):
            raise not_served(f"backend addresses by IP (pool '{pool.get('name')}')")
        if same(str(given.get(_STATE)), "Up"):
            raise not_served(f"'{_STATE}' 'Up' of backend addresses (pool '{pool.get('name')}')")


def taken_down(pool: Mapping[str, Any]) -> frozenset[str]:
    """Members of a kept pool whose admin state is `Down`, by the names they are shown with."""
    kept = pool["properties"].get(_ADDRESSES) or []
    return frozenset(str(address["name"]).lower() for address in kept)


def _keep_admin_states(pool: dict[str, Any]) -> None:
    """Of its members a document keeps those that somebody took down; the rest is found out."""
    down = [
        {"name": address["name"], "properties": {_STATE: "Down"}}
        for address in pool.pop(_ADDRESSES, None) or []
        if same(str((address.get("properties") or {}).get(_STATE)), "Down")
    ]
    if down:
        pool[_ADDRESSES] = down


def integer(properties: Mapping[str, Any], name: str, least: int, most: int) -> int:
    """A number; clients also send it as text. Raises ArmError when it is none, or out of range."""
    try:
        value = int(properties[name])
    except (KeyError, TypeError, ValueError) as error:
        raise invalid_parameter(name, f"Property '{name}' must be an integer.") from error
    if not least <= value <= most:
        raise invalid_parameter(name, f"Property '{name}' must be from {least} to {most}.")
    return value


def _complete_rule(rule: dict[str, Any]) -> None:
    properties = rule["properties"]
    protocol = str(properties.get("protocol", ""))
    properties |= {
        "protocol": protocol[:1].upper() + protocol[1:].lower(),
        "frontendPort": integer(properties, "frontendPort", 0, MAX_PORT - 1),
        "backendPort": integer(properties, "backendPort", 0, MAX_PORT),
        "idleTimeoutInMinutes": integer({"idleTimeoutInMinutes": 4} | properties,
                                        "idleTimeoutInMinutes", 4, 100),
        "enableFloatingIP": _boolean(properties.get("enableFloatingIP")),
        "enableTcpReset": _boolean(properties.get("enableTcpReset")),
    }  # fmt: skip
    properties.setdefault("loadDistribution", "Default")
    _mirror_pools(rule)


def _complete_nat(child: dict[str, Any]) -> None:
    """A NAT rule or pool; a rule for a range says so by its first and last port."""
    properties = child["properties"]
    protocol = str(properties.get("protocol", ""))
    has_range = bool(properties.get("frontendPortRangeStart"))
    names = ("frontendPortRangeStart", "frontendPortRangeEnd") if has_range else ("frontendPort",)
    properties |= {
        "protocol": protocol[:1].upper() + protocol[1:].lower(),
        **{name: integer(properties, name, 1, MAX_PORT - 1) for name in names},
        "backendPort": integer(properties, "backendPort", 1, MAX_PORT),
        "idleTimeoutInMinutes": integer({"idleTimeoutInMinutes": 4} | properties,
                                        "idleTimeoutInMinutes", 4, 100),
        "enableFloatingIP": _boolean(properties.get("enableFloatingIP")),
        "enableTcpReset": _boolean(properties.get("enableTcpReset")),
    }  # fmt: skip


def _mirror_pools(rule: dict[str, Any]) -> None:
    """One pool, under both names; Azure's own spelling of the refusal."""
    properties = rule["properties"]
    single = reference(properties, "backendAddressPool")
    several = ids("backendAddressPools", properties.get("backendAddressPools"))
    if single and several and {key(single)} != {key(pool) for pool in several}:
        raise ArmError(
            400,
            "LoadBalancingRuleBackendAdressPoolAndBackendAddressPools"
            "CannotBeSetAtTheSameTimeWithDifferentValue",
            "BackendAddressPool and BackendAddressPools[] in LoadBalancingRule "
            f"{rule['name']} cannot be set at the same time with different value.",
        )
    if len(several) > 1:
        raise not_served("more than one backend pool on a rule (Gateway Load Balancer)")
    pool = single or (several[0] if several else None)
    properties.pop("backendAddressPool", None)
    properties["backendAddressPools"] = [{"id": pool}] if pool else []
    if pool:
        properties["backendAddressPool"] = {"id": pool}


def _complete_probe(probe: dict[str, Any]) -> None:
    properties = probe["properties"]
    protocol = str(properties.get("protocol", ""))
    properties |= {
        "protocol": protocol[:1].upper() + protocol[1:].lower(),
        "port": integer(properties, "port", 1, MAX_PORT),
        "intervalInSeconds": integer({"intervalInSeconds": 15} | properties,
                                     "intervalInSeconds", 5, 2147483646),
        "numberOfProbes": integer({"numberOfProbes": 2} | properties, "numberOfProbes", 1, 100),
        "probeThreshold": integer({"probeThreshold": 1} | properties, "probeThreshold", 1, 100),
    }  # fmt: skip


def _boolean(value: Any) -> bool:
    return value.lower() == "true" if isinstance(value, str) else bool(value)


def shown(record: Record, members: list[Presence]) -> dict[str, Any]:
    """What a GET answers."""
    properties = record.properties
    state = properties.get("provisioningState", "Succeeded")
    for array in ARRAYS:
        for child in properties[array]:
            child["type"] = f"{TYPE}/{array}"
            child["properties"]["provisioningState"] = state
    for frontend in properties["frontendIPConfigurations"]:
        private = record.internals(LoadBalancerInternals).addresses.get(key(frontend["id"]))
        if private is not None:
            frontend["properties"]["privateIPAddress"] = private
        _refer_back(properties, frontend, "frontendIPConfiguration")
    for probe in properties["probes"]:
        _refer_back(properties, probe, "probe")
    for pool in properties["backendAddressPools"]:
        _refer_back(properties, pool, "backendAddressPool")
        _show_members(record, pool, members)
    return record.document


def _refer_back(properties: Mapping[str, Any], child: dict[str, Any], name: str) -> None:
    for array in ("loadBalancingRules", "outboundRules", "inboundNatRules", "inboundNatPools"):
        users = [
            {"id": rule["id"]}
            for rule in properties[array]
            if key(child["id"]) in _referred(rule["properties"], name)
        ]
        if users:
            child["properties"][array] = users


def _referred(properties: Mapping[str, Any], name: str) -> set[str]:
    """What a rule refers to under `name`; an outbound rule has several frontends."""
    single = reference(properties, name)
    several = properties.get(f"{name}s") or []
    return {key(str(item["id"])) for item in several} | ({key(single)} if single else set())


def _show_members(record: Record, pool: dict[str, Any], members: list[Presence]) -> None:
    configurations = [
        member.endpoint.ip_configuration
        for member in members
        if key(pool["id"]) in member.endpoint.pool_keys
    ]
    down = taken_down(pool)
    pool["properties"].pop(_ADDRESSES, None)
    if not configurations:
        return
    kind = f"backendAddressPools/{_ADDRESSES}"
    state = pool["properties"]["provisioningState"]
    pool["properties"]["backendIPConfigurations"] = [{"id": each} for each in configurations]
    pool["properties"][_ADDRESSES] = [
        {
            "name": name,
            "id": f"{pool['id']}/{_ADDRESSES}/{name}",
            "etag": record.document.get("etag"),
            "type": f"{TYPE}/{kind}",
            "properties": {
                "provisioningState": state,
                "networkInterfaceIPConfiguration": {"id": each},
                **({_STATE: "Down"} if name.lower() in down else {}),
            },
        }
        for each, name in ((each, member_name(each)) for each in configurations)
    ]


def member_name(ip_configuration: str) -> str:
    """A name for a member, unique in its pool: all names of its id, as Azure joins some of them."""
    identifier = ResourceId.parse(ip_configuration)
    return "_".join((identifier.resource_group, *(name for _, name in identifier.segments)))
