"""What a swap proves follows from the health page; what rules of every kind become of a swap."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

import pytest

from pipeline.definition.balancing import Health, RulePair
from pipeline.errors import Refused
from pipeline.planning.plan import Plan
from pipeline.planning.swap.load_balancer import read, swapped
from pipeline.planning.swap.plan import plan_swap
from pipeline.planning.swap.staging import plan_stage
from pipeline.planning.swap.steps import SwapPools, SwapStep, Wish
from pipeline.planning.swap.survey import Survey
from pipeline.planning.watch.steps import VerifyVersion
from tests.planning.swap.examples import (
    ADDRESSES,
    PROMOTE,
    SERVED,
    V0,
    V1,
    body,
    members_of,
    pool,
    scale_set,
    surveyed,
)

LIVE, STAGED = scale_set("1.0.0", tags=SERVED), scale_set("1.0.1")
TCP_HEALTH = Health("tcp", 5432, "", "binary", "none")
NOTE = (
    "nothing at the frontends of web names its version: proven are the pool that {rules} lead to,"
    " what Azure's probes find there, and that something answers"
)


def with_health(health: Health, *pairs: RulePair) -> Survey:
    """1.0.0 serves and 1.0.1 is staged, of an image with this health."""
    now = surveyed(LIVE, STAGED)
    declared = replace(now.declared, pairs=pairs) if pairs else now.declared
    return replace(now, image=replace(now.image, health=health), declared=declared)


def promotion(now: Survey, wish: Wish = PROMOTE) -> Plan[SwapStep]:
    """The plan of `promote`."""
    return plan_swap(now, wish)


def lines(plan: Plan[SwapStep]) -> list[str]:
    """Its steps in words."""
    return [str(step) for step in plan.steps]


def test_a_health_port_without_a_rule_proves_that_the_rules_answer() -> None:
    plan = promotion(with_health(TCP_HEALTH))
    told = lines(plan)
    assert told[1] == "verify staging: 10 consecutive responses at tcp://203.0.113.2:8081"
    assert told[5] == "verify production: 10 consecutive responses at tcp://203.0.113.1:80"
    assert told[3].startswith("ask the probes of shop about http-staging, metrics-staging")
    assert plan.notes == (NOTE.format(rules="http, metrics"),)
    assert "at tcp://203.0.113.1:80;" in plan.truth


def test_a_plain_page_without_a_version_is_asked_all_the_same() -> None:
    now = with_health(Health("http", 8080, "/", "binary", "none"))
    assert lines(promotion(now))[1] == (
        "verify staging: 10 consecutive responses at http://203.0.113.2:8081/"
    )
    staged = plan_stage(replace(surveyed(LIVE), image=now.image), "1.0.1")
    assert staged.notes == (NOTE.format(rules="http, metrics"),)


def test_a_plain_page_with_a_version_proves_it() -> None:
    plan = promotion(with_health(Health("http", 8080, "/", "binary", "text")))
    proofs = [step for step in plan.steps if isinstance(step, VerifyVersion)]
    assert [(step.version, step.told) for step in proofs] == [("1.0.1", "text")] * 2
    assert plan.notes == ()


def test_of_udp_alone_the_probes_are_what_is_proven() -> None:
    now = with_health(TCP_HEALTH, RulePair("http", 80, 8081, 8080, protocol="udp"))
    document = copy.deepcopy(dict(now.load_balancer.body))
    for rule in document["properties"]["loadBalancingRules"]:
        rule["properties"]["protocol"] = "Udp"
    now = replace(now, load_balancer=read(document, ADDRESSES))
    told = lines(promotion(now))
    assert [line.split(" ")[0] for line in told[:3]] == ["ask", "swap", "ask"]


def test_every_port_leads_to_the_health_page() -> None:
    pair = RulePair("http", 0, 0, 0, protocol="all")
    now = with_health(Health("http", 8080, "/healthz"), pair)
    document = copy.deepcopy(dict(now.load_balancer.body))
    for rule in document["properties"]["loadBalancingRules"][:2]:
        rule["properties"] |= {"protocol": "All", "frontendPort": 0, "backendPort": 0}
    now = replace(now, load_balancer=read(document, ADDRESSES))
    assert now.health_url("production") == "http://203.0.113.1:8080/healthz"
    assert lines(promotion(now))[1].endswith("from 1.0.1 at http://203.0.113.2:8080/healthz")


KINDS: list[dict[str, Any]] = [
    {"protocol": "Udp", "frontendPort": 53, "backendPort": 53, "enableConnectionTracking": True},
    {"protocol": "All", "frontendPort": 0, "backendPort": 0},
    {"protocol": "Tcp", "frontendPort": 1433, "backendPort": 1433, "enableFloatingIP": True},
    {"protocol": "Quic", "frontendPort": 443, "backendPort": 443},
]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: str(kind["protocol"]))
def test_rules_of_every_kind_move_with_a_swap_and_keep_what_they_are(kind: dict[str, Any]) -> None:
    document = body(V0, V1, members=members_of(LIVE, STAGED))
    rules = document["properties"]["loadBalancingRules"]
    other = copy.deepcopy(rules[0])
    other["name"] = "other"
    other["properties"] |= {**kind, "loadDistribution": "SourceIP", "idleTimeoutInMinutes": 30}
    rules.append(other)
    now = surveyed(LIVE, STAGED, load_balancer=document)
    plan = promotion(now)
    (swap,) = (step for step in plan.steps if isinstance(step, SwapPools))
    assert swap.followers == ("other",)
    written = swapped(document, swap, {})["properties"]["loadBalancingRules"][-1]["properties"]
    led = {"id": str(pool(V1))}
    expected = {**other["properties"], "backendAddressPool": led, "backendAddressPools": [led]}
    assert written == expected


def _with_ipv6() -> Survey:
    """Production's instances are in a second pool, too, that a rule of its own leads to."""
    document = body(V0, V1, members=members_of(LIVE, STAGED))
    properties = document["properties"]
    first = next(one for one in properties["backendAddressPools"] if one["name"] == V0)
    second = copy.deepcopy(first)
    second |= {"name": "six", "id": str(pool("six"))}
    properties["backendAddressPools"].append(second)
    rule = copy.deepcopy(properties["loadBalancingRules"][0])
    rule["name"] = "http6"
    for key in ("backendAddressPool", "backendAddressPools"):
        rule["properties"].pop(key)
    rule["properties"]["backendAddressPools"] = [{"id": str(pool("six"))}]
    properties["loadBalancingRules"].append(rule)
    return surveyed(LIVE, STAGED, load_balancer=document)


def test_what_would_stay_behind_by_another_pool_is_refused_by_name() -> None:
    now = _with_ipv6()
    with pytest.raises(Refused, match=r"http6 \(to six\) lead to the instances that serve"):
        promotion(now)
    plan = promotion(now, replace(PROMOTE, force=True))
    assert plan.notes == ("forced: http6 (to six) stay with 1.0.0",)
    (swap,) = (step for step in plan.steps if isinstance(step, SwapPools))
    rules = swapped(now.load_balancer.body, swap, {})["properties"]["loadBalancingRules"]
    assert rules[-1]["properties"]["backendAddressPools"] == [{"id": str(pool("six"))}]


def test_an_undeclared_rule_to_several_pools_is_not_moved_to_one() -> None:
    document = body(V0, V1, members=members_of(LIVE, STAGED))
    rule = copy.deepcopy(document["properties"]["loadBalancingRules"][0])
    rule["name"] = "chained"
    rule["properties"]["backendAddressPools"].append({"id": str(pool(V1))})
    document["properties"]["loadBalancingRules"].append(rule)
    with pytest.raises(Refused, match="chained leads to 2 pools"):
        promotion(surveyed(LIVE, STAGED, load_balancer=document))
