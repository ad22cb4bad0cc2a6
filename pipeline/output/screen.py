"""A terminal that somebody looks at, by rich: colour, wrapping at words, rows that change.

The changing rows, one for each thing at work, are always the last ones, shorter than the screen is
wide, and drawn with the cursor left in the first column of their first. A window that is made
narrower can wrap them anew: then the rest is below.
Three things that tmux does decided the sequences: it tells of a new width a quarter of a second
late, wraps what is drawn until then, and keeps a first row when all that follows it is erased.
"""

from __future__ import annotations

from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.control import Control
from rich.segment import ControlType, Segment
from rich.text import Text

from pipeline.output.edge import Edge
from pipeline.output.harmless import one_line, without_orders
from pipeline.output.lines import Line, Running, paragraphs
from pipeline.output.tables import laid_out
from pipeline.output.wrapping import wrapped
from pipeline.planning.table import Table

NARROWEST = 20
"""Columns that a wrapped text needs; with less it is not indented."""
BELOW = 4
"""Columns by which a command is indented below what is said of it."""
ELLIPSIS = "…"
SAVE, RESTORE, DOWN, ERASE = "\x1b7", "\x1b8", "\x1b[B", "\x1b[K"
"""The cursor's place, one row down without scrolling, erase from the cursor to the row's end."""
UP = "\x1b[A"
NO_WRAP, WRAP = "\x1b[?7l", "\x1b[?7h"
"""Whether what does not fit goes on in a new row."""


class Screen:
    """A page whose last rows change while something is at work."""

    def __init__(self, edge: Edge) -> None:
        self._edge = edge
        self._console = Console(
            file=edge,  # type: ignore[arg-type] # rich writes, flushes, and asks nothing else of it
            force_terminal=True,  # it is one; rich would ask FORCE_COLOR and others first
            legacy_windows=False,
            markup=False,
            highlight=False,
            emoji=False,
        )
        self._works: tuple[Running, ...] = ()
        self._drawn: tuple[str, ...] = ()

    def line(self, line: Line) -> None:
        """One line more, above the rows that change."""
        self._print([line])

    def table(self, table: Table) -> None:
        """What comes first, then columns or a stack, then its notes."""
        cells = Table(
            tuple(map(self._clean_cell, table.headings)),
            tuple(tuple(map(self._clean_cell, row)) for row in table.rows),
        )
        lines = laid_out(cells, self._edge.width)
        before = [line for note in table.first for line in paragraphs(note, 2)]
        after = [line for note in table.notes for line in paragraphs(note, 2)]
        self._print([*before, *lines, *after])

    def running(self, *works: Running) -> None:
        """Draw the rows anew where they say something else than before."""
        with self._edge.lock, self._console:
            self._works = works
            rows = self._changing()
            if rows != self._drawn:
                self._erase()
                self._draw(rows)

    def _print(self, lines: list[Line]) -> None:
        with self._edge.lock, self._console:
            self._erase()
            for line in lines:
                for row in self._rows(line):
                    self._console.print(_painted(row, line), soft_wrap=True)
            self._draw(self._changing())

    def _rows(self, line: Line) -> list[str]:
        text = self._edge.clean(line.text).expandtabs()
        width = self._edge.width
        if line.to_copy:
            return _to_copy(text, line.hang, width)
        hang = line.hang if width - line.hang >= NARROWEST else 0
        rows = wrapped(text[hang:], width - hang)
        if line.tail and cell_len(rows[-1]) + len(line.tail) + 3 <= width - hang:
            rows[-1] += f"   {line.tail}"
        elif line.tail:
            rows.append(line.tail)
        heads = (text[:hang], *(" " * hang for _ in rows[1:]))
        return [f"{head}{row}" for head, row in zip(heads, rows, strict=True)]

    def _changing(self) -> tuple[str, ...]:
        """A row for each thing at work, of as many as fit."""
        most = max(1, self._edge.height - 1)
        if len(self._works) <= most:
            return tuple(map(self._row, self._works))
        hidden = len(self._works) - most + 1
        more = self._row(Running("", f"{ELLIPSIS} and {hidden} more"))
        return (*map(self._row, self._works[: most - 1]), more)

    def _row(self, work: Running) -> str:
        """What is at work in less than a row: of its words as much as fits."""
        room = self._edge.width - 1
        words = one_line(self._edge.clean(work.words)).expandtabs()
        now = one_line(self._edge.clean(work.now)).expandtabs()
        left = room - len(work.head) - cell_len(now)
        if cell_len(words) > left:
            words = f"{set_cell_size(words, left - 1)}{ELLIPSIS}" if left > 1 else ""
        row = f"{work.head}{words}{now}"
        return row if cell_len(row) <= room else set_cell_size(row, room)

    def _erase(self) -> None:
        if self._drawn:
            width = self._edge.width
            below = sum((cell_len(row) - 1) // width + 1 for row in self._drawn) - 1
            self._command(f"\r{SAVE}{ERASE}{f'{DOWN}{ERASE}' * below}{RESTORE}")
            self._drawn = ()

    def _draw(self, rows: tuple[str, ...]) -> None:
        if rows:
            self._command(NO_WRAP)
            text = Text("\n".join(map(without_orders, rows)))
            self._console.print(text, end="\r", soft_wrap=True)
            self._command(f"{UP * (len(rows) - 1)}{WRAP}")
            self._drawn = rows

    def _command(self, sequence: str) -> None:
        """Among what rich has not written yet; it has no words for most of these."""
        control = Control()
        control.segment = Segment(sequence, None, [(ControlType.ERASE_IN_LINE, 0)])
        self._console.control(control)

    def _clean_cell(self, cell: str) -> str:
        return one_line(self._edge.clean(cell)).expandtabs()


def _to_copy(text: str, begin: int, width: int) -> list[str]:
    """A command in one piece: beside what is said of it, or below where that is too narrow."""
    if cell_len(text) <= width or not begin:
        return [text]
    return [text[:begin].rstrip(), " " * BELOW + text[begin:]]


def _painted(row: str, line: Line) -> Text:
    """A row; the line's mark painted where the row has it. Wrapping can have made it an order."""
    text = Text(without_orders(row).rstrip())
    if line.mark and row.lstrip().startswith(line.mark):
        begin = row.index(line.mark)
        text.stylize(line.colour, begin, begin + len(line.mark))
    return text
