"""SIGINT and SIGTERM: never lost, and never in the middle of a request that changes Azure.

A library may swallow the exception that a signal raises (msal has a bare `except`), so that the
signal is remembered as well, and asked for before each step and in each wait.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interruption:
    """Whether somebody asked to end: once ends after the request in flight, twice at once."""

    def __init__(self) -> None:
        self._asked = 0
        self._noticed = 0
        self._in_flight = 0

    @contextmanager
    def installed(self) -> Iterator[None]:
        """Handle the signals as long as the block lasts. In the main thread only."""
        before = {number: signal.signal(number, self._handle) for number in SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    @contextmanager
    def deferred(self) -> Iterator[None]:
        """A request is in flight: a first signal waits until `check` is asked."""
        self._in_flight += 1
        try:
            yield
        finally:
            self._in_flight -= 1

    def check(self) -> None:
        """Raise KeyboardInterrupt for a signal that nobody has noticed."""
        if self._asked > self._noticed:
            self.notice()
            raise KeyboardInterrupt

    def notice(self) -> None:
        """Whoever caught the KeyboardInterrupt and goes on to clean up says so."""
        self._noticed = self._asked

    def _handle(self, number: int, frame: FrameType | None) -> None:
        self._asked += 1
        if not self._in_flight or self._asked > 1:
            raise KeyboardInterrupt
