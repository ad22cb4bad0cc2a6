"""The load balancer as a body: reading what matters of it, and editing it for one whole PUT.

A PUT replaces the load balancer, so that everything unknown must pass through; only read-only
echoes are dropped.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pipeline.arm import ResourceId
from pipeline.planning.names import SwapTag, load_balancer_tag
from pipeline.planning.swap.steps import SwapPools
from pipeline.planning.swap.survey import LoadBalancerState, Rule
from pipeline.planning.writable import writable


def read(
    body: Mapping[str, Any], addresses: Mapping[ResourceId, str], known: Iterable[ResourceId]
) -> LoadBalancerState:
    """The value of a GET's body.

    `addresses` are those of its frontends by id, `known` the scale sets surveyed by themselves.
    """
    properties = body["properties"]
    return LoadBalancerState(
        resource=ResourceId.parse(body["id"]),
        provisioning_state=str(properties.get("provisioningState", "")),
        tags=dict(body.get("tags") or {}),
        rules=tuple(_rule(rule) for rule in properties.get("loadBalancingRules") or ()),
        outbound_rules=tuple(
            Rule(str(rule["name"]), _pool(rule["properties"]))
            for rule in properties.get("outboundRules") or ()
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
    pools |= dict.fromkeys(swap.followers, swap.production)
    for rule in wanted["properties"]["loadBalancingRules"]:
        if rule["name"] in pools:
            _lead(rule["properties"], pools[rule["name"]])
    for rule in wanted["properties"].get("outboundRules") or ():
        if rule["name"] in swap.outbound_followers:
            rule["properties"]["backendAddressPool"] = {"id": str(swap.production)}
    written = {**dict(swap.tags), load_balancer_tag(swap.image, SwapTag.SINCE): since}
    tags = {**(wanted.get("tags") or {}), **written}
    wanted["tags"] = {name: value for name, value in tags.items() if value}
    return wanted


def is_swapped(balancer: LoadBalancerState, swap: SwapPools) -> bool:
    """Whether all rules lead where the swap wants them."""
    pools = {rule.name: rule.pool for rule in balancer.rules}
    return all(
        pools.get(production) == swap.production and pools.get(staging) == swap.idle
        for production, staging in swap.pairs
    )


def _rule(rule: Mapping[str, Any]) -> Rule:
    properties = rule["properties"]
    frontend = (properties.get("frontendIPConfiguration") or {}).get("id")
    return Rule(
        str(rule["name"]),
        _pool(properties),
        ResourceId.parse(frontend) if frontend else None,
        int(properties.get("frontendPort") or 0),
    )


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
