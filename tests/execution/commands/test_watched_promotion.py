"""A promotion is watched, and taken back when production is not as it should be."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pipeline.advice import Advice, rollback, status
from pipeline.errors import NotConfirmed, UsageError, WatchFailed
from pipeline.execution.claims.history import moves
from pipeline.execution.commands import swap as commands
from pipeline.execution.commands.watching import Watching
from pipeline.execution.run.journal import Journal
from pipeline.execution.watch.answers import version_at
from pipeline.planning.watch.steps import CheckProduction
from tests.conftest import Emulator
from tests.execution.landing_zone import LandingZone, landing_zone, until, with_one_staged
from tests.execution.one_step import carry_out_one


@pytest.fixture
def zone(emulator: Emulator, tmp_path: Path) -> LandingZone:
    """A landing zone where 1.0.0 serves and 1.0.1 is staged."""
    return with_one_staged(landing_zone(tmp_path, emulator))


def serving(zone: LandingZone) -> str:
    """Which version answers on the production frontend."""
    return version_at(zone.survey().health_url("production"))


def sicken(zone: LandingZone, instances: str, **fault: object) -> None:
    """Make all instances of a scale set ill."""
    for number in range(2):
        sets = zone.survey().environment.resource_group
        path = (
            f"/emulator/machines/subscriptions/{zone.environment.subscription}/resourceGroups/{sets}"
            f"/providers/Microsoft.Compute/virtualMachineScaleSets/{instances}"
            f"/virtualMachines/{number}/sicken"
        )
        assert zone.emulator.call("POST", path, dict(fault)).status == 204


def when(words: str, happens: Callable[[], None]) -> type[Journal]:
    """A journal at whose line about the start of a step something happens."""

    class Hooked(Journal):
        def append(self, event: str, **fields: Any) -> None:
            super().append(event, **fields)
            if event == "started" and str(fields["words"]).startswith(words):
                happens()

    return Hooked


def promote(zone: LandingZone, journal: type[Journal] = Journal, **typed: Any) -> None:
    """`promote` with these options."""
    commands.promote(zone.session(journal=journal), "web", watching=Watching(**typed))


def figures(zone: LandingZone) -> dict[str, Any]:
    """The figures that the last run kept."""
    runs = (zone.root / ".pipeline" / "runs").glob("*.jsonl")
    newest = max(runs, key=lambda path: path.stat().st_mtime_ns)
    lines = [json.loads(line) for line in newest.read_text().splitlines()]
    (watched,) = [line for line in lines if line.get("event") == "watched"]
    found: dict[str, Any] = watched["figures"]
    return found


def test_every_rule_is_watched_from_before_the_swap_to_the_end_of_the_soak(
    zone: LandingZone,
) -> None:
    promote(zone, soak="3s", rate="40")
    told = zone.output
    assert "start watching http, metrics: 40 requests per second each\n" in told
    assert "verify 10 consecutive responses of metrics-staging at tcp://" in told
    assert "http-staging: 2 of 2 members up; metrics-staging: 2 of 2 members up\n" in told
    assert " http: 2 of 2 members up; metrics: 2 of 2 members up\n" in told
    assert "  watch for 3 s: at most 0 lost requests, every instance of web-1-0-1 healthy" in told
    watched = figures(zone)
    assert {rule["rule"] for rule in watched["rules"]} == {"http", "metrics"}
    assert (watched["total"]["lost"], watched["total"]["kept_alive"]["cut"]) == (0, 0)
    assert watched["total"]["sent"] >= 2 * 40 * 3
    assert {"1.0.0", "1.0.1", "tcp"} == set(watched["total"]["versions"])
    assert watched["first_answer_ms"] > 0
    assert "first answer of 1.0.1 after " in told


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ({"sickness": "failing", "share": 0.1}, "HTTP 500"),
        ({"sickness": "hanging"}, "no answer in 5 s"),
        ({"sickness": "dead"}, "connection closed"),
    ],
    ids=["500-to-a-tenth", "hanging", "dead"],
)
def test_a_version_that_breaks_during_its_soak_is_swapped_back_by_itself(
    zone: LandingZone, fault: dict[str, object], reason: str
) -> None:
    journal = when("watch for", lambda: sicken(zone, "web-1-0-1", **fault))
    with pytest.raises(WatchFailed, match=reason) as caught:
        promote(zone, journal, soak="10m")
    assert serving(zone) == "1.0.0"
    told = zone.output
    assert " FAILED " in told
    assert "Swapping back: web: " in told
    assert "Plan: roll back web 1.0.1 -> 1.0.0" in told
    assert caught.value.advice == (Advice("show the state", status()),)
    assert "Now: web 1.0.0 serves" in "".join(caught.value.__notes__)
    assert zone.status().idle_role == "rolled back"
    assert reason in figures(zone)["total"]["reasons"]
    back = moves(zone.session(), "web")[-1]
    assert (back.direction, back.after) == ("rollback", "1.0.0")
    assert reason in back.why


def test_a_version_that_hangs_as_soon_as_it_serves_is_swapped_back_without_its_soak(
    zone: LandingZone,
) -> None:
    journal = when("swap in one write", lambda: sicken(zone, "web-1-0-1", sickness="hanging"))
    with pytest.raises(WatchFailed):
        promote(zone, journal, soak="10m")
    assert serving(zone) == "1.0.0"
    assert "watch for" not in zone.output.partition("Swapping back")[0].split("FAILED")[1]


SOAK_CHECK = """\
import os
import urllib.request
import pytest

