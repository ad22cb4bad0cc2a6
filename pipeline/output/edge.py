"""The one edge between us and whoever reads: every character that is written passes it."""

from __future__ import annotations

import os
import sys
from threading import RLock
from typing import TextIO

from pipeline.output.harmless import without_control, without_orders
from pipeline.output.redaction import Redactor

FALLBACK_WIDTH = 80
FALLBACK_HEIGHT = 24
WITHOUT_CURSOR = frozenset({"", "dumb", "unknown"})
"""Values of TERM."""


class Edge:
    """A stream, what must not get into it, and what it cannot take."""

    def __init__(self, stream: TextIO | None) -> None:
        self.stream = stream or sys.stdout
        self.secrets = Redactor()
        self.lock = RLock()

    @property
    def is_screen(self) -> bool:
        """Whether somebody looks at a terminal that can move its cursor."""
        return self.stream.isatty() and os.environ.get("TERM", "") not in WITHOUT_CURSOR

    @property
    def width(self) -> int:
        """Columns, as they are now; the person may be dragging the window."""
        try:
            return os.get_terminal_size(self.stream.fileno()).columns or FALLBACK_WIDTH
        except OSError:
            return FALLBACK_WIDTH

    @property
    def height(self) -> int:
        """Rows, as they are now."""
        try:
            return os.get_terminal_size(self.stream.fileno()).lines or FALLBACK_HEIGHT
        except OSError:
            return FALLBACK_HEIGHT

    def clean(self, text: str) -> str:
        """The text without secrets, control characters and orders to a CI runner.

        Secrets are looked for twice: removing a control character can put one together.
        """
        text = without_control(self.secrets.clean(text))
        return without_orders(self.secrets.clean(text))

    def write(self, text: str) -> int:
        """Write what was cleaned. When nobody reads any more, the run goes on unheard."""
        encoding = getattr(self.stream, "encoding", None) or "utf-8"
        writable = text.encode(encoding, "replace").decode(encoding)
        try:
            with self.lock:
                self.stream.write(writable)
                self.stream.flush()
        except OSError:
            self._fall_silent()
        return len(text)

    def flush(self) -> None:
        """Nothing is held back."""

    def _fall_silent(self) -> None:
        # In place of the broken one, for Python flushes it once more when the process ends.
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self.stream.fileno())
        os.close(nowhere)
