"""The load balancer as a body: reading what matters of it, and editing it for one whole PUT.

A PUT replaces the load balancer, so that everything unknown must pass through; only read-only
echoes are dropped.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pipeline.arm import ResourceId
from pipeline.planning.steps import SwapPools
from pipeline.planning.survey import Balancer, Rule

_READ_ONLY = frozenset({"etag", "type", "provisioningState", "resourceGuid"})

_BACK_REFERENCES = {
    "frontendIPConfigurations": (
        "loadBalancingRules",
        "outboundRules",
        "inboundNatRules",
        "inboundNatPools",
    ),
    "backendAddressPools": (
        "backendIPConfigurations",
        "loadBalancingRules",
        "outboundRule",
        "outboundRules",
        "inboundNatRules",
    ),
    "probes": ("loadBalancingRules",),
}
"""Children and what Azure alone writes into them."""


def read(
    body: Mapping[str, Any], addresses: Mapping[str, str], known: Iterable[ResourceId]
) -> Balancer:
    """The value of a GET's body; `known` are the scale sets that are surveyed by themselves."""
    properties = body["properties"]
    return Balancer(
        resource=ResourceId.parse(body["id"]),
        provisioning_state=str(properties.get("provisioningState", "")),
        tags=dict(body.get("tags") or {}),
        rules=tuple(
            Rule(str(rule["name"]), _pool(rule["properties"]))
            for rule in properties.get("loadBalancingRules") or ()
        ),
        addresses=dict(addresses),
        strangers=tuple(_strangers(properties.get("backendAddressPools") or (), set(known))),
        etag=str(body.get("etag", "")),
        body=body,
    )


def swapped(body: Mapping[str, Any], swap: SwapPools, since: str) -> dict[str, Any]:
    """The body of the PUT that carries out a swap: rules, tags, and nothing else changed."""
    wanted = writable(body)
    pools = {
        **{production: swap.production for production, _ in swap.pairs},
        **{staging: swap.idle for _, staging in swap.pairs},
    }
    for rule in wanted["properties"]["loadBalancingRules"]:
        if rule["name"] in pools:
            _lead(rule["properties"], pools[rule["name"]])
    tags = {**(wanted.get("tags") or {}), **dict(swap.tags), f"{swap.image}-since": since}
    wanted["tags"] = {name: value for name, value in tags.items() if value}
    return wanted


def is_swapped(balancer: Balancer, swap: SwapPools) -> bool:
    """Whether all rules lead where the swap wants them."""
    pools = {rule.name: rule.pool for rule in balancer.rules}
    return all(
        pools.get(production) == swap.production and pools.get(staging) == swap.idle
        for production, staging in swap.pairs
    )


def writable(body: Mapping[str, Any]) -> dict[str, Any]:
    """A GET's body without what only Azure writes: what a PUT may send back."""
    wanted = {key: value for key, value in copy.deepcopy(dict(body)).items() if key != "etag"}
    properties = wanted["properties"]
    for name in _READ_ONLY:
        properties.pop(name, None)
    for kind, value in properties.items():
        if isinstance(value, list):
            for child in value:
                _strip(child, _BACK_REFERENCES.get(kind, ()))
    return wanted


def _strip(child: Any, back_references: tuple[str, ...]) -> None:
    if not isinstance(child, dict):
        return
    for name in _READ_ONLY:
        child.pop(name, None)
    inner = child.get("properties")
    if isinstance(inner, dict):
        for name in (*_READ_ONLY, *back_references):
            inner.pop(name, None)


def _lead(rule: dict[str, Any], pool: ResourceId) -> None:
    """Both spellings alike: Azure refuses a rule whose two spellings differ."""
    rule["backendAddressPool"] = {"id": str(pool)}
    rule["backendAddressPools"] = [{"id": str(pool)}]


def _pool(rule: Mapping[str, Any]) -> ResourceId | None:
    one = rule.get("backendAddressPool")
    found = [one] if one else list(rule.get("backendAddressPools") or ())
    return ResourceId.parse(found[0]["id"]) if found else None


def _strangers(
    pools: Iterable[Mapping[str, Any]], known: set[ResourceId]
) -> Iterator[tuple[ResourceId, str]]:
    for pool in pools:
        members = pool.get("properties", {}).get("backendIPConfigurations") or ()
        for member in members:
            configuration = ResourceId.parse(member["id"])
            if _owner(configuration) not in known:
                yield ResourceId.parse(pool["id"]), member["id"]


def _owner(configuration: ResourceId) -> ResourceId:
    """The scale set or machine's interface that an IP configuration belongs to.

    `…/virtualMachineScaleSets/web/virtualMachines/0/networkInterfaces/nic/ipConfigurations/ip`
    """
    return ResourceId(
        configuration.subscription,
        configuration.resource_group,
        configuration.namespace,
        configuration.segments[:1],
    )
