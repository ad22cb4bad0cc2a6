"""The load balancer as a body: reading what matters of it, and editing it for one whole PUT.

A PUT replaces the load balancer, so that everything unknown must pass through; only read-only
echoes are dropped.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pipeline.arm import ResourceId
from pipeline.planning.names import SwapTag, load_balancer_tag
from pipeline.planning.swap import admin_state
from pipeline.planning.swap.backend import Member
from pipeline.planning.swap.state import LoadBalancerState, Rule
from pipeline.planning.swap.steps import LeadStaging, SwapPools
from pipeline.planning.writable import writable

Body = dict[str, Any]


def read(body: Mapping[str, Any], addresses: Mapping[ResourceId, str]) -> LoadBalancerState:
    """The value of a GET's body; `addresses` are those of its frontends by id."""
    properties = body["properties"]
    return LoadBalancerState(
        resource=ResourceId.parse(body["id"]),
        provisioning_state=str(properties.get("provisioningState", "")),
        tags=dict(body.get("tags") or {}),
        rules=_rules(properties.get("loadBalancingRules")),
        outbound_rules=_rules(properties.get("outboundRules")),
        nat_rules=_rules(properties.get("inboundNatRules")),
        addresses=dict(addresses),
        members={
            ResourceId.parse(pool["id"]): _members(pool)
            for pool in properties.get("backendAddressPools") or ()
        },
        taken_out={
            ResourceId.parse(pool["id"]): admin_state.taken_out(pool)
            for pool in properties.get("backendAddressPools") or ()
        },
        etag=str(body.get("etag", "")),
        body=body,
    )


def with_pool(body: Mapping[str, Any], pool: str) -> Body:
    """The body of the PUT that adds a pool."""
    wanted = writable(body)
    wanted["properties"].setdefault("backendAddressPools", []).append({"name": pool})
    return wanted


def with_staging_led(body: Mapping[str, Any], step: LeadStaging) -> Body:
    """The body of the PUT that leads the staging rules to a pool; it ends a rehearsal."""
    return led(body, step.rules, step.pool, {load_balancer_tag(step.image, SwapTag.REHEARSING): ""})


def led(
    body: Mapping[str, Any], rules: Iterable[str], pool: ResourceId, tags: Mapping[str, str]
) -> Body:
    """The body of the PUT that leads rules to a pool and writes tags; one with "" is removed."""
    wanted = writable(body)
    lead(wanted, dict.fromkeys(rules, pool))
    _tag(wanted, tags)
    return wanted


def swapped(body: Mapping[str, Any], swap: SwapPools, written: Mapping[str, str]) -> Body:
    """The body of the PUT that carries out a swap: rules, tags, and nothing else changed.

    `written` are the tags that tell who swapped, and when.
    """
    wanted = writable(body)
    properties = wanted["properties"]
    lead(
        wanted,
        {
            **dict.fromkeys(swap.staging_rules, swap.staging),
            **dict.fromkeys((*swap.production_rules, *swap.followers), swap.production),
        },
    )
    _follow(properties.get("outboundRules"), swap.outbound_followers, swap.production)
    _follow(properties.get("inboundNatRules"), swap.nat_followers, swap.production)
    _tag(wanted, {**dict(swap.tags), **written})
    return wanted


def lead(body: Body, pools: Mapping[str, ResourceId]) -> None:
    """Lead rules, by name, to pools; Azure refuses a rule whose two spellings differ."""
    for rule in body["properties"]["loadBalancingRules"]:
        if rule["name"] in pools:
            pool = {"id": str(pools[rule["name"]])}
            rule["properties"]["backendAddressPool"] = pool
            rule["properties"]["backendAddressPools"] = [dict(pool)]


def is_swapped(balancer: LoadBalancerState, swap: SwapPools) -> bool:
    """Whether all declared rules lead where the swap wants them."""
    pools = {rule.name: rule.pool for rule in balancer.rules}
    return all(pools.get(rule) == swap.production for rule in swap.production_rules) and all(
        pools.get(rule) == swap.staging for rule in swap.staging_rules
    )


def _tag(body: Body, written: Mapping[str, str]) -> None:
    tags = {**(body.get("tags") or {}), **written}
    body["tags"] = {name: value for name, value in tags.items() if value}


def _rules(rules: Iterable[Mapping[str, Any]] | None) -> tuple[Rule, ...]:
    return tuple(_rule(rule) for rule in rules or ())


def _rule(rule: Mapping[str, Any]) -> Rule:
    properties = rule["properties"]
    one = properties.get("backendAddressPool")
    pools = list(properties.get("backendAddressPools") or ()) or ([one] if one else [])
    frontend = (properties.get("frontendIPConfiguration") or {}).get("id")
    return Rule(
        str(rule["name"]),
        ResourceId.parse((one or pools[0])["id"]) if pools else None,
        ResourceId.parse(frontend) if frontend else None,
        int(properties.get("frontendPort") or 0),
        len(pools),
    )


def _members(pool: Mapping[str, Any]) -> tuple[Member, ...]:
    configurations = (pool.get("properties") or {}).get("backendIPConfigurations") or ()
    return tuple(Member.of(ResourceId.parse(one["id"])) for one in configurations)


def _follow(rules: Iterable[Body] | None, names: tuple[str, ...], pool: ResourceId) -> None:
    for rule in rules or ():
        if rule["name"] in names:
            rule["properties"]["backendAddressPool"] = {"id": str(pool)}
