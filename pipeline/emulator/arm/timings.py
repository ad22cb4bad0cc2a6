"""How long operations on a resource take in Azure, and when clients are told to ask again.

Figures are seconds, recorded by azure-cli and azure-service-operator in 2019 to 2026, a handful of
each; what nobody recorded is our estimate, and says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import accumulate
from random import Random


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


ESTIMATED = Timing(1.0, 2.0, 6.0)
"""Of what nobody recorded: interfaces, extensions, private DNS zones, most deletions."""


@dataclass(frozen=True, slots=True)
class Timings:
    """What a resource type's operations take; `changed` None: a change takes as long as creation.

    `actions` are named in lower case.
    """

    created: Timing = ESTIMATED
    changed: Timing | None = None
    deleted: Timing = ESTIMATED
    actions: Mapping[str, Timing] = field(default_factory=dict)
