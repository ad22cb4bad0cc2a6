"""Promotions: their text, their refusals, and what moves along."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

import pytest

from pipeline.advice import Advice, rollback
from pipeline.definition.balancing import Health
from pipeline.errors import Refused, UsageError
from pipeline.planning.plan import Plan
from pipeline.planning.swap.load_balancer import is_swapped, read, swapped
from pipeline.planning.swap.promotion import plan_promotion
from pipeline.planning.swap.steps import RecordSwap, SwapPools, SwapStep, Wish
from pipeline.planning.swap.survey import Survey
from tests.planning.swap.examples import (
    ADDRESSES,
    EMPTY,
    EMPTY_STAGING,
    PROMOTE,
    SERVED,
    SINCE,
    V0,
    V1,
    VERSIONS,
    body,
    lead,
    members_of,
    pool,
    scale_set,
    stranger,
    surveyed,
    swap_tags,
    version,
)

LIVE = scale_set("1.0.0", tags={"served-since": SINCE})
STAGED = scale_set("1.0.1")
WRITTEN = {"web-since": "2026-11-23T19:00:00+00:00", "web-run": "run-1", "web-by": "me@here"}


def promotion(now: Survey) -> Plan[SwapStep]:
    """The plan of `promote`."""
    return plan_promotion(now, PROMOTE)


def swap_of(plan: Plan[SwapStep]) -> SwapPools:
    """The one write of a plan."""
    return next(step for step in plan.steps if isinstance(step, SwapPools))


def after(plan: Plan[SwapStep], now: Survey) -> dict[str, Any]:
    """The load balancer's body as the plan writes it."""
    return swapped(now.load_balancer.body, swap_of(plan), WRITTEN)


def behind(*sets: Any, **changes: Any) -> dict[str, Any]:
    """The load balancer with LIVE and STAGED, or others, in their pools."""
    return body(V0, V1, members=members_of(*(sets or (LIVE, STAGED))), **changes)


def test_the_plan_of_a_promotion() -> None:
    plan = promotion(surveyed(LIVE, STAGED, tags=swap_tags(V0)))
    assert str(plan) == (
        "Plan: promote web 1.0.0 -> 1.0.1\n"
        "   1  start watching http, metrics: 20 requests per second each\n"
        "   2  verify staging: 10 consecutive responses from 1.0.1 at http://203.0.113.2:8081/healthz\n"
        "   3  verify 10 consecutive responses of metrics-staging at tcp://203.0.113.2:9101\n"
        "   4  ask the probes of shop about http-staging, metrics-staging: every member up\n"
        "   5  swap in one write of shop: http, metrics -> web-1-0-1; "
        "http-staging, metrics-staging -> web-1-0-0\n"
        "   6  verify production: 10 consecutive responses from 1.0.1 at http://203.0.113.1:80/healthz\n"
        "   7  verify 10 consecutive responses of metrics at tcp://203.0.113.1:9100\n"
        "   8  ask the probes of shop about http, metrics: every member up\n"
        "   9  record the swap on web-1-0-1, web-1-0-0\n"
        "  10  watch for 2 min: at most 0 lost requests, every instance of web-1-0-1 healthy"
    )
    assert plan.inverse == rollback("web")
    assert Advice("go back", rollback("web")) in plan.advice
    assert plan.truth == (
        "web 1.0.1 serves at http://203.0.113.1:80/healthz;"
        " 1.0.0 still runs, at http://203.0.113.2:8081/healthz"
    )


def test_the_first_promotion_has_no_way_back() -> None:
    plan = promotion(surveyed(STAGED, production=EMPTY, staging=V1))
    assert str(plan).startswith("Plan: promote web nothing -> 1.0.1\n")
    assert plan.inverse is None
    assert plan.truth == "web 1.0.1 serves at http://203.0.113.1:80/healthz"
    assert ("web-previous", "") in swap_of(plan).tags


def test_when_only_a_way_back_is_behind_staging_there_is_nothing_to_promote() -> None:
    now = surveyed(LIVE, STAGED, production=V1, staging=V0, tags=swap_tags(V1, V0))
    assert promotion(replace_serving_record(now)).is_empty
    assert promotion(now).because == "1.0.1 serves, and a rollback leads to 1.0.0"


def replace_serving_record(now: Survey) -> Survey:
    """As if the last swap had been recorded on what serves."""
    sets = tuple(
        replace(found, tags={**found.tags, "served-since": SINCE}) for found in now.scale_sets
    )
    return replace(now, scale_sets=sets)


