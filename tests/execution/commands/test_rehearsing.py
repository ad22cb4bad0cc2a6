"""A rehearsal of a rollback: staging there and back under traffic, and production untouched."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.errors import ImagesFailed, Refused, WatchFailed
from pipeline.execution.commands import swap as commands
from pipeline.execution.commands.nightly import nightly
from pipeline.execution.commands.rehearse import rehearse
from pipeline.execution.run.session import Session
from tests.conftest import Emulator
from tests.execution.commands.test_dying import MortalJournal, known, production, survive
from tests.execution.commands.test_watched_promotion import figures, sicken, when
from tests.execution.landing_zone import LandingZone, at_once, landing_zone

BRIEF = 10.0
"""Seconds that a rule may take to answer: here it never does."""


@pytest.fixture
def zone(emulator: Emulator, tmp_path: Path) -> LandingZone:
    """A landing zone where 1.0.1 serves, and 1.0.0 is its way back, at staging."""
    made = at_once(landing_zone(tmp_path, emulator))
    made.create()
    made.add_versions("1.0.0", "1.0.1", "1.0.2")
    made.serve("1.0.0")
    made.serve("1.0.1")
    _ = made.output
    return made


def test_staging_goes_there_and_back_and_how_long_that_took_is_told(zone: LandingZone) -> None:
    before = zone.load_balancer()
    writes = zone.writes("loadBalancers/front")

    seconds = rehearse(zone.session(), "web")

    told, after = zone.output, zone.load_balancer()
    assert zone.writes("loadBalancers/front") == writes + 2
    assert known(after) == known(before)
    assert seconds is not None
    assert f"the write took {seconds:.1f} s" in told
    assert "web: a rollback to 1.0.0 is rehearsed; 1.0.1 served meanwhile" in told
    found = figures(zone)
    assert found["first_answer_ms"] > 0
    assert set(found["total"]["versions"]) <= {"1.0.0", "tcp"}
    commands.status(zone.session(), "web")
    assert f"ready, {seconds:.1f} s, rehearsed " in zone.output


def test_what_is_staged_is_there_again_afterwards(zone: LandingZone) -> None:
    zone.stage("1.0.2")
    rehearse(zone.session(), "web")
    found, status = figures(zone), zone.status()
    assert {"1.0.0", "1.0.2"} <= set(found["total"]["versions"])
    assert found["total"]["lost"] == 0
    assert (status.serving, status.idle, status.idle_role) == ("1.0.1", "1.0.2", "staged")
    assert zone.status().rehearsed


def test_what_is_only_planned_leads_nothing(zone: LandingZone) -> None:
    writes = zone.writes("")
    assert rehearse(zone.session(plan_only=True), "web") is None
    assert "Plan: rehearse web 1.0.1 -> 1.0.0" in zone.output
    assert zone.writes("") == writes


def test_a_way_back_that_fails_is_found_out_and_staging_goes_home(zone: LandingZone) -> None:
    zone.stage("1.0.2")
    before = production(zone.load_balancer())
    failing = when(
        "lead http-staging, metrics-staging to web-1-0-0",
        lambda: sicken(zone, "web-1-0-0", sickness="failing", share=0.5),
    )
    with pytest.raises(WatchFailed, match="HTTP 500"):
        rehearse(zone.session(journal=failing), "web")
    assert production(zone.load_balancer()) == before
    assert "web-rehearsing" not in zone.load_balancer()["tags"]
    status = zone.status()
    assert (status.serving, status.idle, status.rehearsed) == ("1.0.1", "1.0.2", "")


@pytest.mark.slow
def test_a_rehearsal_survives_dying_anywhere(zone: LandingZone) -> None:
    zone.stage("1.0.2")
    before = zone.load_balancer()
    session = zone.session(journal=MortalJournal)

    assert survive(session, rehearsal) >= 10

    after = zone.load_balancer()
    assert known(after) == known(before)
    assert zone.status().rehearsed


def rehearsal(session: Session) -> None:
    """`rehearse web`."""
    rehearse(session, "web")


def asking(zone: LandingZone) -> LandingZone:
    """The same, whose image.hcl says promote.rehearse."""
    promotion = replace(zone.image.promotion, rehearse=True)
    return replace(zone, image=replace(zone.image, promotion=promotion))


def test_nightly_rehearses_where_that_is_asked_for(zone: LandingZone) -> None:
    with pytest.raises(ImagesFailed, match=r"^1 of 1 images failed: web$"):
        nightly(asking(zone).session())  # nothing can be baked here; the rollback is tried

    told = " ".join(zone.output.split())
    assert "web 1.0.1 rehearsed a rollback leads back in " in told
    assert zone.status().rehearsed


def test_nightly_says_whose_way_back_does_not_work(zone: LandingZone) -> None:
    sick = when("lead http-staging", lambda: sicken(zone, "web-1-0-0", sickness="dead"))
    asked = asking(zone)
    impatient = replace(asked.image.promotion, patience=BRIEF)
    asked = replace(asked, image=replace(asked.image, promotion=impatient))
    with pytest.raises(ImagesFailed, match="a rollback could not be rehearsed: web") as caught:
        nightly(asked.session(journal=sick))
    assert "invoke rehearse web" in [str(advice.command) for advice in caught.value.advice]


def test_without_a_way_back_nightly_says_nothing(zone: LandingZone, tmp_path: Path) -> None:
    with pytest.raises(Refused, match="there is no way back"):
        fresh = at_once(landing_zone(tmp_path / "fresh", zone.emulator))
        fresh.create()
        fresh.add_versions("1.0.0")
        fresh.serve("1.0.0")
        rehearse(fresh.session(), "web")
    with pytest.raises(ImagesFailed, match=r"^1 of 1 images failed: web$"):
        nightly(asking(fresh).session())
    assert "rehears" not in fresh.output.partition("Plan: rehearse")[2]
