"""The load balancer's bodies while pools are retired and removed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pipeline.definition.balancing import STAGING
from pipeline.planning.names import empty_pool, removing_tag
from pipeline.planning.prune.steps import RemovePools, RetirePools
from pipeline.planning.swap.load_balancer import lead
from pipeline.planning.swap.survey import Survey
from pipeline.planning.writable import writable

Body = dict[str, Any]


def retired(now: Survey, step: RetirePools, run: str) -> Body:
    """The body of the PUT that retires pools: tags name the run, staging rules lead elsewhere."""
    wanted = writable(now.load_balancer.body)
    going = {name.lower() for name in step.pools}
    moved = [
        rule.name
        for rule in now.load_balancer.rules
        if rule.name in now.rules(STAGING) and rule.pool and rule.pool.name.lower() in going
    ]
    if moved:
        shelter = empty_pool(now.image.name, STAGING)
        _ensure(wanted["properties"], shelter)
        lead(wanted, dict.fromkeys(moved, now.load_balancer.pool(shelter)))
    tags = {removing_tag(name): run for name in step.pools}
    wanted["tags"] = {**(wanted.get("tags") or {}), **tags}
    return wanted


def without_pools(body: Mapping[str, Any], step: RemovePools) -> Body:
    """The body of the PUT that removes pools, and what the tags say of them."""
    wanted = writable(body)
    properties = wanted["properties"]
    going = {name.lower() for name in step.pools}
    properties["backendAddressPools"] = [
        pool for pool in properties["backendAddressPools"] if pool["name"].lower() not in going
    ]
    tags = {removing_tag(name).lower() for name in step.pools}
    wanted["tags"] = {
        name: value
        for name, value in (wanted.get("tags") or {}).items()
        if name.lower() not in tags
    }
    return wanted


def _ensure(properties: Body, pool: str) -> None:
    pools: Iterable[Mapping[str, Any]] = properties.setdefault("backendAddressPools", [])
    if all(one["name"].lower() != pool.lower() for one in pools):
        properties["backendAddressPools"].append({"name": pool})