def test_a_first_promotion_that_was_made_is_not_refused_the_second_time() -> None:
    plan = promotion(surveyed(LIVE, staging=EMPTY, tags=swap_tags(V0)))
    assert plan.is_empty
    assert plan.because == "1.0.0 serves, and nothing is staged"


def test_a_swap_that_was_not_recorded_is_recorded_by_the_next_command() -> None:
    unmarked = scale_set("1.0.1")
    now = surveyed(LIVE, unmarked, production=V1, staging=V0, tags=swap_tags(V1, V0))
    (step,) = promotion(now).steps
    assert isinstance(step, RecordSwap)
    assert (step.serves, step.left) == (unmarked.resource, LIVE.resource)


def test_a_promotion_whose_write_failed_is_written_again_and_verified() -> None:
    document = body(V0, V1, swap_tags(V0, V1), members_of(LIVE, STAGED))
    document["properties"]["provisioningState"] = "Failed"
    plan = promotion(surveyed(LIVE, STAGED, load_balancer=document))
    assert [str(step) for step in plan.steps] == [
        "write shop again as it is: its last write failed",
        "verify production: 10 consecutive responses from 1.0.0 at http://203.0.113.1:80/healthz",
        "verify 10 consecutive responses of metrics at tcp://203.0.113.1:9100",
    ]


def test_what_was_rolled_back_is_promoted_only_when_wanted_again() -> None:
    marked = replace(version("1.0.1"), tags={"check": "passed", "rolled-back": SINCE})
    now = surveyed(LIVE, STAGED, tags=swap_tags(V0, "", V1), versions=(version("1.0.0"), marked))
    with pytest.raises(Refused, match=r"web 1\.0\.1 was rolled back") as refusal:
        promotion(now)
    assert str(refusal.value.advice[0].command) == "invoke promote web --again"
    plan = plan_promotion(now, Wish("promote", again=True))
    assert plan.title == "promote web 1.0.0 -> 1.0.1"
    assert str(plan.steps[-2]).endswith("and that web 1.0.1 was promoted again")


def test_what_was_rolled_back_is_known_without_the_load_balancers_tags() -> None:
    back = scale_set("1.0.1", tags={**SERVED, "rolled-back": SINCE})
    with pytest.raises(Refused, match=r"1\.0\.1 was rolled back"):
        promotion(surveyed(LIVE, back))


def test_after_a_swap_by_other_hands_what_served_is_the_way_back() -> None:
    now = surveyed(LIVE, STAGED, production=V1, staging=V0, tags=swap_tags(V0))
    assert promotion(now).is_empty
    assert [one.version for one in now.ways_back] == ["1.0.0"]


@pytest.mark.parametrize(
    ("now", "reason"),
    [
        (surveyed(), "web: nothing is staged"),
        (
            surveyed(LIVE, scale_set("1.0.1", sick=1)),
            "web-1-0-1 cannot be promoted: 1 of 2 instances healthy; web-1-0-1_0 is unhealthy",
        ),
        (
            surveyed(LIVE, scale_set("1.0.1", size=1)),
            "web-1-0-1 cannot be promoted: it has 1 instances, production 2",
        ),
        (
            surveyed(scale_set("1.0.0", size=1, capacity=3), STAGED),
            "web-1-0-1 cannot be promoted: it has 2 instances, production 3",
        ),
        (
            surveyed(scale_set("1.0.1", size=0), production=EMPTY, staging=V1),
            "web-1-0-1 cannot be promoted: it has 0 instances, production 1",
        ),
        (
            surveyed(LIVE, scale_set("1.0.1", state="Updating")),
            "web-1-0-1 cannot be promoted: it is Updating",
        ),
        (
            surveyed(LIVE, STAGED, versions=(version("1.0.1", check="failed"),)),
            "web 1.0.1 cannot be promoted: its check failed",
        ),
        (
            surveyed(LIVE, scale_set("1.0.2")),
            "web 1.0.2 cannot be promoted: it was not checked",
        ),
        (surveyed(LIVE, STAGED, versions=()), "web 1.0.1: no such version in the gallery images"),
        (
            surveyed(LIVE, STAGED, tags={"removing-web-1-0-1": "run-7"}),
            "web-1-0-1 is being removed by the run run-7",
        ),
    ],
)
def test_a_promotion_is_refused(now: Survey, reason: str) -> None:
    with pytest.raises((Refused, UsageError)) as refusal:
        promotion(now)
    assert reason in str(refusal.value)
    assert refusal.value.advice


