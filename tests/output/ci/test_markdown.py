"""Markdown made of what machines said: text, and nothing else."""

from __future__ import annotations

import html
import re

import pytest

from pipeline.output.ci import markdown
from tests.output import hostile

HOSTILE = [
    "# heading",
    "![x](https://evil.example/x.png)",
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "https://evil.example",
    "@everyone see #1",
    "a | b",
    "`code` **bold** _it_ ~~no~~",
    "- [ ] task",
    "```",
    "&lt;b&gt;",
    "a\nb",
    *(order for order in hostile.ORDERS if "\x1b" not in order),
]
STRUCTURE = re.compile(r"[!-/:-@\[-`{-~]")


@pytest.mark.parametrize("told", HOSTILE)
def test_nothing_that_was_said_is_structure(told: str) -> None:
    made = markdown.text(told)
    assert not STRUCTURE.search(re.sub(r"&#\d+;", "", made))
    assert html.unescape(made) == " ".join(told.split())


@pytest.mark.parametrize("told", HOSTILE)
def test_a_block_holds_its_lines_and_nothing_else(told: str) -> None:
    made = markdown.block(f"  {told}\n    second")
    inside = made.removeprefix("<pre>").removesuffix("</pre>")
    assert "<" not in inside
    assert "\n" not in inside
    assert html.unescape(inside).endswith("\n    second")


def test_a_text_without_an_end_is_cut() -> None:
    assert len(html.unescape(markdown.text("x" * 10_000))) == markdown.LONGEST


def test_a_table_has_a_row_for_each() -> None:
    assert markdown.table(("a", "b"), [("1", "2")]) == "| a | b |\n| --- | --- |\n| 1 | 2 |"
