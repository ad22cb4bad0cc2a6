"""Promotions and rollbacks: their text, their refusals, and what holds for all of them."""

from __future__ import annotations

import copy
import itertools
from collections import Counter
from dataclasses import dataclass, replace
from typing import Any

import pytest

from pipeline.advice import Advice, rollback
from pipeline.definition.model import Health
from pipeline.errors import Refused, UsageError
from pipeline.planning.plan import Plan
from pipeline.planning.swap.load_balancer import is_swapped, read, swapped
from pipeline.planning.swap.promotion import Direction, plan_promotion, plan_rollback, plan_swap
from pipeline.planning.swap.steps import SwapPools, SwapStep, VerifyVersion
from pipeline.planning.swap.survey import ScaleSet, Survey
from pipeline.planning.writable import writable
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
    return swapped(now.load_balancer.body, swap_of(plan), "2026-11-23T19:00:00+00:00")


def test_the_plan_of_a_promotion() -> None:
    plan = plan_promotion(surveyed(LIVE, STAGED, tags=swap_tags("1.0.0")))
    assert str(plan) == (
        "Plan: promote web 1.0.0 -> 1.0.1\n"
        "   1  verify staging: 10 consecutive responses from 1.0.1 at http://203.0.113.2:8081/healthz\n"
        "   2  swap the pools of http <-> http-staging, metrics <-> metrics-staging"
        " in one write of shop\n"
        "   3  verify production: 10 consecutive responses from 1.0.1 at http://203.0.113.1:80/healthz"
    )
    assert plan.inverse == rollback("web")
    assert Advice("go back", rollback("web")) in plan.advice
    assert plan.truth == (
        "web 1.0.1 serves at http://203.0.113.1:80/healthz;"
        " 1.0.0 still runs, at http://203.0.113.2:8081/healthz"
    )


def test_the_first_promotion_has_no_way_back() -> None:
    plan = plan_promotion(surveyed(scale_set("1.0.0", "green")))
    assert str(plan).startswith("Plan: promote web nothing -> 1.0.0\n")
    assert plan.inverse is None
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
    assert rules == writable(before.load_balancer.body)["properties"]["loadBalancingRules"]


def test_when_only_the_way_back_is_behind_staging_there_is_nothing_to_promote() -> None:
    now = surveyed(LIVE, STAGED, production="green", tags=swap_tags("1.0.1", "1.0.0"))
    plan = plan_promotion(now)
    assert plan.is_empty
    assert plan.because == "1.0.1 serves, and a rollback leads to 1.0.0"


def test_a_first_promotion_that_was_made_is_not_refused_the_second_time() -> None:
    plan = plan_promotion(surveyed(LIVE, tags=swap_tags("1.0.0")))
    assert plan.is_empty
    assert plan.because == "1.0.0 serves, and nothing is staged"


def test_a_promotion_whose_write_failed_is_written_again_and_verified() -> None:
    document = body("green", swap_tags("1.0.1", "1.0.0"))
    document["properties"]["provisioningState"] = "Failed"
    plan = plan_promotion(surveyed(LIVE, STAGED, load_balancer=document))
    assert [str(step) for step in plan.steps] == [
        "write shop again as it is: its last write failed",
        "verify production: 10 consecutive responses from 1.0.1 at http://203.0.113.1:80/healthz",
    ]


def test_a_rollback_is_not_rolled_back_by_itself() -> None:
    plan = plan_rollback(surveyed(LIVE, STAGED, tags=swap_tags("1.0.0", "", "1.0.1")))
    assert plan.is_empty
    assert plan.because == "1.0.0 serves again, 1.0.1 was rolled back"