def test_a_smaller_or_sick_set_is_promoted_by_force_and_the_plan_says_what_was_skipped() -> None:
    now = surveyed(LIVE, scale_set("1.0.1", size=1))
    plan = plan_promotion(now, Wish("promote", force=True))
    assert plan.notes == ("forced, although web-1-0-1: it has 1 instances, production 2",)
    empty = surveyed(LIVE, scale_set("1.0.1", size=0))
    with pytest.raises(Refused, match="it has 0 instances"):
        plan_promotion(empty, Wish("promote", force=True))


def test_members_outside_the_pool_do_not_count() -> None:
    members = members_of(LIVE, STAGED)
    members[V1] = members[V1][:1]
    now = surveyed(LIVE, STAGED, load_balancer=body(V0, V1, members=members))
    with pytest.raises(Refused, match="it has 1 instances in its pool, 1 outside, production 2"):
        promotion(now)


def test_a_serving_set_whose_model_lost_the_pool_still_counts() -> None:
    serving = replace(scale_set("1.0.0", size=4), pools=())
    members = {**members_of(scale_set("1.0.0", size=4)), **members_of(STAGED)}
    now = surveyed(serving, STAGED, load_balancer=body(V0, V1, members=members))
    assert (now.serving_version, now.serving.healthy, now.live_capacity) == ("1.0.0", 4, 4)
    with pytest.raises(Refused, match="it has 2 instances, production 4"):
        promotion(now)


def test_a_stranger_in_the_pool_would_serve_too() -> None:
    members = members_of(LIVE, STAGED)
    members[V1].append(stranger("handmade"))
    now = surveyed(LIVE, STAGED, load_balancer=body(V0, V1, members=members))
    with pytest.raises(Refused, match=r"handmade, web-1-0-1; they would serve together"):
        promotion(now)


def test_strangers_in_production_count_as_capacity_and_are_a_way_back() -> None:
    members = {"theirs": [stranger(f"handmade{number}") for number in range(3)]}
    document = body("theirs", V1, members={**members, **members_of(STAGED)})
    with pytest.raises(Refused, match="it has 2 instances, production 3"):
        promotion(surveyed(STAGED, load_balancer=document))
    grown = scale_set("1.0.1", size=3)
    document = body("theirs", V1, members={**members, **members_of(grown)})
    plan = promotion(surveyed(grown, load_balancer=document))
    assert plan.title == "promote web handmade0, handmade1, handmade2 -> 1.0.1"
    assert plan.inverse == rollback("web")
    assert ("web-previous", "theirs") in swap_of(plan).tags


def test_a_set_whose_tags_were_rewritten_is_known_by_its_image() -> None:
    own = LIVE.resource
    image = replace(
        own, segments=(("galleries", "images"), ("images", "web"), ("versions", "1.0.0"))
    )
    untagged = replace(LIVE, tags={"owner": "policy"}, image_version=image)
    assert surveyed(untagged, STAGED).serving_version == "1.0.0"
    other = replace(untagged, image_version=image.child("more", "x"))
    assert surveyed(other, STAGED).serving_version == ""


def _without(rule_name: str) -> dict[str, Any]:
    document = behind()
    rules = document["properties"]["loadBalancingRules"]
    document["properties"]["loadBalancingRules"] = [r for r in rules if r["name"] != rule_name]
    return document


def _with_two_pools() -> dict[str, Any]:
    document = behind()
    rule = document["properties"]["loadBalancingRules"][0]["properties"]
    rule["backendAddressPools"].append({"id": str(pool("other"))})
    return document


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        (_without("metrics"), "no rule metrics"),
        (_without("http"), "no rule http that leads to a pool"),
        (_with_two_pools(), "http leads to 2 pools"),
    ],
)
def test_rules_that_make_no_sense_are_told(document: dict[str, Any], reason: str) -> None:
    with pytest.raises(Refused, match=reason):
        promotion(surveyed(LIVE, STAGED, load_balancer=document))


def test_a_declared_rule_that_another_hand_led_elsewhere_moves_and_is_named() -> None:
    document = behind()
    lead(document["properties"]["loadBalancingRules"][2], "theirs")
    now = surveyed(LIVE, STAGED, load_balancer=document)
    plan = promotion(now)
    assert plan.notes == ("metrics leads to theirs, not to web-1-0-0: it moves as well",)
    assert is_swapped(read({**after(plan, now), "etag": ""}, ADDRESSES), swap_of(plan))


def test_a_swap_writes_both_spellings_and_keeps_all_it_does_not_know() -> None:
    now = surveyed(LIVE, STAGED, tags=swap_tags(V0))
    document = after(promotion(now), now)
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
        "web-serves": V1,
        "web-previous": V0,
        **WRITTEN,
    }


