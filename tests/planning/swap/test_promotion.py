"""Promotions and rollbacks: their text, their refusals, and what holds for all of them."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from pipeline.errors import Refused
from pipeline.planning.plan import Plan
from pipeline.planning.swap import load_balancer as balancer
from pipeline.planning.swap.promotion import plan_promotion, plan_rollback
from pipeline.planning.swap.steps import SwapPools, SwapStep
from pipeline.planning.swap.survey import Survey
from tests.planning.swap.examples import (
    ADDRESSES,
    VERSIONS,
    body,
    pool,
    scale_set,
    surveyed,
    swap_tags,
    version,
)

LIVE = scale_set("1.0.0", "blue")
STAGED = scale_set("1.0.1", "green")


def swap_of(plan: Plan[SwapStep]) -> SwapPools:
    """The one write of a plan."""
    return next(step for step in plan.steps if isinstance(step, SwapPools))


def after(plan: Plan[SwapStep], now: Survey) -> dict[str, Any]:
    """The load balancer's body as the plan writes it."""
    return balancer.swapped(now.balancer.body, swap_of(plan), "2026-11-23T19:00:00+00:00")


def test_the_plan_of_a_promotion() -> None:
    plan = plan_promotion(surveyed(LIVE, STAGED, tags=swap_tags("1.0.0")))
    assert str(plan) == (
        "Plan: promote web 1.0.0 -> 1.0.1\n"
        "   1  10 answers in a row from 1.0.1 at http://203.0.113.2:8081/healthz (staging)\n"
        "   2  swap the pools of http <-> http-staging, metrics <-> metrics-staging"
        " in one write of shop\n"
        "   3  10 answers in a row from 1.0.1 at http://203.0.113.1:80/healthz (production)"
    )
    assert plan.inverse == "invoke rollback web"
    assert ("go back", "invoke rollback web") in plan.next_commands
    assert plan.truth == (
        "web 1.0.1 serves at http://203.0.113.1:80/healthz;"
        " 1.0.0 still runs, at http://203.0.113.2:8081/healthz"
    )


def test_the_first_promotion_has_no_way_back() -> None:
    plan = plan_promotion(surveyed(scale_set("1.0.0", "green")))
    assert str(plan).startswith("Plan: promote web nothing -> 1.0.0\n")
    assert plan.inverse == ""
    assert plan.truth == "web 1.0.0 serves at http://203.0.113.1:80/healthz"


def test_a_rollback_is_the_promotion_with_the_versions_exchanged() -> None:
    before = surveyed(LIVE, STAGED, tags=swap_tags("1.0.0"))
    promotion = plan_promotion(before)
    promoted = surveyed(LIVE, STAGED, load_balancer=after(promotion, before))
    rollback = plan_rollback(promoted)
    there, back = swap_of(promotion), swap_of(rollback)
    assert (back.production, back.idle) == (there.idle, there.production)
    assert [str(step).replace("1.0.0", "1.0.1") for step in rollback.steps] == [
        str(step) for step in promotion.steps
    ]
    rules = after(rollback, promoted)["properties"]["loadBalancingRules"]
    assert rules == balancer.writable(before.balancer.body)["properties"]["loadBalancingRules"]


def test_when_only_the_way_back_is_behind_staging_there_is_nothing_to_promote() -> None:
    now = surveyed(LIVE, STAGED, production="green", tags=swap_tags("1.0.1", "1.0.0"))
    plan = plan_promotion(now)
    assert plan.is_empty
    assert plan.because == "1.0.1 serves, and 1.0.0 is its way back"


def test_a_first_promotion_that_was_made_is_not_refused_the_second_time() -> None:
    plan = plan_promotion(surveyed(LIVE, tags=swap_tags("1.0.0")))
    assert plan.is_empty
    assert plan.because == "1.0.0 serves, and nothing is staged"


def test_a_promotion_whose_write_failed_is_written_again_and_proven() -> None:
    document = body("green", swap_tags("1.0.1", "1.0.0"))
    document["properties"]["provisioningState"] = "Failed"
    plan = plan_promotion(surveyed(LIVE, STAGED, load_balancer=document))
    assert [str(step) for step in plan.steps] == [
        "write shop again as it is: its last write failed",
        "10 answers in a row from 1.0.1 at http://203.0.113.1:80/healthz (production)",
    ]


def test_a_rollback_is_not_rolled_back_by_itself() -> None:
    plan = plan_rollback(surveyed(LIVE, STAGED, tags=swap_tags("1.0.0", "", "1.0.1")))
    assert plan.is_empty
    assert plan.because == "1.0.0 serves again, 1.0.1 was rolled back"


