"""A table as a value: how wide its columns are is decided where it is shown."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Table:
    """Headings and rows of as many cells; `notes` are lines that follow, `first` come before."""

    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = ()
    first: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Plain text, each column as wide as its widest cell, the last one unpadded."""
        lines = (self.headings, *self.rows)
        widths = [max(len(line[column]) for line in lines) for column in range(len(self.headings))]
        told = (
            "  ".join(f"{cell:<{width}}" for cell, width in zip(line, widths, strict=True)).rstrip()
            for line in lines
        )
        return "\n".join((*self.first, *told, *self.notes))