def with_a_rule(name: str, like: int, port: int) -> dict[str, Any]:
    """A load balancer with one more rule, like one of those declared."""
    document = behind()
    theirs = copy.deepcopy(document["properties"]["loadBalancingRules"][like])
    theirs["name"] = name
    theirs["properties"] |= {"frontendPort": port, "backendPort": port}
    document["properties"]["loadBalancingRules"].append(theirs)
    return document


def test_a_rule_that_nobody_declared_moves_with_the_pool_it_leads_to() -> None:
    now = surveyed(LIVE, STAGED, load_balancer=with_a_rule("admin", like=0, port=9443))
    plan = promotion(now)
    assert "http, metrics, undeclared rule admin -> web-1-0-1" in str(plan)
    written = after(plan, now)["properties"]["loadBalancingRules"][-1]
    assert written["name"] == "admin"
    assert written["properties"]["backendAddressPool"] == {"id": str(pool(V1))}
    assert written["properties"]["backendAddressPools"] == [{"id": str(pool(V1))}]


def test_a_rule_that_nobody_declared_and_that_leads_elsewhere_stays() -> None:
    document = with_a_rule("admin", like=0, port=9443)
    lead(document["properties"]["loadBalancingRules"][-1], "theirs")
    now = surveyed(LIVE, STAGED, load_balancer=document)
    plan = promotion(now)
    assert "admin" not in str(plan)
    written = after(plan, now)["properties"]["loadBalancingRules"][-1]
    assert written["properties"]["backendAddressPool"] == {"id": str(pool("theirs"))}


@pytest.mark.parametrize(
    ("kind", "words"), [("outboundRules", "outbound rule"), ("inboundNatRules", "NAT rule")]
)
def test_a_rule_that_is_tied_to_productions_pool_moves_with_it(kind: str, words: str) -> None:
    document = behind()
    document["properties"][kind] = [
        {"name": "theirs", "properties": {"backendAddressPool": {"id": str(pool(V0))}}},
        {"name": "other", "properties": {"backendAddressPool": {"id": str(pool("red"))}}},
    ]
    now = surveyed(LIVE, STAGED, load_balancer=document)
    plan = promotion(now)
    assert f"http, metrics, {words} theirs -> web-1-0-1" in str(plan)
    moved, other = after(plan, now)["properties"][kind]
    assert moved["properties"]["backendAddressPool"] == {"id": str(pool(V1))}
    assert other["properties"]["backendAddressPool"] == {"id": str(pool("red"))}


def test_addresses_are_those_of_the_rules_frontends_whatever_they_are_called() -> None:
    document = behind()
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
        promotion(elsewhere)


def test_the_health_page_may_be_on_any_pair() -> None:
    now = surveyed(LIVE, STAGED)
    health = Health("https", 9100, "/healthz")
    now = replace(now, image=replace(now.image, health=health))
    assert "at https://203.0.113.2:9101/healthz" in str(promotion(now).steps[1])


def test_a_swap_can_be_recognised_afterwards() -> None:
    now = surveyed(LIVE, STAGED)
    plan = promotion(now)
    done = read({**after(plan, now), "etag": ""}, ADDRESSES)
    assert is_swapped(done, swap_of(plan))
    assert not is_swapped(now.load_balancer, swap_of(plan))


def test_a_set_of_a_version_that_was_deleted_and_baked_again_cannot_be_promoted() -> None:
    stale = replace(STAGED, tags={**STAGED.tags, "image-run": "first"})
    baked = replace(version("1.0.1"), tags={"check": "passed", "run": "second"})
    with pytest.raises(Refused, match=r"made from another web 1\.0\.1, deleted since") as caught:
        promotion(surveyed(LIVE, stale, versions=(version("1.0.0"), baked)))
    assert str(caught.value.advice[0].command) == "invoke unstage web --version 1.0.1"


def test_a_set_in_the_pool_of_an_older_environment_is_promoted_from_there() -> None:
    blue = replace(LIVE, pools=(pool("web-blue"),))
    green = replace(STAGED, pools=(pool("web-green"),))
    document = body("web-blue", "web-green", members=members_of(blue, green))
    plan = promotion(surveyed(blue, green, load_balancer=document))
    assert "http, metrics -> web-green; http-staging, metrics-staging -> web-blue" in str(plan)


def test_an_empty_staging_pool_is_nothing_staged() -> None:
    assert surveyed(LIVE, staging=EMPTY_STAGING).at_staging is None
    assert VERSIONS[0].is_eligible
