"""Facts in words, for people: on a screen that changes, or in a log that only gets longer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TextIO

from pipeline.advice import AdviceList
from pipeline.errors import PipelineError
from pipeline.output.advising import pairs
from pipeline.output.edge import Edge
from pipeline.output.facts import Planned, Work
from pipeline.output.harmless import one_line
from pipeline.output.lines import (
    AT_WORK,
    Line,
    Page,
    Running,
    heading_of,
    paragraphs,
    step_head,
    work_head,
)
from pipeline.output.log import Log
from pipeline.planning.table import Table

PLAN_HANG = 6
"""Columns of `Plan: `, of `note: ` and of a step's number."""


class ForPeople:
    """Errors go to the same stream, in their place in the story."""

    def __init__(
        self, stream: TextIO | None = None, environment: str = "", rerun: str = ""
    ) -> None:
        """`environment` was chosen with `--env`; `rerun` is the command line of this process."""
        self._environment = environment
        self._rerun = rerun
        self._edge = Edge(stream)
        self._page = _page(self._edge)
        self._beside = ""

    def plan(self, plan: Planned) -> None:
        self._page.running()
        for line in str(plan).split("\n"):
            self._page.line(Line(line, PLAN_HANG))

    def started(self, number: int, words: str) -> None:
        self._page.running(_step(number, words, beside=self._beside))

    def waiting(self, number: int, words: str, seconds: float, seen: str = "") -> None:
        self._page.running(_step(number, words, seconds, seen, self._beside))

    def watching(self, seconds: float, text: str, document: object) -> None:
        self._beside = text

    def at_work(self, works: Sequence[Work]) -> None:
        width = max((len(one.name) for one in works), default=0)
        heads = (work_head(one.name, width) for one in works)
        self._page.running(
            *(Running(head, one.words, one.seconds) for head, one in zip(heads, works, strict=True))
        )

    def phase(self, number: int, text: str, seconds: float) -> None:
        head = f"         {seconds:4.0f} s  "
        self._page.line(Line(head + one_line(text), len(head)))

    def finished(self, number: int, words: str, seconds: float, seen: str = "") -> None:
        self._page.running()
        head = step_head("ok", number)
        if seen:
            text, tail = f"{seen} after {seconds:.0f} s" if seconds >= 1 else seen, ""
        else:
            text, tail = words, _took(seconds)
        self._page.line(Line(head + one_line(text), len(head), tail, "ok", "green"))

    def failed(self, number: int, words: str, seconds: float) -> None:
        self._page.running()
        head = step_head("FAILED", number)
        self._page.line(Line(head + one_line(words), len(head), _took(seconds), "FAILED", "red"))

    def say(self, text: str) -> None:
        for line in paragraphs(text, 2):
            self._page.line(line)

    def truth(self, text: str, advice: AdviceList) -> None:
        self._page.running()
        if text:
            self.say(text)
        self._advise(advice)

    def report(self, text: str | Table, document: object) -> None:
        self._page.running()
        if isinstance(text, Table):
            self._page.table(text)
        else:
            self.say(text)

    def page(self, address: str) -> None:
        self._page.running()
        self._page.line(Line(f"report: {address}", to_copy=True))

    def error(self, error: PipelineError) -> None:
        self._page.running()
        heading = heading_of(error)
        first, *others = paragraphs(str(error), 2)
        self._page.line(Line(f"{heading}: {first.text}", 2, mark=heading, colour="red"))
        for line in others:
            self._page.line(line)
        for note in getattr(error, "__notes__", ()):
            self.say(note)
        self._advise(error.advice)

    def hide(self, secret: str) -> None:
        self._edge.secrets.hide(secret)

    def _advise(self, advice: AdviceList) -> None:
        width = max((len(one.wish) for one in advice), default=0)
        for wish, command in pairs(advice, self._environment, self._rerun):
            head = f"  {wish:<{width}}   "
            self._page.line(Line(head + one_line(command), len(head), to_copy=True))


def _step(
    number: int, words: str, seconds: float = 0.0, seen: str = "", beside: str = ""
) -> Running:
    return Running(step_head(AT_WORK, number), words, seconds, seen, beside)


def _page(edge: Edge) -> Page:
    if not edge.is_screen:
        return Log(edge)
    # rich takes a tenth of a second to import, and a log must not depend on it
    from pipeline.output.screen import Screen  # noqa: PLC0415

    return Screen(edge)


def _took(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds >= 1 else ""
