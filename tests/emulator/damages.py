"""What can happen to a file, and a limit for what waits for it."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

SECONDS = 20
"""For one start, most of all for one that would wait for ever."""


DAMAGES: dict[str, Callable[[Path], object]] = {
    "torn": lambda file: file.write_bytes(file.read_bytes()[: file.stat().st_size // 2]),
    "empty": lambda file: file.write_bytes(b""),
    "another JSON type": lambda file: file.write_text("[]"),
    "null": lambda file: file.write_text("null"),
    "deep JSON": lambda file: file.write_text("[" * 200_000),
    "no text": lambda file: file.write_bytes(b"\xff\x00\xfe" * 100),
    "a FIFO": lambda file: in_place_of(file, os.mkfifo),
    "a folder": lambda file: in_place_of(file, os.mkdir),
    "a link to itself": lambda file: in_place_of(file, lambda path: path.symlink_to(path)),
}


def in_place_of(file: Path, make: Callable[[Path], object]) -> None:
    """Put something else where a file was."""
    file.unlink(missing_ok=True)
    make(file)


@contextmanager
def at_most(seconds: int) -> Iterator[None]:
    """Fail instead of waiting for ever."""

    def give_up(*_: object) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