def test_what_was_rolled_back_may_be_promoted_after_all() -> None:
    plan = plan_promotion(surveyed(LIVE, STAGED, tags=swap_tags("1.0.0", "", "1.0.1")))
    assert plan.title == "promote web 1.0.0 -> 1.0.1"


def test_after_a_swap_by_other_hands_the_older_version_is_the_way_back() -> None:
    now = surveyed(LIVE, STAGED, production="green", tags=swap_tags("1.0.0"))
    assert plan_promotion(now).is_empty
    assert plan_rollback(now).title == "roll back web 1.0.1 -> 1.0.0"


@pytest.mark.parametrize(
    ("now", "reason"),
    [
        (surveyed(LIVE), "nothing is staged in green"),
        (
            surveyed(LIVE, scale_set("1.0.1", "green", sick=1)),
            "web-1-0-1 may not serve: 1 of 2 instances healthy; web-1-0-1_0 is unhealthy",
        ),
        (
            surveyed(LIVE, scale_set("1.0.1", "green", size=1)),
            "web-1-0-1 may not serve: it has 1 instances, production 2",
        ),
        (
            surveyed(scale_set("1.0.0", "blue", size=1, capacity=3), STAGED),
            "web-1-0-1 may not serve: it has 2 instances, production 3",
        ),
        (
            surveyed(scale_set("1.0.1", "green", size=0)),
            "web-1-0-1 may not serve: it has 0 instances, production 1",
        ),
        (
            surveyed(LIVE, scale_set("1.0.1", "green", state="Updating")),
            "web-1-0-1 may not serve: it is Updating",
        ),
        (
            surveyed(LIVE, STAGED, versions=(version("1.0.1", check="failed"),)),
            "web 1.0.1 may not serve: its check failed",
        ),
        (
            surveyed(LIVE, scale_set("1.0.2", "green")),
            "web 1.0.2 may not serve: it was not checked",
        ),
        (surveyed(LIVE, STAGED, versions=()), "web 1.0.1: no such version in the gallery images"),
        (
            surveyed(LIVE, STAGED, scale_set("1.0.2", "green")),
            "web 1.0.2 may not serve: it was not checked",
        ),
    ],
)
def test_a_promotion_is_refused(now: Survey, reason: str) -> None:
    with pytest.raises(Refused) as refusal:
        plan_promotion(now)
    assert reason in str(refusal.value)
    assert refusal.value.advice


def test_two_versions_in_the_idle_pool_would_serve_together() -> None:
    versions = (*VERSIONS, version("1.0.3"))
    now = surveyed(LIVE, STAGED, scale_set("1.0.3", "green"), versions=versions)
    with pytest.raises(Refused, match=r"web-1-0-1, web-1-0-3; they would serve together"):
        plan_promotion(now)


def test_a_stranger_in_the_idle_pool_would_serve_too() -> None:
    document = body()
    member = (
        "/subscriptions/s/resourceGroups/other/providers/Microsoft.Network"
        "/networkInterfaces/handmade/ipConfigurations/one"
    )
    document["properties"]["backendAddressPools"][1]["properties"]["backendIPConfigurations"] = [
        {"id": member}
    ]
    with pytest.raises(Refused, match="handmade"):
        plan_promotion(surveyed(LIVE, STAGED, load_balancer=document))


def test_strangers_in_production_count_as_capacity() -> None:
    document = body()
    members = [
        {
            "id": "/subscriptions/s/resourceGroups/other/providers/Microsoft.Network"
            f"/networkInterfaces/handmade{number}/ipConfigurations/one"
        }
        for number in range(3)
    ]
    blue = document["properties"]["backendAddressPools"][0]
    blue["properties"]["backendIPConfigurations"] = members
    with pytest.raises(Refused, match="it has 2 instances, production 3"):
        plan_promotion(surveyed(STAGED, load_balancer=document))


@pytest.mark.parametrize(
    ("now", "reason"),
    [
        (surveyed(LIVE), "no way back: nothing is in green"),
        (surveyed(LIVE, STAGED), "no way back: 1.0.1, which never served, is in green"),
        (
            surveyed(
                scale_set("1.0.0", "blue", sick=2),
                STAGED,
                production="green",
                tags=swap_tags("1.0.1", "1.0.0"),
            ),
            "web-1-0-0 may not serve: 0 of 2 instances healthy",
        ),
        (
            surveyed(
                scale_set("1.0.0", "blue", size=1),
                STAGED,
                production="green",
                tags=swap_tags("1.0.1", "1.0.0"),
            ),
            "web-1-0-0 may not serve: it has 1 instances, production 2",
        ),
    ],
)
def test_a_rollback_is_refused(now: Survey, reason: str) -> None:
    with pytest.raises(Refused) as refusal:
        plan_rollback(now)
    assert reason in str(refusal.value)


