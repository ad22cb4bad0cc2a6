"""What is removed, and what never is."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeGuard

import pytest

from pipeline.definition.evidence import EvidencePolicy, Keep
from pipeline.definition.promotion import Promotion
from pipeline.errors import Refused, UsageError
from pipeline.planning.names import image_version_id, scale_set_id
from pipeline.planning.prune.bodies import retired, without_pools
from pipeline.planning.prune.plan import plan_prune, plan_unstage
from pipeline.planning.prune.steps import (
    DeleteEvidence,
    DeleteImageVersion,
    RemovePools,
    RetirePools,
)
from pipeline.planning.prune.uses import Uses
from pipeline.planning.swap.survey import Survey
from tests.planning.swap.examples import (
    EMPTY_STAGING,
    ENVIRONMENT,
    SINCE,
    V0,
    V1,
    V2,
    V3,
    body,
    members_of,
    pool,
    scale_set,
    stranger,
    surveyed,
    swap_tags,
    version,
)

HOUR = 3600.0
YOUNG, OLD, OLDER = "2026-11-24T11:59:00", "2026-11-24T10:00:00", "2026-11-20T12:00:00"
AGES = {YOUNG: 60.0, OLD: 2 * HOUR, OLDER: 96 * HOUR, SINCE: 18 * HOUR}


def age(time: str) -> float | None:
    """Seconds since a time of a tag."""
    return AGES.get(time)


def left(version_name: str, when: str, **more: str) -> object:
    """A scale set that production left at a time."""
    return scale_set(version_name, tags={"served-since": OLDER, "served-until": when, **more})


SERVING = scale_set("1.0.3", tags={"served-since": SINCE})
BACK = scale_set("1.0.2", tags={"served-since": OLDER, "served-until": SINCE})


def steps(now: Survey) -> list[str]:
    """The plan's steps in words."""
    return [str(step) for step in plan_prune(now, age).steps]


def test_an_older_way_back_goes_with_its_pool_and_the_plan_says_what_ends() -> None:
    older = scale_set("1.0.0", tags={"served-since": OLDER, "served-until": OLDER})
    now = surveyed(SERVING, BACK, older, tags=swap_tags(V3, V2))
    plan = plan_prune(now, age)
    assert [str(step) for step in plan.steps] == [
        "retire web-1-0-0 on shop in one write",
        f"delete web-1-0-0 (it served; production left it on {OLDER};"
        " connections from before end here)",
        "remove the pool web-1-0-0 from shop",
    ]
    assert plan.notes == ("kept 1.0.2: it is the way back",)


@pytest.mark.parametrize(
    ("when", "kept"),
    [
        (OLDER, ""),
        (OLD, "it served 2 h ago"),
        (YOUNG, "it served 1 min ago: connections from before may live 600 s (promote.drain)"),
    ],
)
def test_a_way_back_is_kept_as_long_as_its_definition_says(when: str, kept: str) -> None:
    other = scale_set("1.0.0", tags={"served-since": OLDER, "served-until": when})
    plan = plan_prune(surveyed(SERVING, BACK, other, tags=swap_tags(V3, V2)), age)
    assert plan.is_empty == bool(kept)
    assert (f"kept 1.0.0: {kept}" in plan.notes) == bool(kept)


def test_the_newest_way_back_is_kept_whatever_its_age() -> None:
    ancient = scale_set("1.0.2", tags={"served-since": OLDER, "served-until": OLDER})
    assert steps(surveyed(SERVING, ancient)) == []


def test_what_was_staged_over_goes_and_what_is_staged_stays() -> None:
    staged, before = scale_set("1.0.1"), scale_set("1.0.0")
    now = surveyed(SERVING, staged, before)
    assert "delete web-1-0-0 (it was staged and never served)" in steps(now)
    assert not [step for step in steps(now) if "web-1-0-1" in step]


def test_what_was_rolled_back_goes_when_its_connections_have_ended() -> None:
    def rolled_back(when: str) -> Survey:
        tags = {"served-since": OLDER, "served-until": when, "rolled-back": when}
        return surveyed(SERVING, scale_set("1.0.1", tags=tags))

    assert steps(rolled_back(YOUNG)) == []
    assert "it was rolled back" in steps(rolled_back(OLD))[1]


def test_what_another_hand_made_is_never_removed() -> None:
    foreign = replace(scale_set("1.0.0"), tags={})
    members = {"theirs": [stranger("one")], **members_of(SERVING, foreign)}
    document = body(V3, "theirs", swap_tags(V3, "theirs"), members)
    plan = plan_prune(surveyed(SERVING, foreign, load_balancer=document), age)
    assert plan.is_empty
    assert plan.notes == ("kept one: bakeswap did not make it",)


