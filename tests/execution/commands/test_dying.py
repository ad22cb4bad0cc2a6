"""Killed at any line of the journal, a command goes on and ends where an unbroken one ends."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import pytest

from pipeline.execution.azure.requests import delete, patch
from pipeline.execution.commands import prune as prune_commands
from pipeline.execution.commands import roll as roll_commands
from pipeline.execution.commands import swap as commands
from pipeline.execution.commands.environment import create_environment, destroy_environment
from pipeline.execution.commands.watching import Watching
from pipeline.execution.run.journal import Journal
from pipeline.execution.run.session import Session
from pipeline.planning.names import scale_set_id
from pipeline.planning.roll.steps import RollWish
from pipeline.planning.writable import writable
from tests.conftest import Emulator
from tests.execution.landing_zone import LandingZone, at_once, landing_zone

MOST_RUNS = 200


class Crash(BaseException):
    """Not an Exception, so that no handler can tidy up: the process is gone."""


class MortalJournal(Journal):
    """Dies once before and once after each line that a step can write, in one run after another."""

    died: ClassVar[set[tuple[str, str, bool]]] = set()

    def append(self, event: str, **fields: object) -> None:
        step = str(fields.get("step", ""))
        self._perhaps_die(event, step, False)
        super().append(event, **fields)
        self._perhaps_die(event, step, True)

    def _perhaps_die(self, event: str, step: str, written: bool) -> None:
        death = (event, step, written)
        if step and death not in self.died:
            self.died.add(death)
            raise Crash(*death)


def survive(session: Session, command: Callable[[Session], None]) -> int:
    """Run the command again after each death, until it ends well; answers how often it died."""
    MortalJournal.died.clear()
    for deaths in range(MOST_RUNS):
        try:
            command(session)
        except Crash:
            continue
        return deaths
    raise AssertionError("it never ends")


def known(body: dict[str, Any]) -> dict[str, Any]:
    """A resource without what differs between two makings of the same: run and time."""
    tags = {k: v for k, v in body["tags"].items() if k != "run" and not k.endswith("-since")}
    return {**writable(body), "tags": tags}


def production(body: dict[str, Any]) -> list[dict[str, Any]]:
    """The rules that users reach."""
    rules = known(body)["properties"]["loadBalancingRules"]
    return [rule for rule in rules if not rule["name"].endswith("-staging")]


@pytest.fixture
def mortal(tmp_path: Path, emulator: Emulator) -> LandingZone:
    """A landing zone whose commands are to be killed."""
    return landing_zone(tmp_path / "mortal", emulator)


@pytest.mark.slow
def test_create_environment_survives_dying_anywhere(mortal: LandingZone) -> None:
    session = mortal.session(journal=MortalJournal)
    deaths = survive(session, create_environment)

    assert deaths >= 3 * 9
    assert mortal.writes("") == 11
    _ = mortal.output
    mortal.create()
    assert "nothing to do" in mortal.output


@pytest.mark.slow
def test_staging_and_swapping_survive_dying_anywhere(mortal: LandingZone) -> None:
    mortal.create()
    mortal.add_versions("1.0.0", "1.0.1")
    session = mortal.session(journal=MortalJournal)

    assert survive(session, lambda it: commands.stage(it, "web", "1.0.0")) >= 3
    assert survive(session, lambda it: commands.promote(it, "web")) >= 3
    unbroken = mortal.load_balancer()
    assert mortal.status().serving == "1.0.0"
    assert mortal.writes("virtualMachineScaleSets/") == 1

    mortal.stage()
    assert survive(session, lambda it: commands.promote(it, "web")) >= 3
    assert (mortal.status().serving, mortal.status().idle) == ("1.0.1", "1.0.0")
    assert survive(session, lambda it: commands.rollback(it, "web")) >= 3
    assert (mortal.status().serving, mortal.status().idle) == ("1.0.0", "1.0.1")

    assert production(mortal.load_balancer()) == production(unbroken)
    assert mortal.writes("loadBalancers/front") == 8


@pytest.fixture
def served(tmp_path: Path, emulator: Emulator) -> LandingZone:
    """1.0.1 serves and 1.0.0 did before; what left production may go at once."""
    made = at_once(landing_zone(tmp_path / "mortal", emulator, capacity=1))
    made.create()
    made.add_versions("1.0.0", "1.0.1")
    for version in ("1.0.0", "1.0.1"):
        made.serve(version)
    return made


def assert_nothing_left(zone: LandingZone) -> None:
    """No scale set without its pool, no pool without its scale set."""
    pools = {pool["name"] for pool in zone.load_balancer()["properties"]["backendAddressPools"]}
    found = zone.session().azure.list_in_group("Microsoft.Compute/virtualMachineScaleSets")
    assert {name for name in pools if name.startswith("web-1-")} == {one["name"] for one in found}


@pytest.mark.slow
@pytest.mark.parametrize("previous", ["scaled down", "gone"])
def test_rolling_back_survives_dying_anywhere(served: LandingZone, previous: str) -> None:
    azure, before = served.session().azure, scale_set_id(served.environment, "web-1-0-0")
    if previous == "scaled down":
        azure.begin(patch(before, {"sku": {"capacity": 0}})).result()
    if previous == "gone":
        azure.begin(delete(before)).result()
    session = served.session(journal=MortalJournal)
    writes = served.writes("loadBalancers/front")

    assert survive(session, lambda it: commands.rollback(it, "web", "1.0.0")) >= 3

    assert (served.status().serving, served.status().idle) == ("1.0.0", "1.0.1")
    assert served.writes("loadBalancers/front") == writes + 1
    assert served.survey().live_capacity == 1
    assert_nothing_left(served)


@pytest.mark.slow
def test_unstaging_survives_dying_anywhere(served: LandingZone) -> None:
    served.add_versions("1.0.2")
    served.stage("1.0.2")
    session = served.session(journal=MortalJournal)

    assert survive(session, lambda it: prune_commands.unstage(it, "web", "1.0.2")) >= 9

    found = served.survey()
    assert (found.serving_version, found.of_version("1.0.2")) == ("1.0.1", None)
    assert [one.version for one in found.ways_back] == ["1.0.0"]
    assert_nothing_left(served)


@pytest.mark.slow
def test_pruning_survives_dying_anywhere(served: LandingZone) -> None:
    served.add_versions("1.0.2")
    served.serve("1.0.2")
    session = served.session(journal=MortalJournal)

    assert survive(session, lambda it: prune_commands.prune(it, "web")) >= 9

    assert (served.status().serving, served.status().idle) == ("1.0.2", "1.0.1")
    assert served.session().azure.get(scale_set_id(served.environment, "web-1-0-0")) is None
    assert_nothing_left(served)
    _ = served.output
    served.prune()
    assert "nothing to do" in served.output


@pytest.mark.slow
def test_destroying_an_environment_survives_dying_anywhere(mortal: LandingZone) -> None:
    mortal.create()
    session = mortal.session(journal=MortalJournal)
    name = mortal.environment.name

    assert survive(session, lambda it: destroy_environment(it, name)) >= 3

    assert session.azure.group(mortal.environment.resource_group) is None


@pytest.mark.slow
@pytest.mark.nightly
def test_a_roll_survives_dying_anywhere(mortal: LandingZone) -> None:
    zone = at_once(mortal)
    zone.create()
    zone.add_versions("1.0.0", "1.0.1")
    zone.serve("1.0.0")

    def roll(session: Session) -> None:
        watching = Watching(lost_budget="99999")
        roll_commands.roll(session, "web", RollWish("1.0.1"), watching=watching)

    deaths = survive(zone.session(journal=MortalJournal), roll)

    assert deaths >= 2 * 10
    found = zone.survey().serving.scale_set
    assert found is not None
    assert {str(one.made_from) for one in found.instances} == {"1.0.1"}
    assert zone.survey().taken_out == frozenset()
    assert not zone.status().degraded
    _ = zone.output
    zone.roll("1.0.1")
    assert "nothing to do" in zone.output
