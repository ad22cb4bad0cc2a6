"""How long operations take, and when clients are told to ask again."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.emulator.arm.ids import ResourceId
from pipeline.emulator.arm.kinds import Kind
from pipeline.emulator.arm.manager import ResourceManager
from pipeline.emulator.arm.operations import Operation, Verb
from pipeline.emulator.arm.pace import timing_of
from pipeline.emulator.arm.store import Record, Store
from pipeline.emulator.arm.timings import ESTIMATED, Timing, Timings

TYPE = "Microsoft.Compute/widgets"
WIDGET = f"/subscriptions/s/resourceGroups/g/providers/{TYPE}/web"
CREATED, CHANGED = Timing(40, 76, 202, (10, 61, 30)), Timing(0.1, 0.1, 12)
DELETED, RESTARTED = Timing(30, 60, 120), Timing(50, 68, 80)


class Widgets(Kind):
    """A kind that says how long everything takes."""

    type = TYPE
    timings = Timings(CREATED, CHANGED, DELETED, {"restart": RESTARTED})


class Gadgets(Kind):
    """A kind that says how long creation takes, and nothing else."""

    type = TYPE
    timings = Timings(created=CREATED)


@pytest.fixture
def manager(tmp_path: Path) -> ResourceManager:
    """A manager without providers."""
    return ResourceManager(Store(tmp_path / "store"))


def taken(kind: Kind, verb: Verb, state: str = "Creating", action: str = "") -> Timing:
    """What an operation on a resource in that state takes."""
    identifier = ResourceId.parse(WIDGET)
    kind.save(Record(identifier, {"properties": {"provisioningState": state}}))
    return timing_of(Operation("1", WIDGET, "westeurope", verb, action), kind)


@pytest.mark.parametrize(
    ("elapsed", "ask"), [(0, 10), (9, 10), (10, 61), (70, 61), (71, 30), (101, 30), (9000, 30)]
)
def test_clients_are_told_one_wait_after_the_other(elapsed: float, ask: int) -> None:
    assert CREATED.ask_again(elapsed) == ask


def test_each_operation_takes_what_its_kind_says(manager: ResourceManager) -> None:
    widgets = Widgets(manager)
    assert taken(widgets, "realize") == CREATED
    assert taken(widgets, "realize", "Updating") == CHANGED
    assert taken(widgets, "destroy") == DELETED
    assert taken(widgets, "act", action="restart") == RESTARTED


def test_what_nobody_recorded_is_estimated(manager: ResourceManager) -> None:
    gadgets = Gadgets(manager)
    assert taken(gadgets, "realize", "Updating") == CREATED
    assert taken(gadgets, "destroy") == ESTIMATED
    assert taken(gadgets, "act", action="restart") == ESTIMATED
    assert taken(Kind(manager), "realize") == ESTIMATED


def test_the_same_operation_takes_the_same_time_within_what_was_recorded() -> None:
    timing = Timing(1, 2, 30)
    drawn = {name: timing.drawn(name) for name in map(str, range(200))}
    assert all(1 <= seconds <= 30 for seconds in drawn.values())
    assert len(set(drawn.values())) > 100
    assert drawn["7"] == timing.drawn("7")