def test_the_machine(host):
    raise AssertionError("this is no fresh machine")

@pytest.mark.soak
def test_production_answers_with_the_version():
    with urllib.request.urlopen(os.environ["PRODUCTION_URL"], timeout=10) as answer:
        assert os.environ["IMAGE_VERSION"] in answer.read().decode(), "no version"
    assert "{wanted}" == os.environ["IMAGE_VERSION"]
"""


def with_soak_check(zone: LandingZone, wanted: str) -> LandingZone:
    """The same with a check of production that wants a version."""
    checks = zone.root / "images" / "web" / "checks"
    checks.mkdir(parents=True)
    (checks / "test_it.py").write_text(SOAK_CHECK.replace("{wanted}", wanted))
    folder = checks.parent
    image = replace(zone.image, folder=folder, checks=checks, has_soak_checks=True)
    return replace(zone, image=image)


def test_a_check_that_is_marked_soak_asks_production(zone: LandingZone) -> None:
    promote(with_soak_check(zone, "1.0.1"), soak="1s")
    assert "run the checks of images/web/checks that are marked `soak` against http://" in (
        told := zone.output
    )
    assert "images/web/checks: 1 passed" in told
    assert serving(zone) == "1.0.1"


def test_a_check_of_production_that_fails_leads_it_back(zone: LandingZone) -> None:
    with pytest.raises(WatchFailed, match="a check of production failed: test_production_answ"):
        promote(with_soak_check(zone, "9.9.9"), soak="10m")
    assert serving(zone) == "1.0.0"
    assert moves(zone.session(), "web")[-1].why.startswith("a check of production failed: ")


LONG = """\
import pytest, threading

@pytest.mark.soak
def test_that_never_ends():
    threading.Event().wait(600)
