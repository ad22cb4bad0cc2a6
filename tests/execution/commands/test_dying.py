"""Killed at any line of the journal, a command goes on and ends where an unbroken one ends."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import pytest

from pipeline.execution.commands import swap as commands
from pipeline.execution.commands.environment import create_environment, destroy_environment
from pipeline.execution.run.journal import Journal
from pipeline.execution.run.session import Session
from pipeline.planning.writable import writable
from tests.conftest import Emulator
from tests.execution.landing_zone import LandingZone, landing_zone

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


@pytest.mark.slow
def test_destroying_an_environment_survives_dying_anywhere(mortal: LandingZone) -> None:
    mortal.create()
    session = mortal.session(journal=MortalJournal)
    name = mortal.environment.name

    assert survive(session, lambda it: destroy_environment(it, name)) >= 3

    assert session.azure.group(mortal.environment.resource_group) is None
