"""Steps of staging and swaps that meet something else than the plan saw. Real SDK."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from pipeline.advice import Advice, rollback, status
from pipeline.errors import (
    NotConfirmed,
    Overtaken,
    Refused,
    StillRunning,
    Unreachable,
    WatchFailed,
)
from pipeline.execution.azure.requests import delete
from pipeline.execution.commands import swap
from pipeline.execution.commands.watching import Watching
from pipeline.execution.run.journal import Journal
from pipeline.execution.wait import Clock
from pipeline.planning.names import image_version_id, load_balancer_id, scale_set_id
from pipeline.planning.swap.steps import AwaitHealthy, RewriteLoadBalancer
from tests.conftest import Emulator
from tests.execution.landing_zone import LandingZone, landing_zone, until, with_one_staged
from tests.execution.one_step import carry_out_one


@pytest.fixture
def zone(tmp_path: Path, emulator: Emulator) -> LandingZone:
    """A landing zone where 1.0.0 serves and 1.0.1 is staged."""
    return with_one_staged(landing_zone(tmp_path, emulator, capacity=1))


def minutes() -> Clock:
    """A clock on which a minute passes at each look, and waiting costs nothing."""
    ticks = itertools.count(0.0, 60.0)
    return Clock(lambda: next(ticks), lambda seconds: None)


def test_patience_with_instances_ends_with_what_was_measured(zone: LandingZone) -> None:
    resource = scale_set_id(zone.environment, "web-1-0-1")
    with pytest.raises(StillRunning, match=r"web-1-0-1 \(1 of 1 instances healthy\)") as caught:
        carry_out_one(zone, AwaitHealthy(resource, 2), minutes())
    assert caught.value.exit_code == 3
    assert "wait until 2 of 2 instances" in zone.output


def test_what_was_measured_is_told_and_not_what_was_hoped_for(zone: LandingZone) -> None:
    resource = scale_set_id(zone.environment, "web-1-0-1")
    told = carry_out_one(zone, AwaitHealthy(resource, 1))
    assert " ok      1  web-1-0-1: 1 of 1 instances healthy\n" in told


def test_a_load_balancer_whose_write_failed_is_written_again_as_it_is(zone: LandingZone) -> None:
    resource = load_balancer_id(zone.environment, "front")
    writes = zone.writes("loadBalancers/front")
    before = zone.load_balancer()["properties"]["loadBalancingRules"]
    carry_out_one(zone, RewriteLoadBalancer(resource))
    assert zone.writes("loadBalancers/front") == writes + 1
    after = zone.load_balancer()["properties"]["loadBalancingRules"]
    assert [rule["name"] for rule in after] == [rule["name"] for rule in before]


def test_a_load_balancer_that_is_gone_is_not_written(zone: LandingZone) -> None:
    resource = load_balancer_id(zone.environment, "other")
    with pytest.raises(Overtaken, match="someone deleted it since the plan was made"):
        carry_out_one(zone, RewriteLoadBalancer(resource))


def breaking_at_the_swap(zone: LandingZone) -> type[Journal]:
    """A journal that breaks the staged version as soon as Azure has accepted the swap."""

    class BreakingJournal(Journal):
        """Breaks it once: only the swap sends a request."""

        def append(self, event: str, **fields: object) -> None:
            super().append(event, **fields)
            if event == "accepted":
                zone.sicken("web-1-0-1/virtualMachines/0")

    return BreakingJournal


@pytest.mark.slow
def test_a_promotion_that_breaks_production_tells_what_serves_and_the_way_back(
    zone: LandingZone,
) -> None:
    session = zone.session(journal=breaking_at_the_swap(zone), clock=minutes())
    with pytest.raises((NotConfirmed, WatchFailed)) as caught:
        swap.promote(session, "web", watching=Watching(no_rollback=True))
    assert Advice("go back", rollback("web")) in caught.value.advice
    assert Advice("show the state", status()) in caught.value.advice
    assert any(note.startswith("Now: web 1.0.1 serves") for note in caught.value.__notes__)

    zone.rollback()
    assert zone.status().serving == "1.0.0"


@pytest.mark.slow
def test_a_swap_whose_answers_are_lost_tells_what_serves_and_the_way_back(
    zone: LandingZone,
) -> None:
    path = f"{zone.environment.resource_group}/.*/front$"
    zone.fault({"method": "PUT", "path": path}, {"drop": True}, times=99)
    with pytest.raises(Unreachable, match="Azure did not answer") as caught:
        zone.promote()
    assert Advice("go back", rollback("web")) in caught.value.advice
    assert any(note.startswith("Now: web 1.0.0 serves") for note in caught.value.__notes__)


def test_a_version_that_was_rolled_back_is_gone_and_back_again(zone: LandingZone) -> None:
    zone.promote()
    zone.rollback()
    resource = scale_set_id(zone.environment, "web-1-0-1")
    zone.session().azure.begin(delete(resource)).result()
    until(lambda: zone.session().azure.get(resource) is None)
    zone.rollback(to="1.0.1")
    assert zone.status().serving == "1.0.1"


def test_a_way_back_that_is_gone_is_made_again(zone: LandingZone) -> None:
    zone.promote()
    resource = scale_set_id(zone.environment, "web-1-0-0")
    zone.session().azure.begin(delete(resource)).result()
    zone.rollback()
    assert zone.status().serving == "1.0.0"


def test_a_swap_is_told_by_its_tags_wherever_they_are_looked_for(zone: LandingZone) -> None:
    zone.promote()
    zone.rollback()
    azure = zone.session().azure
    tags = {
        name: (azure.get(scale_set_id(zone.environment, name)) or {})["tags"]
        for name in ("web-1-0-0", "web-1-0-1")
    }
    assert {"served-since", "served-until", "swap-seconds"} <= tags["web-1-0-0"].keys()
    assert {"served-since", "served-until", "rolled-back"} <= tags["web-1-0-1"].keys()
    version = azure.get(image_version_id(zone.environment, "web", "1.0.1")) or {}
    assert version["tags"]["rolled-back"] == tags["web-1-0-1"]["rolled-back"]
    with pytest.raises(Refused, match="was rolled back"):
        zone.promote()
    zone.promote(again=True)
    assert (
        "rolled-back"
        not in (azure.get(image_version_id(zone.environment, "web", "1.0.1")) or {})["tags"]
    )


def test_without_the_tags_of_the_load_balancer_no_role_is_lost(zone: LandingZone) -> None:
    zone.promote()
    before = zone.status()
    zone.write_load_balancer(lambda body: body.update(tags={"theirs": "only"}))
    now = zone.status()
    assert (now.serving, now.idle, now.idle_role) == ("1.0.1", "1.0.0", "previous")
    assert (now.since, now.way_back) == (before.since, "ready")
    zone.rollback()
    zone.write_load_balancer(lambda body: body.update(tags={"theirs": "only"}))
    assert zone.status().idle_role == "rolled back"


def test_what_cannot_be_recorded_is_told_and_no_failure(zone: LandingZone) -> None:
    zone.fault(
        {"method": "PATCH", "path": f"{zone.environment.resource_group}/.*/web-1-0-1$"},
        {"fail": {"code": "ScopeLocked", "message": "It is locked.", "status": 409}},
    )
    zone.promote()
    assert "not recorded: " in zone.output
    assert zone.status().serving == "1.0.1"
    zone.promote()
    assert "record the swap on web-1-0-1" in zone.output
    zone.fault(
        {"operation": "virtualMachineScaleSets .*/web-1-0-1$"},
        {"fail": {"code": "InternalServerError", "message": "It failed."}},
    )
    zone.rollback()
    assert "not recorded: " in zone.output
    zone.rollback()  # what failed is sent again
    assert "record the swap on web-1-0-0, web-1-0-1" in zone.output
    assert {one.provisioning_state for one in zone.survey().scale_sets} == {"Succeeded"}