def test_what_was_rolled_back_can_be_promoted_after_all() -> None:
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
            "web-1-0-1 cannot be promoted: 1 of 2 instances healthy; web-1-0-1_0 is unhealthy",
        ),
        (
            surveyed(LIVE, scale_set("1.0.1", "green", size=1)),
            "web-1-0-1 cannot be promoted: it has 1 instances, production 2",
        ),
        (
            surveyed(scale_set("1.0.0", "blue", size=1, capacity=3), STAGED),
            "web-1-0-1 cannot be promoted: it has 2 instances, production 3",
        ),
        (
            surveyed(scale_set("1.0.1", "green", size=0)),
            "web-1-0-1 cannot be promoted: it has 0 instances, production 1",
        ),
        (
            surveyed(LIVE, scale_set("1.0.1", "green", state="Updating")),
            "web-1-0-1 cannot be promoted: it is Updating",
        ),
        (
            surveyed(LIVE, STAGED, versions=(version("1.0.1", check="failed"),)),
            "web 1.0.1 cannot be promoted: its check failed",
        ),
        (
            surveyed(LIVE, scale_set("1.0.2", "green")),
            "web 1.0.2 cannot be promoted: it was not checked",
        ),
        (surveyed(LIVE, STAGED, versions=()), "web 1.0.1: no such version in the gallery images"),
        (
            surveyed(LIVE, STAGED, scale_set("1.0.2", "green")),
            "web 1.0.2 cannot be promoted: it was not checked",
        ),
    ],
)
def test_a_promotion_is_refused(now: Survey, reason: str) -> None:
    with pytest.raises((Refused, UsageError)) as refusal:
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
        (surveyed(LIVE), "web: nothing to roll back to"),
        (surveyed(LIVE, STAGED), "web: nothing to roll back to: 1.0.1 is staged and never served"),
        (
            surveyed(
                scale_set("1.0.0", "blue", sick=2),
                STAGED,
                production="green",
                tags=swap_tags("1.0.1", "1.0.0"),
            ),
            "web-1-0-0 cannot be promoted: 0 of 2 instances healthy",
        ),
        (
            surveyed(
                scale_set("1.0.0", "blue", size=1),
                STAGED,
                production="green",
                tags=swap_tags("1.0.1", "1.0.0"),
            ),
            "web-1-0-0 cannot be promoted: it has 1 instances, production 2",
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


@dataclass(frozen=True, slots=True)
class Case:
    """Version 1.0.0 serves with `live` instances, 1.0.1 is behind staging with `idle`."""

    where: str
    live: int
    idle: int
    sick: int
    previous: str

    @property
    def idle_set(self) -> ScaleSet:
        """The scale set of 1.0.1."""
        other = "green" if self.where == "blue" else "blue"
        return scale_set("1.0.1", other, size=self.idle, sick=self.sick)

    @property
    def scale_sets(self) -> tuple[ScaleSet, ...]:
        """Those there are."""
        serving = (scale_set("1.0.0", self.where, size=self.live),) if self.live else ()
        return (*serving, self.idle_set)

    @property
    def survey(self) -> Survey:
        """What Azure has."""
        tags = swap_tags("1.0.0" if self.live else "", self.previous)
        return surveyed(*self.scale_sets, production=self.where, tags=tags)

    def expected(self, direction: Direction) -> str:
        """What has to come of it, said without the planner."""
        is_way_back = self.live > 0 and self.previous == "1.0.1"
        if direction == "promote" and is_way_back:
            return "nothing to do"
        if direction == "rollback" and not is_way_back:
            return "refused"
        is_fit = self.sick == 0 and self.idle >= max(self.live, 1)
        return "swap" if is_fit else "refused"


CASES = [
    Case(*values)
    for values in itertools.product(
        ("blue", "green"), range(4), range(4), range(2), ("", "1.0.0", "1.0.1")
    )
]


def outcome(now: Survey, direction: Direction) -> tuple[str, Plan[SwapStep] | None]:
    """What the planner makes of a survey."""
    try:
        plan = plan_swap(now, direction)
    except Refused:
        return "refused", None
    return ("nothing to do", None) if plan.is_empty else ("swap", plan)


def assert_production_is_no_worse_off(case: Case, plan: Plan[SwapStep]) -> None:
    """What must hold of every swap."""
    now = case.survey
    document = after(plan, now)
    swapped_over = surveyed(*case.scale_sets, load_balancer={**document, "etag": ""})
    assert swapped_over.serving_sets == (case.idle_set,)
    assert case.idle_set.is_healthy
    assert len(case.idle_set.instances) >= max(now.live_capacity, 1)
    leads = [
        (rule["properties"]["backendPort"], rule["properties"]["backendAddressPool"]["id"])
        for rule in document["properties"]["loadBalancingRules"]
    ]
    assert len(set(leads)) == len(leads)
    assert [type(step) for step in plan.steps] == [VerifyVersion, SwapPools, VerifyVersion]


@pytest.mark.parametrize(
    ("direction", "reached"),
    [
        ("promote", {"swap": 42, "nothing to do": 48, "refused": 102}),
        ("rollback", {"swap": 12, "refused": 180}),
    ],
)
def test_whatever_is_planned_production_is_never_worse_off(
    direction: Direction, reached: dict[str, int]
) -> None:
    seen: Counter[str] = Counter()
    for case in CASES:
        found, plan = outcome(case.survey, direction)
        assert found == case.expected(direction), case
        seen[found] += 1
        if plan is not None:
            assert_production_is_no_worse_off(case, plan)
    assert seen == reached


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


def with_a_rule(name: str, like: int, port: int) -> dict[str, Any]:
    """A load balancer with one more rule, like one of those declared."""
    document = body()
    theirs = copy.deepcopy(document["properties"]["loadBalancingRules"][like])
    theirs["name"] = name
    theirs["properties"] |= {"frontendPort": port, "backendPort": port}
    document["properties"]["loadBalancingRules"].append(theirs)
    return document


def test_a_rule_that_nobody_declared_moves_with_the_pool_it_leads_to() -> None:
    now = surveyed(LIVE, STAGED, load_balancer=with_a_rule("admin", like=0, port=9443))
    plan = plan_promotion(now)
    assert "move the undeclared rule admin in one write of shop" in str(plan)
    written = after(plan, now)["properties"]["loadBalancingRules"][-1]
    assert written["name"] == "admin"
    assert written["properties"]["backendAddressPool"] == {"id": str(pool("green"))}
    assert written["properties"]["backendAddressPools"] == [{"id": str(pool("green"))}]


def test_a_rule_that_nobody_declared_and_that_leads_elsewhere_stays() -> None:
    document = with_a_rule("admin", like=0, port=9443)
    elsewhere = {"id": str(pool("red"))}
    document["properties"]["loadBalancingRules"][-1]["properties"] |= {
        "backendAddressPool": elsewhere,
        "backendAddressPools": [elsewhere],
    }
    now = surveyed(LIVE, STAGED, load_balancer=document)
    plan = plan_promotion(now)
    assert "admin" not in str(plan)
    written = after(plan, now)["properties"]["loadBalancingRules"][-1]
    assert written["properties"]["backendAddressPool"] == elsewhere


def test_an_outbound_rule_moves_with_production() -> None:
    document = body()
    document["properties"]["outboundRules"] = [
        {"name": "egress", "properties": {"backendAddressPool": {"id": str(pool("blue"))}}},
        {"name": "other", "properties": {"backendAddressPool": {"id": str(pool("red"))}}},
    ]
    now = surveyed(LIVE, STAGED, load_balancer=document)
    plan = plan_promotion(now)
    assert "move the outbound rule egress in one write of shop" in str(plan)
    egress, other = after(plan, now)["properties"]["outboundRules"]
    assert egress["properties"]["backendAddressPool"] == {"id": str(pool("green"))}
    assert other["properties"]["backendAddressPool"] == {"id": str(pool("red"))}


def test_addresses_are_those_of_the_rules_frontends_whatever_they_are_called() -> None:
    document = body()
    frontend = next(iter(ADDRESSES)).child("x", "y").segments[0:1]
    theirs = replace(next(iter(ADDRESSES)), segments=(*frontend, ("frontendIPConfigurations", "P")))
    document["properties"]["loadBalancingRules"][0]["properties"]["frontendIPConfiguration"] = {
        "id": str(theirs)
    }
    now = surveyed(LIVE, STAGED, load_balancer=document)
    state = replace(now.load_balancer, addresses={**ADDRESSES, theirs: "203.0.113.9"})
    now = replace(now, load_balancer=state)
    assert now.health_url("production").startswith("http://203.0.113.9:80/")
    assert now.health_url("staging").startswith("http://203.0.113.2:8081/")


def test_a_version_that_no_rule_shows_cannot_be_promoted() -> None:
    now = surveyed(LIVE, STAGED)
    elsewhere = replace(now, image=replace(now.image, health=Health("http", 9999, "/healthz")))
    with pytest.raises(Refused, match="no rule of shop leads to port 9999, where web"):
        plan_promotion(elsewhere)


def test_the_health_page_may_be_on_any_pair() -> None:
    now = surveyed(LIVE, STAGED)
    health = Health("https", 9100, "/healthz")
    now = replace(now, image=replace(now.image, health=health))
    assert "at https://203.0.113.2:9101/healthz" in str(plan_promotion(now).steps[0])


def test_a_swap_can_be_recognised_afterwards() -> None:
    now = surveyed(LIVE, STAGED)
    plan = plan_promotion(now)
    done = read({**after(plan, now), "etag": ""}, ADDRESSES, ())
    assert is_swapped(done, swap_of(plan))
    assert not is_swapped(now.load_balancer, swap_of(plan))


def test_a_set_of_a_version_that_was_deleted_and_baked_again_cannot_be_promoted() -> None:
    stale = replace(STAGED, tags={**STAGED.tags, "image-run": "first"})
    baked = replace(version("1.0.1"), tags={"check": "passed", "run": "second"})
    with pytest.raises(Refused, match=r"made from another web 1\.0\.1, deleted since") as caught:
        plan_promotion(surveyed(LIVE, stale, versions=(version("1.0.0"), baked)))
    assert str(caught.value.advice[0].command) == "invoke stage web --version 1.0.1"
