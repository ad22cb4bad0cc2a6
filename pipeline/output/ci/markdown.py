"""Markdown in which whatever a machine or Azure said stays text.

Each character that could mean something is written as a numeric character reference: CommonMark
never reads one as structure (section 2.5, entity and numeric character references), and neither
links, nor mentions, nor HTML can be made of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

LONGEST = 2000
"""Characters of one text; the log has all of it."""
CUT = "…"


def text(told: str) -> str:
    """Plain text on one line."""
    kept = told if len(told) <= LONGEST else told[: LONGEST - 1] + CUT
    return "".join(_character(one) for one in " ".join(kept.split()))


def code(told: str) -> str:
    """A command, to be copied."""
    return f"<code>{text(told)}</code>"


def block(told: str) -> str:
    """Lines as they are."""
    lines = (_indented(line) for line in told.splitlines()[:LONGEST])
    return f"<pre>{'&#10;'.join(lines)}</pre>"


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Cells are Markdown already."""
    lines = [headings, ["---"] * len(headings), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _indented(line: str) -> str:
    kept = line[:LONGEST]
    stripped = kept.lstrip(" ")
    return "&#32;" * (len(kept) - len(stripped)) + text(stripped)


def _character(one: str) -> str:
    is_plain = one == " " or one.isalnum() or ord(one) > 0x7F  # noqa: PLR2004 - the end of ASCII
    return one if is_plain else f"&#{ord(one)};"
