"""A terminal for tests: a real pseudo-terminal, and an emulator that shows what a person sees.

with Terminal(80) as terminal:
    output = ForPeople(terminal.stream)
    ...
    assert terminal.shown() == [...]

assert run(["invoke", "status"], columns=80).lines == [...]
"""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import subprocess
import termios
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import count, groupby
from pathlib import Path
from threading import Event, Thread
from types import TracebackType
from typing import Any

import pyte

SCROLLBACK = 100_000
PATIENCE = 60.0
ROWS = 24


class Terminal:
    """So many columns; `stream` is what a program in it writes to."""

    def __init__(self, columns: int, rows: int = ROWS) -> None:
        self.columns = columns
        self._rows = rows
        self._screen = pyte.HistoryScreen(columns, rows, history=SCROLLBACK, ratio=0.5)
        self._parser = pyte.ByteStream(self._screen)
        self._master, self.slave = pty.openpty()
        self._set_size(columns)
        self.stream = os.fdopen(self.slave, "w", encoding="utf-8")
        self.raw = bytearray()
        """What was written, with every escape sequence."""
        self._marks = count()
        self._settled = Event()
        self._mark = ""
        self._reader = Thread(target=self._read, daemon=True)

    def __enter__(self) -> Terminal:
        self._reader.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
        os.close(self._master)

    def close(self) -> None:
        """No program has it open any more: all that was written is on the screen."""
        self.stream.close()
        self._reader.join(PATIENCE)

    def resize(self, columns: int) -> None:
        """What dragging the window does; what was written before is shown first."""
        self._settle()
        self.columns = columns
        self._set_size(columns)
        self._screen.resize(self._rows, columns)

    def shown(self) -> list[str]:
        """Every line from the first that scrolled away to the last on the screen."""
        if not self.stream.closed:
            self._settle()
        rows = [*self._screen.history.top, *(self._screen.buffer[y] for y in range(self._rows))]
        lines = [_text(row) for row in rows]
        while lines and not lines[-1]:
            lines.pop()
        return lines

    def colours(self) -> dict[str, str]:
        """The coloured words on the screen."""
        found: dict[str, str] = {}
        for y in range(self._rows):
            for colour, cells in groupby(
                (self._screen.buffer[y][x] for x in range(self.columns)), lambda cell: cell.fg
            ):
                if colour != "default":
                    found["".join(cell.data for cell in cells)] = colour
        return found

    def _settle(self) -> None:
        # The window's title, for it is the one thing that can be written and leaves no trace.
        self._settled.clear()
        self._mark = f"settled {next(self._marks)}"
        self.stream.write(f"\x1b]2;{self._mark}\x07")
        self.stream.flush()
        assert self._settled.wait(PATIENCE)

    def _read(self) -> None:
        while content := self._next():
            self.raw += content
            self._parser.feed(content)
            if self._mark and self._screen.title == self._mark:
                self._settled.set()

    def _next(self) -> bytes:
        try:
            return os.read(self._master, 65536)
        except OSError:  # EIO: nobody has the other side open any more
            return b""

    def _set_size(self, columns: int) -> None:
        size = struct.pack("HHHH", self._rows, columns, 0, 0)
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, size)


def _text(row: Any) -> str:
    return "".join(row[x].data for x in range(max(row, default=-1) + 1)).rstrip()


@dataclass(frozen=True, slots=True)
class Shown:
    """What was on the screen when a command had ended."""

    lines: list[str]
    returncode: int


def run(
    command: Sequence[str | Path],
    columns: int,
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    timeout: float = PATIENCE,
) -> Shown:
    """Run a command in a terminal so wide, to its end."""
    surroundings = {**(os.environ if env is None else env), "TERM": "xterm-256color"}
    with Terminal(columns) as terminal:
        with subprocess.Popen(
            command,
            cwd=cwd,
            env=surroundings,
            stdin=terminal.slave,
            stdout=terminal.slave,
            stderr=terminal.slave,
            start_new_session=True,
        ) as process:
            terminal.stream.close()
            try:
                returncode = process.wait(timeout)
            finally:
                process.kill()
        terminal.close()
        return Shown(terminal.shown(), returncode)