def test_a_removal_that_was_begun_is_finished_without_another_announcement() -> None:
    now = surveyed(
        SERVING, scale_set("1.0.0"), staging=EMPTY_STAGING, tags={"removing-web-1-0-0": "run-1"}
    )
    assert steps(now) == [
        "delete web-1-0-0 (its removal was begun)",
        "remove the pool web-1-0-0 from shop",
    ]


def test_a_pool_whose_scale_set_was_never_made_goes() -> None:
    members = {**members_of(SERVING), V0: [], "web-blue": []}
    now = surveyed(SERVING, load_balancer=body(V3, members=members))
    assert steps(now) == [
        "retire web-1-0-0 on shop in one write",
        "remove the pool web-1-0-0 from shop",
    ]


def with_retention(now: Survey, keep: int) -> Survey:
    """The image keeps so many versions."""
    return replace(now, image=replace(now.image, retention=keep))


def test_versions_beyond_the_retention_go_if_nothing_was_made_from_them() -> None:
    ours = {"system": "bakeswap", "check": "passed"}
    versions = tuple(replace(version(f"1.0.{n}"), tags=dict(ours)) for n in range(9))
    pinned = replace(versions[0], tags={**ours, "pinned": "an audit"})
    theirs = replace(versions[1], tags={"check": "passed"})
    making = replace(versions[6], provisioning_state="Creating")
    all_of_them = (pinned, theirs, *versions[2:6], making, *versions[7:])
    now = surveyed(SERVING, BACK, versions=all_of_them, tags=swap_tags(V3, V2))
    user = frozenset({scale_set_id(ENVIRONMENT, "of-another-group")})
    used = (image_version_id(ENVIRONMENT, "web", f"1.0.{n}") for n in (3, 2, 4))
    uses = Uses(dict.fromkeys(used, user))
    plan = plan_prune(with_retention(now, 2), age, uses)
    assert [str(step) for step in plan.steps] == [
        "delete web 1.0.5 from the gallery (not among the newest 2, and nothing was made from it)"
    ]
    assert plan_prune(now, age, uses).is_empty


def test_where_somebody_cannot_be_asked_all_versions_are_kept() -> None:
    ours = {"system": "bakeswap", "check": "passed"}
    versions = tuple(replace(version(f"1.0.{n}"), tags=dict(ours)) for n in range(9))
    now = with_retention(surveyed(SERVING, versions=versions, tags=swap_tags(V3, "")), 2)
    plan = plan_prune(now, age, Uses(unknown=("what staging needs is not known: 403",)))
    assert plan.is_empty
    assert "kept all versions of web: what staging needs is not known: 403" in plan.notes


def test_a_version_whose_scale_set_goes_here_and_runs_elsewhere_stays() -> None:
    ours = {"system": "bakeswap", "check": "passed"}
    versions = tuple(replace(version(f"1.0.{n}"), tags=dict(ours)) for n in range(5))
    old = scale_set("1.0.0")
    now = with_retention(surveyed(SERVING, BACK, old, versions=versions, tags=swap_tags(V3, V2)), 1)
    first = image_version_id(ENVIRONMENT, "web", "1.0.0")
    elsewhere = replace(old.resource, resource_group="another")
    removed = [str(step) for step in plan_prune(now, age).steps]
    assert any("delete web 1.0.0 from the gallery" in step for step in removed)
    for users, stays in (({old.resource}, False), ({old.resource, elsewhere}, True)):
        plan = plan_prune(now, age, Uses({first: frozenset(users)}))
        deletes = [step.resource for step in plan.steps if isinstance(step, DeleteImageVersion)]
        assert (first not in deletes) == stays


def test_unstaging_removes_whatever_its_age_but_what_is_needed() -> None:
    plan = plan_unstage(surveyed(SERVING, scale_set("1.0.1")), "1.0.1", age)
    assert str(plan).splitlines()[0] == "Plan: unstage web 1.0.1"
    assert isinstance(plan.steps[0], RetirePools)
    assert plan.steps[0].by_name
    other = scale_set("1.0.0", tags={"served-since": OLDER, "served-until": OLD})
    now = surveyed(SERVING, BACK, other, tags=swap_tags(V3, V2))
    assert not plan_unstage(now, "1.0.0", age).is_empty


@pytest.mark.parametrize(
    ("wanted", "reason"),
    [
        ("1.0.3", "1.0.3 of web is not removed: it serves"),
        ("1.0.2", "1.0.2 of web is not removed: it is the way back"),
        ("1.0.1", "1.0.1 of web is not removed: it served 1 min ago"),
    ],
)
def test_unstaging_is_refused(wanted: str, reason: str) -> None:
    young = scale_set("1.0.1", tags={"served-since": OLDER, "served-until": YOUNG})
    now = surveyed(SERVING, BACK, young, tags=swap_tags(V3, V2))
    with pytest.raises(Refused) as refusal:
        plan_unstage(now, wanted, age)
    assert reason in str(refusal.value)


