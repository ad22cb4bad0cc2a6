"""Lines broken at spaces only: what is copied from a screen, an id or a path, stays whole."""

from __future__ import annotations

import re

from rich.cells import cell_len


def wrapped(text: str, width: int) -> list[str]:
    """The text in lines of so many columns; a longer word gets a line of its own."""
    lines = [""]
    for word in re.findall(r"\s*\S+", text):
        if lines[-1] and cell_len(lines[-1] + word) > width:
            lines.append(word.lstrip())
        else:
            lines[-1] += word
    return lines


def longest_word(text: str) -> int:
    """The columns that the text needs at least."""
    return max(map(cell_len, text.split()), default=0)
