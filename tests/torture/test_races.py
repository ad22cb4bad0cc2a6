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


@pytest.mark.slow
def test_production_stays_right_while_many_change_it(
    tmp_path: Path, emulator: Emulator, pytestconfig: pytest.Config
) -> None:
    """One machine of every third round is killed at some moment."""
    rounds, seed = pytestconfig.getoption("rounds"), pytestconfig.getoption("seed")
    races = Races(two_images(tmp_path, emulator), random.Random(seed))  # noqa: S311 - no secret
    races.prepare()

    for number in range(1, (rounds or SAMPLE) + 1):
        wrongs = races.round(machines=0 if rounds else MACHINES, kills=int(number % 3 == 0))
        assert not wrongs, "\n".join([f"seed {seed}, round {number}", *wrongs])
    print(f"seed {seed}: {races}")  # noqa: T201 - figures of `make torture`
    assert races.looks > 10 * (rounds or SAMPLE)
