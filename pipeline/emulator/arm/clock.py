"""The emulator's clock: the host's, moved forward when somebody asks for it.

What waits by it goes on at once when it is moved, so that hours of Azure pass in a moment. Tokens
and certificates keep the host's time.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta

_PATIENCE = 10.0


class Clock:
    """Seconds go by as on the host; `forward` adds some."""

    def __init__(self) -> None:
        self._ahead = 0.0
        self._moved = asyncio.Event()
        self._at_work = 0
        self._idle = asyncio.Event()
        self._idle.set()

    def now(self) -> datetime:
        """The time, in UTC."""
        return datetime.now(UTC) + timedelta(seconds=self._ahead)

    def seconds(self) -> float:
        """A count of seconds that only grows."""
        return time.monotonic() + self._ahead

    def forward(self, seconds: float) -> None:
        """Move it forward, and wake who sleeps by it."""
        self._ahead += seconds
        self._moved.set()
        self._moved = asyncio.Event()

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Something real is done, which takes the host's time."""
        self._at_work += 1
        self._idle.clear()
        try:
            yield
        finally:
            self._at_work -= 1
            if not self._at_work:
                self._idle.set()

    async def idle(self) -> None:
        """Wait until nothing real is being done, some seconds at most.

        So that a clock which is moved does not run away meanwhile.
        """
        with suppress(TimeoutError):
            await asyncio.wait_for(self._idle.wait(), _PATIENCE)

    async def sleep(self, seconds: float) -> None:
        """Come back when so many seconds have passed by this clock."""
        until = self.seconds() + seconds
        while (left := until - self.seconds()) > 0:
            try:
                await asyncio.wait_for(self._moved.wait(), left)
            except TimeoutError:
                return


CLOCK = Clock()
"""The only one: a process has one time."""