def test_a_way_back_needs_no_version_in_the_gallery() -> None:
    now = surveyed(LIVE, STAGED, production="green", tags=swap_tags("1.0.1", "1.0.0"), versions=())
    assert plan_rollback(now).title == "roll back web 1.0.1 -> 1.0.0"


def _disagreeing() -> dict[str, Any]:
    document = body()
    rule = document["properties"]["loadBalancingRules"][2]["properties"]
    rule["backendAddressPool"] = {"id": str(pool("green"))}
    return document


def _without(rule_name: str) -> dict[str, Any]:
    document = body()
    rules = document["properties"]["loadBalancingRules"]
    document["properties"]["loadBalancingRules"] = [r for r in rules if r["name"] != rule_name]
    return document


def _leading_to(name: str, *rules: str) -> dict[str, Any]:
    document = body()
    for rule in document["properties"]["loadBalancingRules"]:
        if rule["name"] in rules:
            rule["properties"]["backendAddressPool"] = {"id": str(pool(name))}
    return document


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        (_disagreeing(), "its rules disagree: http to blue, metrics to green"),
        (_without("metrics"), "no rule metrics that leads to a pool"),
        (
            _leading_to("blue", "http-staging", "metrics-staging"),
            "production and staging rules lead to the same pool, blue",
        ),
        (_leading_to("red", "http", "metrics"), "http leads to red, not to blue or green"),
    ],
)
def test_rules_that_make_no_sense_are_told(document: dict[str, Any], reason: str) -> None:
    with pytest.raises(Refused, match=reason):
        plan_promotion(surveyed(LIVE, STAGED, load_balancer=document))


SITUATIONS = list(
    itertools.product(
        ("blue", "green"),
        (0, 1, 2, 3),
        (0, 1, 2, 3),
        (0, 1),
        ("", "1.0.0", "1.0.1"),
        (plan_promotion, plan_rollback),
    )
)


@pytest.mark.parametrize(("where", "live", "idle", "sick", "previous", "planner"), SITUATIONS)
def test_whatever_is_planned_production_is_never_worse_off(
    where: str, live: int, idle: int, sick: int, previous: str, planner: Any
) -> None:
    other = "green" if where == "blue" else "blue"
    staged = scale_set("1.0.1", other, size=idle, sick=sick)
    scale_sets = (scale_set("1.0.0", where, size=live), staged) if live else (staged,)
    tags = swap_tags("1.0.0" if live else "", previous)
    now = surveyed(*scale_sets, production=where, tags=tags)
    try:
        plan = planner(now)
    except Refused:
        return
    if plan.is_empty:
        return
    document = after(plan, now)
    swapped = surveyed(*scale_sets, load_balancer={**document, "etag": ""})
    assert swapped.production == (staged,)
    assert staged.is_healthy
    assert len(staged.instances) >= max(now.live_capacity, 1)
    leads = [
        (rule["properties"]["backendPort"], rule["properties"]["backendAddressPool"]["id"])
        for rule in document["properties"]["loadBalancingRules"]
    ]
    assert len(set(leads)) == len(leads)
    assert [type(step).__name__ for step in plan.steps] == [
        "ProveVersion",
        "SwapPools",
        "ProveVersion",
    ]


def test_a_swap_writes_both_spellings_and_keeps_all_it_does_not_know() -> None:
    now = surveyed(LIVE, STAGED, tags=swap_tags("1.0.0"))
    document = after(plan_promotion(now), now)
    for rule in document["properties"]["loadBalancingRules"]:
        properties = rule["properties"]
        assert [properties["backendAddressPool"]] == properties["backendAddressPools"]
        assert properties["fieldOfTheFuture"] == {"kept": True}
        assert "etag" not in rule
    assert document["zones"] == ["1"]
    assert document["properties"]["futureProfile"] == {"kept": [1, 2]}
    for child in document["properties"]["backendAddressPools"]:
        assert child["properties"] == {"drainPeriodInSeconds": 30}
    assert "etag" not in document
    assert document["tags"] == {
        "system": "bakeswap",
        "environment": "production",
        "web-serves": "1.0.1",
        "web-previous": "1.0.0",
        "web-since": "2026-11-23T19:00:00+00:00",
    }


def test_a_swap_can_be_recognised_afterwards() -> None:
    now = surveyed(LIVE, STAGED)
    plan = plan_promotion(now)
    done = balancer.read({**after(plan, now), "etag": ""}, ADDRESSES, ())
    assert balancer.is_swapped(done, swap_of(plan))
    assert not balancer.is_swapped(now.balancer, swap_of(plan))