"""


def with_long_check(zone: LandingZone) -> LandingZone:
    """The same with a check of production that takes ten minutes."""
    changed = with_soak_check(zone, "1.0.1")
    (changed.image.checks / "test_it.py").write_text(LONG)
    return changed


def test_a_check_of_production_has_its_time(zone: LandingZone) -> None:
    long = with_long_check(zone)
    step = CheckProduction("web", "1.0.1", long.image.checks_named, "http://127.0.0.1/", 1.0)
    with pytest.raises(WatchFailed, match="images/web/checks did not end in"):
        carry_out_one(long, step)


def test_production_is_watched_while_a_check_asks_it(zone: LandingZone) -> None:
    journal = when("run the checks of", lambda: sicken(zone, "web-1-0-1", sickness="failing"))
    with pytest.raises(WatchFailed, match="lost of"):
        promote(with_long_check(zone), journal, soak="10m")
    assert serving(zone) == "1.0.0"


def test_without_a_soak_no_check_asks_production(zone: LandingZone) -> None:
    promote(with_soak_check(zone, "9.9.9"), soak="0s")
    assert serving(zone) == "1.0.1"


def test_an_instance_that_falls_ill_during_the_soak_ends_the_promotion(zone: LandingZone) -> None:
    def fall_ill() -> None:
        zone.sicken("web-1-0-1/virtualMachines/0")

    with pytest.raises(WatchFailed, match=r"1 of 2 instances healthy|requests? lost"):
        promote(zone, when("watch for", fall_ill), soak="10m", lost_budget="1000000")
    assert serving(zone) == "1.0.0"


def test_production_stays_where_it_is_when_what_it_would_go_back_to_is_not_healthy(
    zone: LandingZone,
) -> None:
    def break_both() -> None:
        sicken(zone, "web-1-0-0", sickness="unhealthy")
        until(lambda: len(zone.survey().ways_back[0].sick) == 2)
        sicken(zone, "web-1-0-1", sickness="failing", share=0.5)

    with pytest.raises(WatchFailed) as caught:
        promote(zone, when("watch for", break_both), soak="10m")
    notes = "".join(caught.value.__notes__)
    assert "Not swapped back: web-1-0-0 cannot be promoted: 0 of 2 instances healthy" in notes
    assert Advice("go back", rollback("web")) in caught.value.advice
    assert zone.survey().serving_version == "1.0.1"


def test_production_stays_where_it_is_when_that_is_asked_for(zone: LandingZone) -> None:
    journal = when("watch for", lambda: sicken(zone, "web-1-0-1", sickness="failing", share=0.5))
    with pytest.raises(WatchFailed) as caught:
        promote(zone, journal, soak="10m", no_rollback=True)
    assert zone.survey().serving_version == "1.0.1"
    assert Advice("go back", rollback("web")) in caught.value.advice
    assert "Swapping back" not in zone.output


def test_production_stays_where_another_has_led_it_meanwhile(zone: LandingZone) -> None:
    root = zone.root / "elsewhere"
    root.mkdir()
    other = replace(zone, root=root)
    journal = when("watch for", lambda: _elsewhere(other))
    with pytest.raises(WatchFailed) as caught:
        promote(zone, journal, soak="10m")
    assert "Not swapped back: web-1-0-0 serves by now." in caught.value.__notes__
    assert zone.survey().serving_version == "1.0.0"


def _elsewhere(other: LandingZone) -> None:
    other.rollback()
    sicken(other, "web-1-0-0", sickness="failing", share=0.5)


def test_a_promotion_that_cannot_prove_itself_ends_with_the_truth_and_the_command_back(
    zone: LandingZone,
) -> None:
    journal = when(
        "swap in one write", lambda: sicken(zone, "web-1-0-1", sickness="failing", share=0.5)
    )
    with pytest.raises(NotConfirmed, match=r"could not confirm 1\.0\.1 in 3 s") as caught:
        promote(zone, journal, soak="0s", lost_budget="1000000", patience="3s")
    assert Advice("go back", rollback("web")) in caught.value.advice
    assert "Now: web 1.0.1 serves" in "".join(caught.value.__notes__)


def test_a_rollback_is_watched_and_nothing_follows_from_it(zone: LandingZone) -> None:
    promote(zone)
    _ = zone.output
    zone.rollback()
    told = zone.output
    assert "start watching http, metrics: 20 requests per second each" in told
    assert "stop watching\n" in told
    assert figures(zone)["version"] == "1.0.0"


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"soak": "10"}, '--soak "10" is not a duration; it must be a whole number and s, m, h'),
        ({"patience": "0s"}, '--patience "0s" is not a patience; it must be '),
        ({"rate": "fast"}, '--rate "fast" is not a rate in requests per second; it must be '),
        ({"lost_budget": "-1"}, '--lost-budget "-1" is not a number of lost requests; it must be'),
    ],
)
def test_what_is_typed_is_judged_as_what_is_written(
    emulator: Emulator, tmp_path: Path, typed: dict[str, Any], words: str
) -> None:
    zone = landing_zone(tmp_path, emulator)  # judged before anything is asked
    with pytest.raises(UsageError) as caught:
        promote(zone, **typed)
    assert str(caught.value).startswith(words)
