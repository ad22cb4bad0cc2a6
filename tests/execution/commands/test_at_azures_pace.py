"""A release where operations take as long as in Azure, on a clock that is moved by who waits."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from threading import Event, Thread

import pytest

from pipeline.execution.commands import swap
from pipeline.execution.commands.environment import create_environment
from pipeline.execution.run.session import Session
from pipeline.execution.swap.survey import survey_swap
from pipeline.execution.wait import Clock
from pipeline.planning.swap.status import status_of
from tests.conftest import Emulator, StartEmulator
from tests.execution.image_project import ImageProject, image_project, packer_or_skip
from tests.execution.landing_zone import at_once, landing_zone

MINUTES_FOR_TWO_VERSIONS = 12
HARDLY_LONGER = 1.1
MINUTE = 60
OFTEN = 0.2
"""Seconds of the host's clock for a minute of the emulator's, while Packer is at work."""
LOAD_BALANCER = """
  load_balancer "{name}" {{
    image = "{name}"
    rule "http" {{
      production_port = 80
      staging_port    = 8081
      backend_port    = 8080
    }}
  }}
}}
"""
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


@contextmanager
def passing(emulator: Emulator) -> Iterator[None]:
    """The emulator's clock runs ahead, for a client that goes by the host's: Packer."""
    is_over = Event()

    def move() -> None:
        while not is_over.wait(OFTEN):
            emulator.call("POST", "/emulator/clock", {"forward": MINUTE})

    mover = Thread(target=move)
    mover.start()
    try:
        yield
    finally:
        is_over.set()
        mover.join()


@pytest.mark.slow
@pytest.mark.packer
def test_the_main_job_follows_operations_that_take_their_time(
    moving: Moving, tmp_path: Path
) -> None:
    packer_or_skip()
    with passing(moving.emulator):
        project = image_project(tmp_path, moving.emulator)
        serve_it(project)
    release(project, moving)
    project.write("files/page.html", "Hello again\n")
    release(project, moving)
    swap.rollback(session(project, moving), project.image)

    status = status_of(survey_swap(project.session(), project.image))
    assert (status.serving, status.idle, status.healthy) == ("1.0.0", "1.0.1", 1)
    assert project.left_over() == []
    seen = moving.emulator.call("GET", "/emulator/operations").body["value"]
    assert {"realize", "deallocate", "destroy"} <= {one["verb"] for one in seen}


def session(project: ImageProject, moving: Moving) -> Session:
    """What a command is given, by the clock that is moved."""
    return replace(project.session(), clock=moving.clock)


def serve_it(project: ImageProject) -> None:
    """Give the image a load balancer, and make it."""
    file = project.root / "environments.hcl"
    text = file.read_text().rstrip().removesuffix("}")
    file.write_text(text + LOAD_BALANCER.format(name=project.image))
    create_environment(project.session())


def release(project: ImageProject, moving: Moving) -> None:
    """Build, stage and promote; what waits for Azure hardly waits longer than Azure takes."""
    with passing(moving.emulator):
        assert project.build().result == "built"
    for command in (swap.stage, swap.promote):
        before = operations(moving.emulator).keys()
        waited = moving.took(partial(command, session(project, moving), project.image))
        after = operations(moving.emulator)
        took = sum(seconds for name, seconds in after.items() if name not in before)
        assert 0 < waited <= HARDLY_LONGER * took
