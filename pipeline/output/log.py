"""Lines for a pipe, a file, a CI log: appended, never wrapped, without any escape sequence."""

from __future__ import annotations

from pipeline.output.edge import Edge
from pipeline.output.lines import Line, Running
from pipeline.output.pace import WATCHED_BETWEEN, Paces
from pipeline.planning.table import Table


class Log:
    """A page that only ever gets longer."""

    def __init__(self, edge: Edge) -> None:
        self._edge = edge
        self._paces = Paces()

    def line(self, line: Line) -> None:
        """One line more."""
        self._write(str(line))

    def table(self, table: Table) -> None:
        """Each column as wide as its widest cell."""
        self._write(str(table))

    def running(self, *works: Running) -> None:
        """A line now and then, for each."""
        self._paces.only(one.head.rstrip() for one in works)
        for one in works:
            pace = self._paces.of(one.head.rstrip())  # names below each other are filled up
            if not one.seconds:
                pace.start()
            elif pace.is_due(one.seconds, WATCHED_BETWEEN if one.beside else None):
                self._write(str(one))

    def _write(self, text: str) -> None:
        self._edge.write(f"{self._edge.clean(text)}\n")
