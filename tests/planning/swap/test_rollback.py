"""Rollbacks: to what runs, to what was scaled down, to what is gone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pipeline.advice import Advice, promote
from pipeline.errors import Refused, UsageError
from pipeline.planning.plan import Plan
from pipeline.planning.swap.rollback import plan_rollback
from pipeline.planning.swap.steps import SwapPools, SwapStep, Wish
from pipeline.planning.swap.survey import Survey
from pipeline.planning.writable import writable
from tests.planning.swap.examples import (
    EMPTY,
    ROLLBACK,
    SERVED,
    SINCE,
    V0,
    V1,
    V2,
    VERSIONS,
    body,
    members_of,
    pool,
    scale_set,
    stranger,
    surveyed,
    swap_tags,
    version,
)
from tests.planning.swap.test_promotion import after, promotion, swap_of

BEFORE = scale_set("1.0.0", tags=SERVED)
SERVING = scale_set("1.0.1", tags={"served-since": SINCE})
PROMOTED = surveyed(SERVING, BEFORE, tags=swap_tags(V1, V0))


def rollback(now: Survey) -> Plan[SwapStep]:
    """The plan of `rollback`."""
    return plan_rollback(now, ROLLBACK)


WATCHING = {"start watching", "verify 10", "stop watching", "ask the"}


def words(plan: Plan[SwapStep]) -> list[str]:
    """The first words of each step."""
    told = [" ".join(str(step).split()[:2]).rstrip(":") for step in plan.steps]
    return [word for word in told if word not in WATCHING]


def test_the_plan_of_a_rollback_marks_the_version_that_is_left() -> None:
    plan = rollback(PROMOTED)
    assert (
        str(plan)
        .splitlines()[-2]
        .endswith("record the swap on web-1-0-0, web-1-0-1 and that web 1.0.1 was rolled back")
    )
    assert plan.title == "roll back web 1.0.1 -> 1.0.0"
    assert str(plan.inverse) == "invoke promote web --again"


def test_a_rollback_leads_the_rules_where_they_were() -> None:
    staged = scale_set("1.0.1")
    before = surveyed(BEFORE, staged, tags=swap_tags(V0))
    document = after(promotion(before), before)
    members = {pool(name): found for name, found in members_of(BEFORE, staged).items()}
    for one in document["properties"]["backendAddressPools"]:
        found = members.get(pool(one["name"]), [])
        one["properties"]["backendIPConfigurations"] = [{"id": member} for member in found]
    promoted = surveyed(BEFORE, staged, load_balancer=document)
    rules = after(rollback(promoted), promoted)["properties"]["loadBalancingRules"]
    assert rules == writable(before.load_balancer.body)["properties"]["loadBalancingRules"]


def test_a_rollback_is_not_rolled_back_by_itself() -> None:
    serving = replace(BEFORE, tags={**BEFORE.tags, "served-since": SINCE})
    plan = rollback(surveyed(serving, SERVING, tags=swap_tags(V0, "", V1)))
    assert plan.is_empty
    assert plan.because == "1.0.0 serves again, 1.0.1 was rolled back"
    assert plan.advice == (Advice("promote it again", promote("web", again=True)),)


def test_a_way_back_that_is_not_at_staging_is_shown_there_first() -> None:
    staged = scale_set("1.0.2")
    now = surveyed(SERVING, BEFORE, staged, staging=V2, tags=swap_tags(V1, V0))
    plan = rollback(now)
    assert words(plan) == [
        "lead http-staging,",
        "verify staging",
        "swap in",
        "verify production",
        "record the",
    ]
    assert "lead http-staging, metrics-staging to web-1-0-0 in one write" in str(plan)


def test_a_way_back_that_was_scaled_down_is_scaled_up_first() -> None:
    small = scale_set("1.0.0", size=1, tags=SERVED)
    plan = rollback(surveyed(SERVING, small, tags=swap_tags(V1, V0)))
    assert words(plan)[:3] == ["scale web-1-0-0", "wait until", "verify staging"]
    none = scale_set("1.0.0", size=0, tags=SERVED)
    plan = rollback(surveyed(SERVING, none, tags=swap_tags(V1, V0)))
    assert "scale web-1-0-0 from 0 to 2 instances" in str(plan)


def test_a_way_back_that_was_scaled_down_is_taken_as_it_is_by_force() -> None:
    small = scale_set("1.0.0", size=1, tags=SERVED)
    now = surveyed(SERVING, small, tags=swap_tags(V1, V0))
    plan = plan_rollback(now, Wish("rollback", force=True))
    assert words(plan)[0] == "verify staging"
    assert plan.notes == ("forced, although web-1-0-0: it has 1 instances, production 2",)


def test_a_way_back_whose_scale_set_is_gone_is_made_anew() -> None:
    now = surveyed(SERVING, tags=swap_tags(V1, V0))
    plan = rollback(now)
    assert words(plan) == [
        "add the",
        "create web-1-0-0",
        "wait until",
        "lead http-staging,",
        "verify staging",
        "swap in",
        "verify production",
        "record the",
    ]
    assert plan.title == "roll back web 1.0.1 -> 1.0.0"


def test_a_way_back_that_an_earlier_run_began_to_make_is_waited_for() -> None:
    half = scale_set("1.0.0", size=1, sick=1, capacity=2, state="Creating")
    plan = rollback(surveyed(SERVING, half, staging=V0, tags=swap_tags(V1, V0)))
    assert words(plan)[:2] == ["create web-1-0-0", "wait until"]


def test_a_way_back_that_an_earlier_run_began_to_scale_up_is_waited_for() -> None:
    growing = replace(BEFORE, provisioning_state="Updating")
    plan = rollback(surveyed(SERVING, growing, staging=V0, tags=swap_tags(V1, V0)))
    assert words(plan)[:1] == ["wait until"]


def test_without_any_tags_of_the_load_balancer_the_way_back_is_known() -> None:
    assert rollback(surveyed(SERVING, BEFORE)).title == "roll back web 1.0.1 -> 1.0.0"


def test_the_one_that_served_last_is_the_first_way_back() -> None:
    older = scale_set("1.0.2", tags={"served-until": "2026-11-01T00:00:00+00:00"})
    left = replace(BEFORE, tags={**BEFORE.tags, "served-until": SINCE})
    now = surveyed(SERVING, older, left)
    assert [one.version for one in now.ways_back] == ["1.0.0", "1.0.2"]


def test_back_to_a_version_of_ones_choice() -> None:
    older = scale_set("1.0.0", tags=SERVED)
    serving = scale_set("1.0.2", tags={"served-since": SINCE})
    now = surveyed(serving, SERVING, older, tags=swap_tags(V2, V1))
    assert rollback(now).title == "roll back web 1.0.2 -> 1.0.1"
    plan = plan_rollback(now, Wish("rollback", "1.0.0"))
    assert plan.title == "roll back web 1.0.2 -> 1.0.0"
    assert "to web-1-0-0 in one write" in str(plan.steps[0])
    assert plan_rollback(now, Wish("rollback", "1.0.2")).is_empty
    with pytest.raises(UsageError, match=r"web 7\.0\.0: no such version"):
        plan_rollback(now, Wish("rollback", "7.0.0"))


def test_back_to_what_another_hand_made() -> None:
    members = {"theirs": [stranger("one"), stranger("two")], **members_of(SERVING)}
    document = body(V1, "theirs", swap_tags(V1, "theirs"), members)
    plan = rollback(surveyed(SERVING, load_balancer=document))
    assert plan.title == "roll back web 1.0.1 -> one, two"
    assert "verify staging: 10 consecutive responses at http" in str(plan)
    swap = next(step for step in plan.steps if isinstance(step, SwapPools))
    assert swap.production.name == "theirs"
    gone = surveyed(SERVING, load_balancer=body(V1, "theirs", members=members))
    assert [gone.label(one) for one in gone.ways_back] == ["one, two"]


@pytest.mark.parametrize(
    ("now", "reason"),
    [
        (surveyed(), "web: nothing to roll back to"),
        (surveyed(BEFORE), "web: nothing to roll back to"),
        (
            surveyed(BEFORE, scale_set("1.0.1")),
            "web: nothing to roll back to: 1.0.1 is staged and never served",
        ),
        (
            surveyed(SERVING, scale_set("1.0.0", sick=2, tags=SERVED)),
            "web-1-0-0 cannot be promoted: 0 of 2 instances healthy",
        ),
        (
            surveyed(SERVING, BEFORE, tags={**swap_tags(V1, V0), "removing-web-1-0-0": "run-7"}),
            "web-1-0-0 is being removed by the run run-7",
        ),
        (
            surveyed(
                SERVING,
                tags=swap_tags(V1, V0),
                versions=(version("1.0.0", check="failed"), VERSIONS[1]),
            ),
            "web 1.0.0 cannot be promoted: its check failed",
        ),
        (
            surveyed(SERVING, tags=swap_tags(V1, V0), versions=(VERSIONS[1],)),
            "web: nothing to roll back to",
        ),
    ],
)
def test_a_rollback_is_refused(now: Survey, reason: str) -> None:
    with pytest.raises(Refused) as refusal:
        rollback(now)
    assert reason in str(refusal.value)


def test_a_change_of_the_way_back_that_failed_does_not_block_it() -> None:
    failed = replace(BEFORE, provisioning_state="Failed")
    plan = rollback(surveyed(SERVING, failed, tags=swap_tags(V1, V0)))
    assert "the last change of web-1-0-0 failed in Azure" in plan.notes
    assert any(isinstance(step, SwapPools) for step in plan.steps)
    going = replace(BEFORE, provisioning_state="Deleting")
    with pytest.raises(Refused, match="it is Deleting"):
        rollback(surveyed(SERVING, going, tags=swap_tags(V1, V0)))


def test_a_sick_way_back_is_taken_by_force() -> None:
    now = surveyed(SERVING, scale_set("1.0.0", sick=1, tags=SERVED))
    plan = plan_rollback(now, Wish("rollback", force=True))
    assert plan.notes[0].startswith("forced, although web-1-0-0: 1 of 2 instances healthy")


def test_a_way_back_needs_no_version_in_the_gallery() -> None:
    now = surveyed(SERVING, BEFORE, tags=swap_tags(V1, V0), versions=())
    plan = rollback(now)
    assert plan.title == "roll back web 1.0.1 -> 1.0.0"
    assert swap_of(plan).production.name == V0


def test_production_that_is_empty_has_nothing_to_leave() -> None:
    with pytest.raises(Refused, match="nothing to roll back to"):
        rollback(surveyed(BEFORE, production=EMPTY, staging=V0))
