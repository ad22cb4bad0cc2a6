"""Lines for a terminal or a log. Colour and live progress only on a terminal."""

from __future__ import annotations

import re
import sys
from typing import TextIO

from pipeline.advice import AdviceList
from pipeline.errors import PipelineError
from pipeline.output.advising import pairs
from pipeline.output.facts import Planned
from pipeline.output.redaction import Redactor
from pipeline.planning.table import Table

QUIET_AFTER = 2.0
"""Seconds before a wait is worth a word on a terminal."""
QUIET_BETWEEN = 30.0
"""Seconds between two words about the same wait where nobody sees a line change."""


class ForPeople:
    """Errors go to the same stream, in their place in the story."""

    def __init__(
        self, stream: TextIO | None = None, environment: str = "", rerun: str = ""
    ) -> None:
        """`environment` was chosen with `--env`; `rerun` is the command line of this process."""
        self._stream = stream or sys.stdout
        self._environment = environment
        self._rerun = rerun
        self._redactor = Redactor()
        self._live = self._stream.isatty()
        self._showing = False
        self._last_word = 0.0

    def plan(self, plan: Planned) -> None:
        self._line(str(plan))

    def started(self, number: int, words: str) -> None:
        self._last_word = 0.0
        if self._live:
            self._show(f" ..  {number:>2}  {words}")

    def waiting(self, number: int, words: str, seconds: float, seen: str = "") -> None:
        told = f" ..  {number:>2}  {words}{_seen(seen)}   {seconds:.0f} s"
        if self._live and seconds >= QUIET_AFTER:
            self._show(told)
        elif not self._live and seconds - self._last_word >= QUIET_BETWEEN:
            self._last_word = seconds
            self._line(told)

    def phase(self, number: int, text: str, seconds: float) -> None:
        self._line(f"         {seconds:4.0f} s  {text}")

    def finished(self, number: int, words: str, seconds: float, seen: str = "") -> None:
        self._line(f" {self._paint('ok', 32)}  {number:>2}  {seen or words}{_took(seconds)}")

    def failed(self, number: int, words: str, seconds: float) -> None:
        self._line(f" {self._paint('FAILED', 31)}  {number:>2}  {words}{_took(seconds)}")

    def say(self, text: str) -> None:
        self._line(text)

    def truth(self, text: str, advice: AdviceList) -> None:
        if text:
            self._line(text)
        self._advise(advice)

    def report(self, text: str | Table, document: object) -> None:
        self._line(str(text))

    def error(self, error: PipelineError) -> None:
        self._line(f"{self._paint(_heading(error), 31)}: {error}")
        for note in getattr(error, "__notes__", ()):
            self._line(note)
        self._advise(error.advice)

    def hide(self, secret: str) -> None:
        self._redactor.hide(secret)

    def _advise(self, advice: AdviceList) -> None:
        width = max((len(one.wish) for one in advice), default=0)
        for wish, command in pairs(advice, self._environment, self._rerun):
            self._line(f"  {wish:<{width}}   {command}")

    def _paint(self, text: str, colour: int) -> str:
        return f"\033[{colour}m{text}\033[0m" if self._live else text

    def _show(self, text: str) -> None:
        self._stream.write(f"\r\033[K{self._redactor.clean(text)}")
        self._stream.flush()
        self._showing = True

    def _line(self, text: str) -> None:
        if self._showing:
            self._stream.write("\r\033[K")
            self._showing = False
        self._stream.write(self._redactor.clean(text) + "\n")
        self._stream.flush()


def _seen(seen: str) -> str:
    return f": {seen}" if seen else ""


def _took(seconds: float) -> str:
    return f"   {seconds:.0f} s" if seconds >= 1 else ""


def _heading(error: PipelineError) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", type(error).__name__).capitalize()
