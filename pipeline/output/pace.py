"""How often a wait is worth a line where lines stay: in a log, and for programs."""

from __future__ import annotations

from collections.abc import Iterable

QUIET_BETWEEN = 30.0
"""Seconds between two lines about the same wait."""
WATCHED_BETWEEN = 10.0
"""Seconds between two lines while production is watched."""


class Pace:
    """Counts the seconds of one step since its last line."""

    def __init__(self, between: float = QUIET_BETWEEN) -> None:
        self._between = between
        self._last = 0.0

    def start(self) -> None:
        """A new step."""
        self._last = 0.0

    def is_due(self, seconds: float, between: float | None = None) -> bool:
        """Whether enough time went by since the last line; then this is one."""
        if seconds - self._last < (between or self._between):
            return False
        self._last = seconds
        return True


class Paces:
    """A pace for each of several things at work, by name."""

    def __init__(self) -> None:
        self._paces: dict[str, Pace] = {}

    def only(self, names: Iterable[str]) -> None:
        """Forget those of what is not at work any more."""
        self._paces = {name: self.of(name) for name in names}

    def of(self, name: str) -> Pace:
        """That of one of them, a new one for what was not at work before."""
        return self._paces.setdefault(name, Pace())
