"""Staging: its text, its refusals, what it deletes and what it waits for."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pipeline.advice import stage, unstage
from pipeline.errors import Refused, UsageError
from pipeline.planning.swap.backend import ScaleSet
from pipeline.planning.swap.scale_set_body import scale_set as scale_set_body
from pipeline.planning.swap.staging import plan_stage
from pipeline.planning.swap.steps import AwaitHealthy, CreateScaleSet
from pipeline.planning.swap.survey import Survey
from tests.planning.swap.examples import (
    EMPTY_STAGING,
    ENVIRONMENT,
    SERVED,
    SINCE,
    V0,
    V1,
    VERSIONS,
    body,
    members_of,
    scale_set,
    stranger,
    surveyed,
    swap_tags,
    version,
)

LIVE = scale_set("1.0.0", size=3)
STAGING = "http://203.0.113.2:8081/healthz"


def steps(now: Survey, wanted: str = "") -> list[str]:
    """The plan's steps in words."""
    return [str(step) for step in plan_stage(now, wanted).steps]


def test_the_newest_eligible_version_is_staged_at_productions_capacity() -> None:
    plan = plan_stage(surveyed(LIVE))
    assert str(plan) == (
        "Plan: stage web 1.0.1\n"
        "   1  add the pool web-1-0-1 to shop\n"
        "   2  create web-1-0-1: 3 x Standard_D2s_v5 from web 1.0.1, in web-1-0-1\n"
        "   3  wait until 3 of 3 instances of web-1-0-1 are healthy\n"
        "   4  lead http-staging, metrics-staging to web-1-0-1 in one write\n"
        f"   5  verify staging: 15 consecutive responses from 1.0.1 at {STAGING}\n"
        "   6  verify 10 consecutive responses of metrics-staging at tcp://203.0.113.2:9101"
    )
    assert plan.truth == (
        "web 1.0.1 is staged at http://203.0.113.2:8081/healthz, 3 of 3 instances healthy"
    )
    assert plan.inverse == unstage("web", "1.0.1")


def test_without_production_the_definition_says_how_many() -> None:
    assert "2 x Standard_D2s_v5" in steps(surveyed())[1]


def test_a_pool_that_is_there_already_is_not_added_again() -> None:
    now = surveyed(LIVE, load_balancer=body(V0, V1, members=members_of(LIVE)))
    assert [step.split()[0] for step in steps(now)] == ["create", "wait", "verify", "verify"]


def test_a_version_that_is_there_and_well_needs_nothing() -> None:
    plan = plan_stage(surveyed(LIVE, scale_set("1.0.1", size=3)))
    assert plan.is_empty
    assert plan.because == "web-1-0-1 exists, 3 of 3 healthy"


def test_a_version_that_runs_and_is_not_at_staging_is_only_led_to() -> None:
    plan = plan_stage(surveyed(LIVE, scale_set("1.0.1", size=3), staging=EMPTY_STAGING))
    assert [str(step).split()[0] for step in plan.steps] == ["lead", "verify", "verify"]


@pytest.mark.parametrize(
    ("idle", "expected"),
    [
        (
            scale_set("1.0.1", size=1),
            ["scale web-1-0-1 from 1 to 3 instances", "wait until 3 of 3 instances"],
        ),
        (scale_set("1.0.1", size=3, sick=1), ["wait until 3 of 3 instances"]),
        (scale_set("1.0.1", size=5, sick=1), ["wait until 5 of 5 instances"]),
        (
            scale_set("1.0.1", size=0, capacity=3, state="Creating"),
            ["create web-1-0-1: 3 x", "wait until 3 of 3 instances"],
        ),
        (
            scale_set("1.0.1", size=0, capacity=2, state="Creating"),
            [
                "create web-1-0-1: 2 x",
                "scale web-1-0-1 from 2 to 3 instances",
                "wait until 3 of 3 instances",
            ],
        ),
        (
            scale_set("1.0.1", size=3, state="Failed"),
            ["create web-1-0-1: 3 x", "wait until 3 of 3 instances"],
        ),
        (
            scale_set("1.0.1", size=3, state="Deleting"),
            ["create web-1-0-1: 3 x", "wait until 3 of 3 instances"],
        ),
    ],
)
def test_what_is_there_already_is_gone_on_with(idle: ScaleSet, expected: list[str]) -> None:
    found = steps(surveyed(LIVE, idle))
    assert len(found) == len(expected) + 2
    assert all(step.startswith(words) for step, words in zip(found, expected, strict=False))


def test_nothing_is_deleted_and_the_way_to_what_was_staged_is_told() -> None:
    before = scale_set("1.0.1", tags=SERVED)
    now = surveyed(
        scale_set("1.0.0"), before, tags=swap_tags(V0, V1), versions=(*VERSIONS, version("1.0.3"))
    )
    plan = plan_stage(now)
    assert not [step for step in plan.steps if "delete" in str(step)]
    assert str(plan.steps[1]).startswith("create web-1-0-3: 2 x Standard_D2s_v5")
    assert plan.inverse == stage("web", "1.0.1")


def test_what_was_rolled_back_is_staged_only_when_wanted_again() -> None:
    marked = replace(version("1.0.1"), tags={"check": "passed", "rolled-back": SINCE})
    now = surveyed(LIVE, versions=(version("1.0.0"), marked))
    with pytest.raises(Refused, match=r"web 1\.0\.1 was rolled back on 2026") as refusal:
        plan_stage(now)
    assert str(refusal.value.advice[0].command) == "invoke stage web --version 1.0.1 --again"
    assert plan_stage(now, again=True).title == "stage web 1.0.1"


