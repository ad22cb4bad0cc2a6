"""What is shown, before anybody knows how wide: lines that may wrap, and the running step."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Protocol

from pipeline.errors import PipelineError
from pipeline.output.harmless import one_line
from pipeline.planning.table import Table

MARK = 6
"""Columns of `ok`, `..` and `FAILED`, so that the numbers after them stand below each other."""


AT_WORK = ".."
"""The mark of what has not ended."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line. Where it is too long for a screen, it goes on below its column `hang`."""

    text: str
    hang: int = 0
    tail: str = ""
    """What follows the text after a gap, in one piece: the time a step took."""
    mark: str = ""
    """The first word, to be painted."""
    colour: str = ""
    to_copy: bool = False
    """A command line: never wrapped by us."""

    def __str__(self) -> str:
        return f"{self.text}   {self.tail}" if self.tail else self.text


@dataclass(frozen=True, slots=True)
class Running:
    """What is at work: what was measured so far, after how many seconds."""

    head: str
    """What stands before the words: a step's number, or a name."""
    words: str
    seconds: float = 0.0
    seen: str = ""
    beside: str = ""
    """What is measured beside it: the figures while production is watched."""

    def __str__(self) -> str:
        return f"{self.head}{one_line(self.words)}{self.now}"

    @property
    def now(self) -> str:
        """What changes while it runs."""
        told = "; ".join(one_line(text) for text in (self.seen, self.beside) if text)
        told = f": {told}" if told else ""
        return f"{told}   {self.seconds:.0f} s" if self.seconds >= 1 else told


class Page(Protocol):
    """Where lines go: a screen, or something that only ever gets longer."""

    def line(self, line: Line) -> None:
        """One line more."""

    def table(self, table: Table) -> None:
        """A table as wide as fits."""

    def running(self, *works: Running) -> None:
        """All that is at work: a step, or several things beside each other; nothing."""


def step_head(mark: str, number: int) -> str:
    """What stands before the words of a step: ` ok      3  `."""
    return f" {mark:<{MARK}} {number:>2}  "


def work_head(name: str, width: int) -> str:
    """What stands before what `name` does, the longest name being so wide: ` ..     web  `."""
    return f" {AT_WORK:<{MARK}}  {one_line(name):<{width}}  "


def paragraphs(text: str, hang: int) -> list[Line]:
    """The lines of a text; each goes on `hang` columns right of where it begins."""
    return [Line(line, hang + len(line) - len(line.lstrip())) for line in text.split("\n")]


def heading_of(error: PipelineError) -> str:
    """The kind of an error in words: `Azure refused`."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", error.kind).capitalize()
