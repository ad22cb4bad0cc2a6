"""Random commands on many machines: production never answers as it should not."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.conftest import Emulator
from tests.torture.project import two_images
from tests.torture.races import Races

SAMPLE = 3
"""Rounds in `make test`."""
MACHINES = 3
"""Machines of a round in `make test`."""
COMMANDS = 10
"""Commands of a machine, one after another, in a round of `make torture`."""
KILLED = 0.5
"""The share of them that is killed: of 100 rounds about a thousand commands."""


@pytest.mark.nightly
@pytest.mark.slow
def test_production_stays_right_while_many_change_it(
    tmp_path: Path, emulator: Emulator, pytestconfig: pytest.Config
) -> None:
    """In `make test` few are killed; in `make torture` every second one."""
    rounds, seed = pytestconfig.getoption("rounds"), pytestconfig.getoption("seed")
    races = Races(two_images(tmp_path, emulator), random.Random(seed))  # noqa: S311 - no secret
    races.prepare()

    for number in range(1, (rounds or SAMPLE) + 1):
        wrongs = (
            races.round(commands=COMMANDS, killed=KILLED)
            if rounds
            else races.round(machines=MACHINES, killed=KILLED / SAMPLE)
        )
        assert not wrongs, "\n".join([f"seed {seed}, round {number}", *wrongs])
        if rounds:
            print(f"round {number} of {rounds}: {races.killed} killed")  # noqa: T201 - takes long
    print(f"seed {seed}: {races}")  # noqa: T201 - figures of `make torture`
    assert races.looks > 10 * (rounds or SAMPLE)
