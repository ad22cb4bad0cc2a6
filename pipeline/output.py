"""One stream of facts in two dresses: lines for people, JSON lines for programs.

Secrets are removed at this one edge. Colour and live progress only on a terminal.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Sequence
from typing import Protocol, TextIO

from pipeline.errors import PipelineError

Advice = Sequence[tuple[str, str]]

QUIET_AFTER = 2.0
"""Seconds before a wait is worth a word on a terminal."""
QUIET_BETWEEN = 30.0
"""Seconds between two words about the same wait where nobody sees a line change."""

_TOKEN = re.compile(r"eyJ[\w-]{8,}\.[\w-]+\.[\w-]*|(?i:(?<=sig=)|(?<=[?&]s=))[\w%+/=-]{16,}")


class Planned(Protocol):
    """What is told of a plan; `str()` is its text."""

    @property
    def title(self) -> str:
        """What for."""

    @property
    def steps(self) -> Sequence[object]:
        """In words by `str()`."""

    @property
    def because(self) -> str:
        """Why there is nothing to do."""

    @property
    def inverse(self) -> str:
        """The command that undoes it."""

    @property
    def notes(self) -> Sequence[str]:
        """What was seen and left as it is."""


class Output(Protocol):
    """Who is told. `words` and `text` are whole sentences or the words of a step."""

    def plan(self, plan: Planned) -> None:
        """What is going to happen, before it does."""

    def started(self, number: int, words: str) -> None:
        """A step begins."""

    def waiting(self, number: int, words: str, seconds: float) -> None:
        """A step has taken so long already; called often."""

    def finished(self, number: int, words: str, seconds: float) -> None:
        """A step is done."""

    def failed(self, number: int, words: str, seconds: float) -> None:
        """A step did not get done; why comes with the error."""

    def say(self, text: str) -> None:
        """A fact on the way."""

    def truth(self, text: str, next_commands: Advice) -> None:
        """What holds now, and how to go on or back."""

    def report(self, text: str, document: object) -> None:
        """An answer: for people as text, for programs as a document."""

    def error(self, error: PipelineError) -> None:
        """Why it ended badly."""

    def hide(self, secret: str) -> None:
        """Never let this through, from now on."""


class Redactor:
    """Replaces known secrets, and what looks like a token or a signature."""

    def __init__(self) -> None:
        self._secrets: set[str] = set()

    def hide(self, secret: str) -> None:
        """Never let this through."""
        if secret:
            self._secrets.add(secret)

    def clean(self, text: str) -> str:
        """The text without secrets."""
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return _TOKEN.sub("***", text)


class ForPeople:
    """Lines for a terminal or a log. Errors go to the same stream, in their place in the story."""

    def __init__(self, stream: TextIO | None = None, suffix: str = "") -> None:
        """`suffix` follows every command that is advised, such as ` --env production`."""
        self._stream = stream or sys.stdout
        self._suffix = suffix
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

    def waiting(self, number: int, words: str, seconds: float) -> None:
        if self._live and seconds >= QUIET_AFTER:
            self._show(f" ..  {number:>2}  {words}   {seconds:.0f} s")
        elif not self._live and seconds - self._last_word >= QUIET_BETWEEN:
            self._last_word = seconds
            self._line(f" ..  {number:>2}  {words}   {seconds:.0f} s")

    def finished(self, number: int, words: str, seconds: float) -> None:
        self._line(f" {self._paint('ok', 32)}  {number:>2}  {words}{_took(seconds)}")

    def failed(self, number: int, words: str, seconds: float) -> None:
        self._line(f" {self._paint('NO', 31)}  {number:>2}  {words}{_took(seconds)}")

    def say(self, text: str) -> None:
        self._line(text)

    def truth(self, text: str, next_commands: Advice) -> None:
        if text:
            self._line(text)
        self._advise(next_commands)

    def report(self, text: str, document: object) -> None:
        self._line(text)

    def error(self, error: PipelineError) -> None:
        self._line(f"{self._paint(_heading(error), 31)}: {error}")
        for note in getattr(error, "__notes__", ()):
            self._line(note)
        self._advise(error.advice)

    def hide(self, secret: str) -> None:
        self._redactor.hide(secret)

    def _advise(self, advice: Advice) -> None:
        width = max((len(wish) for wish, _ in advice), default=0)
        for wish, command in _complete(advice, self._suffix):
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


class ForPrograms:
    """One JSON document per line and fact; `event` says which."""

    def __init__(self, stream: TextIO | None = None, suffix: str = "") -> None:
        """`suffix` follows every command that is advised, such as ` --env production`."""
        self._stream = stream or sys.stdout
        self._suffix = suffix
        self._redactor = Redactor()
        self._last_word = 0.0

    def plan(self, plan: Planned) -> None:
        self._tell(
            "plan",
            title=plan.title,
            steps=[str(step) for step in plan.steps],
            because=plan.because,
            inverse=plan.inverse,
            notes=list(plan.notes),
        )

    def started(self, number: int, words: str) -> None:
        self._last_word = 0.0
        self._tell("started", number=number, step=words)

    def waiting(self, number: int, words: str, seconds: float) -> None:
        if seconds - self._last_word >= QUIET_BETWEEN:
            self._last_word = seconds
            self._tell("waiting", number=number, step=words, seconds=round(seconds, 1))

    def finished(self, number: int, words: str, seconds: float) -> None:
        self._tell("finished", number=number, step=words, seconds=round(seconds, 3))

    def failed(self, number: int, words: str, seconds: float) -> None:
        self._tell("failed", number=number, step=words, seconds=round(seconds, 3))

    def say(self, text: str) -> None:
        self._tell("said", text=text)

    def truth(self, text: str, next_commands: Advice) -> None:
        self._tell("truth", text=text, next=_complete(next_commands, self._suffix))

    def report(self, text: str, document: object) -> None:
        self._write(document)

    def error(self, error: PipelineError) -> None:
        self._tell(
            "error",
            error=type(error).__name__,
            text=str(error),
            notes=list(getattr(error, "__notes__", ())),
            exit_code=error.exit_code,
            next=_complete(error.advice, self._suffix),
        )

    def hide(self, secret: str) -> None:
        self._redactor.hide(secret)

    def _tell(self, event: str, **facts: object) -> None:
        self._write({"event": event, **facts})

    def _write(self, document: object) -> None:
        self._stream.write(self._redactor.clean(json.dumps(document, default=str)) + "\n")
        self._stream.flush()


def _complete(advice: Advice, suffix: str) -> list[tuple[str, str]]:
    """The commands as they must be typed here, `--env` included."""
    return [
        (wish, f"{command}{suffix}" if command.startswith("invoke ") else command)
        for wish, command in advice
    ]


def _took(seconds: float) -> str:
    return f"   {seconds:.0f} s" if seconds >= 1 else ""


def _heading(error: PipelineError) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", type(error).__name__).capitalize()
