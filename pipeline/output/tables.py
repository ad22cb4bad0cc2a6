"""A table on a screen: in columns while they fit without breaking a word, else stacked."""

from __future__ import annotations

from itertools import zip_longest

from rich.cells import cell_len, set_cell_size

from pipeline.output.lines import Line
from pipeline.output.wrapping import longest_word, wrapped
from pipeline.planning.table import Table

GAP = 2


def laid_out(table: Table, width: int) -> list[Line]:
    """The lines of a table; its notes are not among them."""
    rows = (table.headings, *table.rows)
    columns = list(zip(*rows, strict=True))
    natural = [max(map(cell_len, column)) for column in columns]
    least = [max(map(longest_word, column)) for column in columns]
    room = width - GAP * (len(columns) - 1)
    if sum(least) > room:
        return _stacked(table)
    widths = _shared_out(least, natural, room)
    return [line for row in rows for line in _row(row, widths)]


def _shared_out(least: list[int], natural: list[int], room: int) -> list[int]:
    """Widths from the least to the natural ones: the neediest column gets the next one free."""
    widths = list(least)
    for _ in range(room - sum(least)):
        needs = [want - has for want, has in zip(natural, widths, strict=True)]
        if not any(needs):
            break
        widths[needs.index(max(needs))] += 1
    return widths


def _row(row: tuple[str, ...], widths: list[int]) -> list[Line]:
    cells = [wrapped(cell, width) for cell, width in zip(row, widths, strict=True)]
    gap = " " * GAP
    return [
        Line(
            gap.join(map(set_cell_size, parts, widths)).rstrip(),
            to_copy=True,  # it was wrapped already
        )
        for parts in zip_longest(*cells, fillvalue="")
    ]


def _stacked(table: Table) -> list[Line]:
    """One line for each cell, below each other, and an empty one between two rows."""
    column = max(map(cell_len, table.headings), default=0) + GAP
    lines: list[Line] = []
    for row in table.rows:
        lines += [Line("")] if lines else []
        lines += [
            Line(f"{set_cell_size(heading, column)}{cell}".rstrip(), hang=column)
            for heading, cell in zip(table.headings, row, strict=True)
        ]
    return lines
