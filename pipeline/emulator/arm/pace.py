"""How long operations take, and when clients are told to ask again.

By default an operation lasts as long as its work, and a poll is answered at its end. With
`recorded` it lasts as long as in Azure: drawn between the shortest and the longest that was
recorded, most often near the median. The draw depends on the operation alone, so that the same
commands always take the same time. Polls are answered at once, with Azure's `Retry-After`.

Figures are recorded durations in seconds (azure-cli and azure-service-operator recordings of 2019
to 2026, a handful each); where none is recorded they are our estimate, and say so.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate
from random import Random

from pipeline.emulator.arm.clock import CLOCK
from pipeline.emulator.arm.ids import ResourceId
from pipeline.emulator.arm.operations import Operation
from pipeline.emulator.arm.store import Record


@dataclass(frozen=True, slots=True)
class Timing:
    """How long one kind of operation takes; `asks` are the values of `Retry-After`, in order.

    The last of them is repeated.
    """

    shortest: float
    usual: float
    longest: float
    asks: tuple[int, ...] = (10,)

    def drawn(self, name: str) -> float:
        """The duration of the operation of that name."""
        return Random(name).triangular(self.shortest, self.longest, self.usual)  # noqa: S311

    def ask_again(self, elapsed: float) -> int:
        """The `Retry-After` of an answer so many seconds after the first."""
        due = zip(accumulate(self.asks), self.asks[1:], strict=False)
        return next((wait for at, wait in reversed(list(due)) if elapsed >= at), self.asks[0])


_COMPUTE = (10, 61, 30)
"""Of the creation of a scale set, recorded in 2026."""
ESTIMATED = Timing(1.0, 2.0, 6.0)
"""Of what nobody recorded: networks, interfaces, security groups, extensions, record sets."""
CREATED: dict[str, Timing] = {
    "microsoft.network/publicipaddresses": Timing(1, 2.5, 4, (1, 2)),
    "microsoft.network/loadbalancers": Timing(3, 6.75, 15, (3, 10, 20)),
    "microsoft.network/networksecuritygroups": Timing(1, 2, 6, (3, 10)),
    "microsoft.compute/virtualmachines": Timing(45, 58, 90, _COMPUTE),
    "microsoft.compute/virtualmachinescalesets": Timing(39.8, 75.8, 201.7, _COMPUTE),
    "microsoft.compute/images": Timing(5.1, 7.6, 10.1, (10,)),
    "microsoft.compute/galleries": Timing(0.03, 0.5, 2.0),
    "microsoft.compute/galleries/images/versions": Timing(360.5, 450.8, 541.1, (10, 30)),
    "microsoft.compute/snapshots": Timing(0.45, 0.47, 0.5),
}
"""A load balancer without members is done in its first answer, as recorded, and takes nothing."""
CHANGED: dict[str, Timing] = {
    "microsoft.compute/virtualmachinescalesets": Timing(0.14, 0.14, 11.86, _COMPUTE),
    "microsoft.compute/galleries/images/versions": Timing(5, 10, 20, (10, 30)),
}
"""Of changes of what is there: a scale set's model; a version's tags, which is estimated."""
DELETED: dict[str, Timing] = {
    "microsoft.network/loadbalancers": Timing(1, 6, 12),
    "microsoft.compute/virtualmachinescalesets": Timing(30, 60, 120),
    "microsoft.compute/galleries/images/versions": Timing(10, 20, 40, (60,)),
}
"""Those of scale sets that run and of versions are estimated."""
ACTIONS: dict[str, Timing] = {
    "deallocate": Timing(51.2, 75, 99.2, _COMPUTE),
    "poweroff": Timing(8, 10.4, 13, _COMPUTE),
    "restart": Timing(50, 67.6, 80, _COMPUTE),
    "manualupgrade": Timing(8, 10.6, 14, _COMPUTE),
    "runcommand": Timing(15, 19.3, 25, _COMPUTE),
}
_CHANGING = "Updating"


class Pace:
    """The pace of one emulator; `factor` None: as long as the work takes."""

    def __init__(self, factor: float | None = None) -> None:
        self._factor = factor

    @property
    def holds_polls(self) -> bool:
        """Whether a poll is answered at the end of its operation."""
        return self._factor is None

    async def before_work(self, operation: Operation, record: Record | None) -> None:
        """Let pass what the operation takes in Azure."""
        if self._factor is not None:
            timing = timing_of(operation, record)
            await CLOCK.sleep(timing.drawn(_name(operation)) * self._factor)

    def first_ask(self, operation: Operation, record: Record | None) -> int:
        """The `Retry-After` of the answer that accepts an operation.

        0 where the first poll waits on the server. Every client takes that: Packer's plugins poll
        at once, the SDK ignores a zero there.
        """
        return 0 if self._factor is None else self._scaled(timing_of(operation, record).asks[0])

    def next_ask(self, operation: Operation, record: Record | None) -> int:
        """The `Retry-After` of a poll's answer while the operation runs."""
        if self._factor is None:
            return 1
        elapsed = operation.elapsed / self._factor if self._factor else 0.0
        return self._scaled(timing_of(operation, record).ask_again(elapsed))

    def _scaled(self, seconds: int) -> int:
        return max(1, round(seconds * (self._factor or 0.0)))


def timing_of(operation: Operation, record: Record | None) -> Timing:
    """What the table says of an operation on a resource as it is."""
    kind = ResourceId.parse(operation.resource).type.lower()
    if operation.verb == "act":
        return ACTIONS.get(operation.action, ESTIMATED)
    if operation.verb == "destroy":
        return DELETED.get(kind, ESTIMATED)
    is_changed = record is not None and record.properties.get("provisioningState") == _CHANGING
    return (CHANGED if is_changed and kind in CHANGED else CREATED).get(kind, ESTIMATED)


def _name(operation: Operation) -> str:
    return f"{operation.verb} {operation.action} {operation.resource.lower()}"
