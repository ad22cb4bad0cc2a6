"""Lines for a pipe, a file, a CI log: appended, never wrapped, without any escape sequence."""

from __future__ import annotations

from pipeline.output.edge import Edge
from pipeline.output.lines import Line, Running
from pipeline.output.pace import WATCHED_BETWEEN, Pace
from pipeline.planning.table import Table


class Log:
    """A page that only ever gets longer."""

    def __init__(self, edge: Edge) -> None:
        self._edge = edge
        self._pace = Pace()

    def line(self, line: Line) -> None:
        """One line more."""
        self._write(str(line))

    def table(self, table: Table) -> None:
        """Each column as wide as its widest cell."""
        self._write(str(table))

    def running(self, step: Running | None) -> None:
        """A line now and then."""
        if step is None or not step.seconds:
            self._pace.start()
        elif self._pace.is_due(step.seconds, WATCHED_BETWEEN if step.beside else None):
            self._write(str(step))

    def _write(self, text: str) -> None:
        self._edge.write(f"{self._edge.clean(text)}\n")
