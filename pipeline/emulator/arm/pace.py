"""At which pace an emulator works: its own, or Azure's.

By default an operation lasts as long as its work, and a poll is answered at its end. With a factor
it lasts as long as in Azure, times that: drawn between the shortest and the longest that was
recorded, most often near the median. The draw depends on the operation alone, so that the same
commands always take the same time. Polls are answered at once, with Azure's `Retry-After`.
"""

from __future__ import annotations

from pipeline.emulator.arm.clock import CLOCK
from pipeline.emulator.arm.ids import ResourceId
from pipeline.emulator.arm.kinds import Kind
from pipeline.emulator.arm.operations import Operation
from pipeline.emulator.arm.timings import ESTIMATED, Timing


class Pace:
    """The pace of one emulator; `factor` None: as long as the work takes."""

    def __init__(self, factor: float | None = None) -> None:
        self._factor = factor

    @property
    def holds_polls(self) -> bool:
        """Whether a poll is answered at the end of its operation."""
        return self._factor is None

    async def before_work(self, operation: Operation, kind: Kind) -> None:
        """Let pass what the operation takes in Azure."""
        if self._factor is not None:
            await CLOCK.sleep(timing_of(operation, kind).drawn(_name(operation)) * self._factor)

    def first_ask(self, operation: Operation, kind: Kind) -> int:
        """The `Retry-After` of the answer that accepts an operation.

        0 where the first poll waits on the server. Every client takes that: Packer's plugins poll
        at once, the SDK ignores a zero there.
        """
        if self._factor is None:
            return 0
        return _whole(timing_of(operation, kind).asks[0] * self._factor)

    def next_ask(self, operation: Operation, kind: Kind) -> int:
        """The `Retry-After` of a poll's answer while the operation runs; 1 without a factor."""
        if not self._factor:
            return 1
        elapsed = operation.elapsed / self._factor
        return _whole(timing_of(operation, kind).ask_again(elapsed) * self._factor)


def timing_of(operation: Operation, kind: Kind) -> Timing:
    """What a kind says of an operation on a resource as it is."""
    timings = kind.timings
    if operation.verb == "act":
        return timings.actions.get(operation.action, ESTIMATED)
    if operation.verb == "destroy":
        return timings.deleted
    record = kind.find(ResourceId.parse(operation.resource))
    state = record.properties.get("provisioningState") if record else None
    return (timings.changed if state == kind.updating_state else None) or timings.created


def _whole(seconds: float) -> int:
    return max(1, round(seconds))


def _name(operation: Operation) -> str:
    return f"{operation.verb} {operation.action} {operation.resource.lower()}"
