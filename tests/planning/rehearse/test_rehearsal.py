"""Planning a rehearsal: the staging rules there and back, and production left alone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pipeline.errors import Refused
from pipeline.planning.plan import Plan
from pipeline.planning.rehearse.plan import plan_rehearsal, plan_return
from pipeline.planning.rehearse.steps import LeadTwins, RecordRehearsal, RehearseStep
from pipeline.planning.swap.exchange import exchange
from pipeline.planning.swap.load_balancer import with_staging_led
from pipeline.planning.swap.staging import leading
from pipeline.planning.swap.steps import SwapPools
from pipeline.planning.swap.survey import Survey
from tests.planning.swap.examples import (
    EMPTY_STAGING,
    PROMOTE,
    SERVED,
    SINCE,
    V0,
    V1,
    V2,
    body,
    members_of,
    pool,
    scale_set,
    surveyed,
    swap_tags,
)

BEFORE = scale_set("1.0.0", tags=SERVED)
SERVING = scale_set("1.0.1", tags={"served-since": SINCE})
STAGED = scale_set("1.0.2")
TAGS = swap_tags(V1, V0)
PROMOTED = surveyed(SERVING, BEFORE, tags=TAGS)
THREE = surveyed(SERVING, BEFORE, STAGED, staging=V2, tags=TAGS)


def legs(plan: Plan[RehearseStep]) -> list[tuple[str, str, str]]:
    """Where the staging rules go, and what is written meanwhile."""
    return [
        (step.leg, step.pool.name, step.home) for step in plan.steps if isinstance(step, LeadTwins)
    ]


def test_the_plan_of_a_rehearsal() -> None:
    assert str(plan_rehearsal(THREE)) == (
        "Plan: rehearse web 1.0.1 -> 1.0.0\n"
        "   1  verify staging: 10 consecutive responses from 1.0.2"
        " at http://203.0.113.2:8081/healthz\n"
        "   2  verify 10 consecutive responses of metrics-staging at tcp://203.0.113.2:9101\n"
        "   3  start watching http-staging, metrics-staging: 20 requests per second each\n"
        "   4  lead http-staging, metrics-staging to web-1-0-0, as a rollback leads production's,"
        " and take the time\n"
        "   5  verify staging: 10 consecutive responses from 1.0.0"
        " at http://203.0.113.2:8081/healthz\n"
        "   6  verify 10 consecutive responses of metrics-staging at tcp://203.0.113.2:9101\n"
        "   7  stop watching: at most 0 lost requests\n"
        "   8  lead http-staging, metrics-staging to web-1-0-2, where they led before\n"
        "   9  record the rehearsal on web-1-0-0"
    )


def test_with_nothing_else_running_staging_is_led_from_its_empty_pool() -> None:
    told = str(plan_rehearsal(PROMOTED))
    assert "   1  lead http-staging, metrics-staging to web-empty-staging for a moment\n" in told
    assert "at most 0 lost" not in told  # nothing answers at first


def test_production_is_never_among_what_is_led() -> None:
    for step in plan_rehearsal(PROMOTED).steps:
        if isinstance(step, LeadTwins):
            assert all(rule.endswith("-staging") for rule in step.rules)


def test_what_was_staged_is_staged_again_in_the_end() -> None:
    assert legs(plan_rehearsal(THREE)) == [("back", V0, V2), ("home", V2, "")]


def test_what_runs_beside_is_where_staging_is_led_from() -> None:
    now = surveyed(SERVING, BEFORE, STAGED, staging=V0, tags=TAGS)
    assert legs(plan_rehearsal(now)) == [("away", V2, V0), ("back", V0, "")]


def test_what_is_sick_is_not_asked_to_answer() -> None:
    now = surveyed(SERVING, BEFORE, scale_set("1.0.2", sick=2), staging=V2, tags=TAGS)
    plan = plan_rehearsal(now)
    assert legs(plan) == [("back", V0, V2), ("home", V2, "")]
    assert "from 1.0.2" not in str(plan)


def test_with_the_way_back_at_staging_the_second_write_is_the_last() -> None:
    assert legs(plan_rehearsal(PROMOTED)) == [("away", EMPTY_STAGING, V0), ("back", V0, "")]
    assert plan_return(PROMOTED) is None


def test_with_nowhere_to_lead_staging_from_it_is_refused() -> None:
    document = body(V1, V0, TAGS, members_of(SERVING, BEFORE))
    pools = document["properties"]["backendAddressPools"]
    pools[:] = [one for one in pools if one["name"] != EMPTY_STAGING]
    now = surveyed(SERVING, BEFORE, load_balancer=document)
    with pytest.raises(Refused, match=r"staging leads to 1\.0\.0, which is the way back, and"):
        plan_rehearsal(now)


@pytest.mark.parametrize("at", [EMPTY_STAGING, V0])
def test_one_that_died_is_done_again_and_ends_where_it_began(at: str) -> None:
    tags = {**TAGS, "web-rehearsing": V2}
    died = surveyed(SERVING, BEFORE, STAGED, staging=at, tags=tags)

    again = plan_rehearsal(died)
    home = plan_return(died)

    assert legs(again)[-1] == ("home", V2, "")
    assert "a rehearsal before this one did not end: staging goes to web-1-0-2" in str(again)
    assert home is not None
    assert legs(home) == [("home", V2, "")]


def test_where_that_pool_is_gone_staging_stays_where_it_is() -> None:
    died = surveyed(SERVING, BEFORE, staging=V0, tags={**TAGS, "web-rehearsing": V2})
    assert legs(plan_rehearsal(died)) == [("away", EMPTY_STAGING, V0), ("back", V0, "")]


def test_whoever_stages_or_swaps_ends_a_rehearsal_that_died() -> None:
    tags = {**TAGS, "web-rehearsing": V2}
    died = surveyed(SERVING, BEFORE, STAGED, staging=EMPTY_STAGING, tags=tags)
    (staging,) = leading(died, pool(V2))
    assert "web-rehearsing" not in with_staging_led(died.load_balancer.body, staging)["tags"]
    plan = exchange(died, PROMOTE, pool(V2), "1.0.2")
    (swap,) = [step for step in plan.steps if isinstance(step, SwapPools)]
    assert ("web-rehearsing", "") in swap.tags


@pytest.mark.parametrize(
    ("now", "why"),
    [
        (surveyed(), "web: nothing serves, so nothing leads back from it"),
        (surveyed(SERVING), "web: there is no way back to rehearse"),
        (
            surveyed(SERVING, scale_set("1.0.0", size=1, tags=SERVED), tags=TAGS),
            "web: 1.0.0 runs 1 of the 2 instances of production: a rollback scales it up first",
        ),
        (
            surveyed(SERVING, scale_set("1.0.0", sick=1, tags=SERVED), tags=TAGS),
            "web-1-0-0 cannot be promoted: 1 of 2 instances healthy",
        ),
    ],
)
def test_what_would_take_more_than_a_swap_is_not_rehearsed(now: Survey, why: str) -> None:
    with pytest.raises(Refused, match=f"^{why}"):
        plan_rehearsal(now)


def test_a_way_back_of_another_hand_is_rehearsed_and_not_written_on() -> None:
    theirs = replace(BEFORE, name="theirs", tags={})
    document = body(V1, V0, TAGS, members_of(SERVING, theirs))
    plan = plan_rehearsal(surveyed(SERVING, theirs, load_balancer=document))
    assert legs(plan) == [("away", EMPTY_STAGING, V0), ("back", V0, "")]
    assert not any(isinstance(step, RecordRehearsal) for step in plan.steps)
