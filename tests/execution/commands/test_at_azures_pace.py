"""A release where operations take as long as in Azure, on a clock that is moved by who waits."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path

import pytest

from pipeline.execution.wait import Clock
from tests.conftest import Emulator, StartEmulator
from tests.execution.image_project import image_project, packer_or_skip
from tests.execution.landing_zone import at_once, landing_zone

MINUTES_FOR_TWO_VERSIONS = 12
HARDLY_LONGER = 1.1
TOO_MANY = 429


@dataclass
class Moving:
    """A clock whose waits move the emulator's as well; nobody sleeps."""

    emulator: Emulator
    ahead: float = 0.0

    @property
    def clock(self) -> Clock:
        """As the waiting sees it."""
        return Clock(lambda: time.monotonic() + self.ahead, self.forward)

    def forward(self, seconds: float) -> None:
        """Time passes, here and there."""
        self.ahead += seconds
        assert self.emulator.call("POST", "/emulator/clock", {"forward": seconds}).status == 200

    def took(self, command: Callable[[], None]) -> float:
        """Seconds that a command waits."""
        before = self.ahead
        command()
        return self.ahead - before


@pytest.fixture
def moving(start_emulator: StartEmulator) -> Iterator[Moving]:
    """An emulator at Azure's pace, and the clock that drives it."""
    yield Moving(start_emulator("--latency", "recorded"))


def operations(emulator: Emulator) -> dict[str, float]:
    """How long the operations took so far, by their resource, verb and beginning."""
    return {
        f"{one['verb']} {one['resource']} {one['acceptedAt']}": (
            datetime.fromisoformat(one["endedAt"]) - datetime.fromisoformat(one["acceptedAt"])
        ).total_seconds()
        for one in emulator.call("GET", "/emulator/operations").body["value"]
        if one["endedAt"]
    }


@pytest.mark.slow
def test_a_release_takes_hardly_longer_than_its_operations(moving: Moving, tmp_path: Path) -> None:
    made = landing_zone(tmp_path / "zone", moving.emulator)
    zone = replace(at_once(made), clock=moving.clock)
    moving.emulator.call("POST", "/emulator/rates", {"recorded": True})
    zone.create()
    zone.add_versions("1.0.0", "1.0.1")
    assert moving.ahead > MINUTES_FOR_TWO_VERSIONS * 60
    zone.serve("1.0.0")

    for command in (partial(zone.stage, "1.0.1"), zone.promote):
        before = operations(moving.emulator).keys()
        waited = moving.took(command)
        after = operations(moving.emulator)
        took = sum(seconds for name, seconds in after.items() if name not in before)
        assert 0 < waited <= HARDLY_LONGER * took
    assert zone.status().serving == "1.0.1"
    seen = moving.emulator.call("GET", "/emulator/requests").body["value"]
    assert not [one for one in seen if one["status"] == TOO_MANY]


@pytest.mark.nightly
@pytest.mark.slow
@pytest.mark.packer
def test_a_bake_follows_operations_that_take_their_time(
    start_emulator: StartEmulator, tmp_path: Path
) -> None:
    packer_or_skip()  # Packer goes by the host's clock: all is a hundred times as fast
    emulator = start_emulator("--latency", "recorded:0.01")
    project = image_project(tmp_path, emulator)
    assert project.build().result == "built"
    assert project.versions()["1.0.0"].is_eligible
    assert project.left_over() == []
    seen = emulator.call("GET", "/emulator/operations").body["value"]
    verbs = {one["verb"] for one in seen}
    assert {"realize", "deallocate", "destroy"} <= verbs
