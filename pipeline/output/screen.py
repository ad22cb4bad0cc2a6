"""A terminal that somebody looks at, by rich: colour, wrapping at words, one row that changes.

The changing row is always the last one, shorter than the screen is wide, and drawn with the cursor
left in its first column. A window that is made narrower can wrap it anew: then the rest is below.
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
from pipeline.output.lines import Line, Running, paragraphs, step_head
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
NO_WRAP, WRAP = "\x1b[?7l", "\x1b[?7h"
"""Whether what does not fit goes on in a new row."""


class Screen:
    """A page whose last row changes while a step runs."""

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
        self._step: Running | None = None
        self._drawn = ""

    def line(self, line: Line) -> None:
        """One line more, above the row that changes."""
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

    def running(self, step: Running | None) -> None:
        """Draw the row anew where it says something else than before."""
        with self._edge.lock, self._console:
            self._step = step
            text = self._row()
            if text != self._drawn:
                self._erase()
                self._draw(text)

    def _print(self, lines: list[Line]) -> None:
        with self._edge.lock, self._console:
            self._erase()
            for line in lines:
                for row in self._rows(line):
                    self._console.print(_painted(row, line), soft_wrap=True)
            self._draw(self._row())

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

    def _row(self) -> str:
        """The running step in less than a row: of its words as much as fits."""
        if self._step is None:
            return ""
        room = self._edge.width - 1
        head = step_head("..", self._step.number)
        words = one_line(self._edge.clean(self._step.words)).expandtabs()
        now = one_line(self._edge.clean(self._step.now)).expandtabs()
        left = room - len(head) - cell_len(now)
        if cell_len(words) > left:
            words = f"{set_cell_size(words, left - 1)}{ELLIPSIS}" if left > 1 else ""
        row = f"{head}{words}{now}"
        return row if cell_len(row) <= room else set_cell_size(row, room)

    def _erase(self) -> None:
        if self._drawn:
            below = (cell_len(self._drawn) - 1) // self._edge.width
            self._command(f"\r{SAVE}{ERASE}{f'{DOWN}{ERASE}' * below}{RESTORE}")
            self._drawn = ""

    def _draw(self, text: str) -> None:
        if text:
            self._command(NO_WRAP)
            self._console.print(Text(without_orders(text)), end="\r", soft_wrap=True)
            self._command(WRAP)
            self._drawn = text

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