def test_unstaging_what_does_not_run_is_nothing_to_do_unless_its_pool_is_left() -> None:
    now = surveyed(SERVING, load_balancer=body(V3, members={**members_of(SERVING), V1: []}))
    with pytest.raises(UsageError, match=r"web 7\.0\.0: no such version in the gallery images"):
        plan_unstage(now, "7.0.0", age)
    nothing = plan_unstage(now, "1.0.0", age)
    assert (nothing.is_empty, nothing.because) == (True, "no scale set of it runs")
    assert str(plan_unstage(now, "1.0.1", age).steps[-1]) == "remove the pool web-1-0-1 from shop"


def test_retiring_leads_staging_elsewhere_and_says_who_removes() -> None:
    now = surveyed(SERVING, scale_set("1.0.1"))
    step = RetirePools(now.load_balancer.resource, "web", (V1,))
    document = retired(now, step, "run-7")
    led = {
        rule["name"]: rule["properties"]["backendAddressPool"]["id"].rpartition("/")[2]
        for rule in document["properties"]["loadBalancingRules"]
    }
    assert (led["http"], led["http-staging"]) == (V3, EMPTY_STAGING)
    assert document["tags"]["removing-web-1-0-1"] == "run-7"


def test_an_older_environment_gets_the_pool_where_staging_leads_meanwhile() -> None:
    now = surveyed(SERVING, scale_set("1.0.1"))
    there = {**now.load_balancer.body}
    there["properties"] = {
        **there["properties"],
        "backendAddressPools": [
            one
            for one in there["properties"]["backendAddressPools"]
            if one["name"] != EMPTY_STAGING
        ],
    }
    old = replace(now, load_balancer=replace(now.load_balancer, body=there))
    document = retired(old, RetirePools(now.load_balancer.resource, "web", (V1,)), "run-7")
    assert document["properties"]["backendAddressPools"][-1] == {"name": EMPTY_STAGING}


def test_removing_pools_removes_what_the_tags_say_of_them() -> None:
    now = surveyed(SERVING, scale_set("1.0.1"), tags={"removing-web-1-0-1": "run-7"})
    step = RemovePools(now.load_balancer.resource, "web", (V1,))
    document = without_pools(now.load_balancer.body, step)
    assert V1 not in [one["name"] for one in document["properties"]["backendAddressPools"]]
    assert "removing-web-1-0-1" not in document["tags"]
    assert str(step) == "remove the pool web-1-0-1 from shop"
    assert str(replace(step, pools=(V0, V1))) == "remove the pools web-1-0-0, web-1-0-1 from shop"
    assert Promotion().drain == 600
    assert pool(V1).name == V1


def evidenced(keep: Keep) -> Survey:
    """Where all versions but the newest go, each with evidence, but one that has none."""
    environment = replace(ENVIRONMENT, evidence=EvidencePolicy(keep=keep))
    ours = {"system": "bakeswap"}
    versions = (
        replace(version("1.0.0"), tags={**ours, "evidence": "a" * 64}),
        replace(version("1.0.1"), tags={**ours, "evidence": "no digest"}),
        replace(version("1.0.2"), tags=ours),
        replace(version("1.0.3"), tags={**ours, "evidence": "b" * 64}),
    )
    now = surveyed(SERVING, tags=swap_tags(V3))
    return replace(
        now,
        environment=environment,
        image=replace(now.image, retention=1),
        versions=versions,
    )


def test_evidence_goes_with_its_version_where_the_definition_says_so() -> None:
    planned = plan_prune(evidenced("with_versions"), age).steps

    told = [str(step) for step in planned if isinstance(step, DeleteEvidence)]
    assert told == ["delete the evidence of web 1.0.0 from .pipeline/evidence"]
    noted = {step.resource.name: step.evidence for step in planned if is_version(step)}
    assert noted == {"1.0.2": "", "1.0.1": "", "1.0.0": "a" * 64}
    words = [str(step) for step in planned]
    assert words.index(told[0]) > max(words.index(str(one)) for one in planned if is_version(one))


def is_version(step: object) -> TypeGuard[DeleteImageVersion]:
    return isinstance(step, DeleteImageVersion)


def test_evidence_is_kept_where_nobody_says_otherwise() -> None:
    planned = plan_prune(evidenced("always"), age).steps

    assert [step for step in planned if isinstance(step, DeleteEvidence)] == []
    assert {step.evidence for step in planned if is_version(step)} == {""}


def test_evidence_that_a_dead_run_left_goes_first() -> None:
    left_behind = DeleteEvidence(
        image_version_id(ENVIRONMENT, "web", "0.9.0"), "web", "c" * 64, "evidence"
    )
    planned = plan_prune(evidenced("with_versions"), age, evidence=(left_behind,)).steps

    assert [one.digest for one in planned if isinstance(one, DeleteEvidence)] == [
        "c" * 64,
        "a" * 64,
    ]
