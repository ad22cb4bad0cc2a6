"""Numbers of versions that somebody took, whatever the gallery has now."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Number:
    """A run took the number of a version; `is_used` once a version of it could be staged."""

    version: str
    run: str
    is_used: bool = False

    @property
    def metadata(self) -> dict[str, str]:
        """As a record set keeps it."""
        return {"run": self.run, "used": "yes" if self.is_used else "no"}


def taken(numbers: Iterable[Number], *, run: str, dead: frozenset[str], young: str) -> list[str]:
    """The versions whose numbers a run must not take.

    Those that were used stay taken for ever. One that was only reserved is free again when its
    run is dead: started here, in `dead`, or before the run ids `young` begins with.
    """
    return [
        number.version
        for number in numbers
        if number.is_used or (number.run != run and number.run not in dead and number.run > young)
    ]
