"""How often a wait is worth a line where lines stay: in a log, and for programs."""

from __future__ import annotations

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
