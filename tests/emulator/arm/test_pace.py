"""How long operations take, and when clients are told to ask again."""

from __future__ import annotations

import pytest

from pipeline.emulator.arm.ids import ResourceId
from pipeline.emulator.arm.operations import Operation, Verb
from pipeline.emulator.arm.pace import CHANGED, CREATED, ESTIMATED, Timing, timing_of
from pipeline.emulator.arm.store import Record

SET = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/virtualMachineScaleSets/web"


def operation(verb: Verb = "realize", action: str = "", resource: str = SET) -> Operation:
    """An operation on a scale set."""
    return Operation("1", resource, "westeurope", verb, action)


def record(state: str) -> Record:
    """The scale set in that state."""
    return Record(ResourceId.parse(SET), {"properties": {"provisioningState": state}})


@pytest.mark.parametrize(
    ("elapsed", "ask"), [(0, 10), (9, 10), (10, 61), (70, 61), (71, 30), (101, 30), (9000, 30)]
)
def test_clients_are_told_what_was_recorded_of_a_scale_sets_creation(
    elapsed: float, ask: int
) -> None:
    timing = timing_of(operation(), record("Creating"))
    assert timing == CREATED["microsoft.compute/virtualmachinescalesets"]
    assert timing.ask_again(elapsed) == ask


def test_what_is_changed_takes_another_time_than_what_is_made() -> None:
    changed = timing_of(operation(), record("Updating"))
    assert changed == CHANGED["microsoft.compute/virtualmachinescalesets"]
    assert timing_of(operation("destroy"), None).longest > changed.longest
    assert timing_of(operation("act", "restart"), None).usual > changed.usual
    assert timing_of(operation("act", "reimage"), None) == ESTIMATED
    network = operation(resource=SET.replace("virtualMachineScaleSets", "unheardOf"))
    assert timing_of(network, None) == ESTIMATED


def test_the_same_operation_takes_the_same_time_within_what_was_recorded() -> None:
    timing = Timing(1, 2, 30)
    drawn = {name: timing.drawn(name) for name in map(str, range(200))}
    assert all(1 <= seconds <= 30 for seconds in drawn.values())
    assert len(set(drawn.values())) > 100
    assert drawn["7"] == timing.drawn("7")
