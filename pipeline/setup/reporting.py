"""What the user sees of a set-up: what it does, for how long, and what is missing."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO


class SetupError(Exception):
    """Something is missing that set-up cannot bring; says what, and the command that brings it."""

    def __init__(self, problem: str, command: str = "") -> None:
        super().__init__(problem)
        self.problem = problem
        self.command = command

    def __str__(self) -> str:
        """The problem, and the way out on a line of its own."""
        return f"{self.problem}\n  then: {self.command}" if self.command else self.problem


class Reporter:
    """Lines with the time since set-up began, in seconds; safe to use from several threads."""

    def __init__(self, stream: TextIO = sys.stdout) -> None:
        self._stream = stream
        self._started = time.monotonic()
        self._lock = threading.Lock()
        self.said_something = False

    @property
    def seconds(self) -> float:
        """Since set-up began."""
        return time.monotonic() - self._started

    def say(self, text: str) -> None:
        """Write one line."""
        with self._lock:
            self.said_something = True
            self._stream.write(f"[{self.seconds:4.0f} s] {text}\n")
            self._stream.flush()

    @contextmanager
    def step(self, doing: str, takes: str = "") -> Iterator[None]:
        """Say what begins (and how long it usually takes), and when it has ended well."""
        began = time.monotonic()
        self.say(f"{doing} ({takes}) ..." if takes else f"{doing} ...")
        yield
        self.say(f"{doing}: done in {time.monotonic() - began:.0f} s")