FOREIGN = replace(scale_set("1.0.1"), tags={})


def _with_a_stranger() -> Survey:
    members = {**members_of(LIVE), V1: [stranger("handmade")]}
    return surveyed(LIVE, load_balancer=body(V0, EMPTY_STAGING, members=members))


@pytest.mark.parametrize(
    ("now", "wanted", "reason"),
    [
        (surveyed(LIVE), "1.0.2", "web 1.0.2 cannot be promoted: it was not checked"),
        (surveyed(LIVE), "7.0.0", "web 7.0.0: no such version in the gallery images"),
        (surveyed(LIVE), "1.0.0", "web 1.0.0 serves already, from web-1-0-0"),
        (
            surveyed(LIVE, versions=(version("1.0.1", check="failed"),)),
            "1.0.1",
            "web 1.0.1 cannot be promoted: its check failed",
        ),
        (
            surveyed(LIVE, versions=(version("1.0.1", excluded=True),)),
            "1.0.1",
            "web 1.0.1 cannot be promoted: it is excluded from latest",
        ),
        (
            surveyed(LIVE, versions=(version("1.0.1", check="failed"),)),
            "",
            "has no version that passed its check; 1.0.1: its check failed",
        ),
        (surveyed(versions=()), "", "the gallery images has no version that passed its check"),
        (_with_a_stranger(), "", "has members that bakeswap did not make: handmade"),
        (surveyed(LIVE, FOREIGN), "", "it exists and is not a scale set that bakeswap made"),
        (
            surveyed(LIVE, replace(FOREIGN, pools=()), staging=EMPTY_STAGING),
            "",
            "it exists and is not a scale set that bakeswap made",
        ),
        (
            surveyed(LIVE, scale_set("1.0.1"), tags={"removing-web-1-0-1": "run-7"}),
            "",
            "web-1-0-1 is being removed by the run run-7",
        ),
        (
            surveyed(LIVE, tags={"removing-web-1-0-1": "run-7"}),
            "",
            "web-1-0-1 is being removed by the run run-7",
        ),
    ],
)
def test_staging_is_refused(now: Survey, wanted: str, reason: str) -> None:
    with pytest.raises((Refused, UsageError)) as refusal:
        plan_stage(now, wanted)
    assert reason in str(refusal.value)


def test_the_scale_set_pins_its_version_and_upgrades_only_by_hand() -> None:
    step = next(
        step for step in plan_stage(surveyed(LIVE)).steps if isinstance(step, CreateScaleSet)
    )
    body = scale_set_body(step, "ssh-rsa AAAA", "run-1")
    profile = body["properties"]["virtualMachineProfile"]
    assert body["properties"]["upgradePolicy"] == {"mode": "Manual"}
    assert body["properties"]["overprovision"] is False
    assert body["properties"]["singlePlacementGroup"] is False
    assert profile["storageProfile"]["imageReference"]["id"].endswith("/web/versions/1.0.1")
    assert body["tags"] == {
        "system": "bakeswap",
        "image": "web",
        "version": "1.0.1",
        "run": "run-1",
    }
    interface = profile["networkProfile"]["networkInterfaceConfigurations"][0]["properties"]
    address = interface["ipConfigurations"][0]["properties"]
    assert "publicIPAddressConfiguration" not in address
    assert address["subnet"]["id"].endswith("/net/subnets/machines")
    assert [
        found["id"].rpartition("/")[2] for found in address["loadBalancerBackendAddressPools"]
    ] == ["web-1-0-1"]
    assert "adminPassword" not in profile["osProfile"]
    health = profile["extensionProfile"]["extensions"][0]["properties"]
    assert health["typeHandlerVersion"] == "2.0"
    assert health["settings"]["requestPath"] == "/healthz"


def test_a_step_is_the_same_in_every_run() -> None:
    assert repr(plan_stage(surveyed(LIVE)).steps) == repr(plan_stage(surveyed(LIVE)).steps)


def test_the_wait_is_for_the_larger_of_what_is_there_and_what_is_needed() -> None:
    plan = plan_stage(surveyed(LIVE, scale_set("1.0.1", size=4, sick=1)))
    assert plan.steps[0] == AwaitHealthy(scale_set("1.0.1").resource, 4)
    assert ENVIRONMENT.resource_group in str(scale_set("1.0.1").resource)


def made_from(run: str) -> ScaleSet:
    """The staged set of 1.0.1, made from a version that this run baked."""
    made = scale_set("1.0.1", size=3)
    return replace(made, tags={**made.tags, "image-run": run})


BAKED = (version("1.0.0"), replace(version("1.0.1"), tags={"check": "passed", "run": "second"}))


def test_a_set_of_a_version_that_was_deleted_and_baked_again_is_refused() -> None:
    with pytest.raises(Refused, match=r"made from another web 1\.0\.1, deleted since") as caught:
        plan_stage(surveyed(LIVE, made_from("first"), versions=BAKED), "1.0.1")
    assert str(caught.value.advice[0].command) == "invoke unstage web --version 1.0.1"
    made = next(
        step
        for step in plan_stage(surveyed(LIVE, versions=BAKED), "1.0.1").steps
        if isinstance(step, CreateScaleSet)
    )
    assert made.image_run == "second"


@pytest.mark.parametrize("run", ["second", ""])
def test_a_set_of_this_very_version_or_of_unknown_origin_stays(run: str) -> None:
    found = made_from(run) if run else scale_set("1.0.1", size=3)
    assert plan_stage(surveyed(LIVE, found, versions=BAKED), "1.0.1").is_empty
