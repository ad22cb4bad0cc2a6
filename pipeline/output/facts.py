"""What is told while a command runs: the facts, whoever they are told to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from pipeline.advice import AdviceList, Command, Shell
from pipeline.errors import PipelineError
from pipeline.planning.table import Table


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
    def inverse(self) -> Command | Shell | None:
        """The command that undoes it."""

    @property
    def notes(self) -> Sequence[str]:
        """What was seen and left as it is."""


@dataclass(frozen=True, slots=True)
class Work:
    """One of several things that are at work beside each other: what it does now, since when."""

    name: str
    words: str
    seconds: float


class Output(Protocol):
    """Who is told. `words` are those of a step to come; `seen` is what was measured so far."""

    def plan(self, plan: Planned) -> None:
        """What is going to happen, before it does."""

    def started(self, number: int, words: str) -> None:
        """A step begins."""

    def waiting(self, number: int, words: str, seconds: float, seen: str = "") -> None:
        """A step has taken so long already; called often."""

    def watching(self, seconds: float, text: str, document: object) -> None:
        """Production is watched beside the step at work, since so many seconds.

        The figures so far in one line, "" when it ends, and as a document; called often.
        """

    def at_work(self, works: Sequence[Work]) -> None:
        """What is at work beside each other now, nothing when all ended; called often."""

    def phase(self, number: int, text: str, seconds: float) -> None:
        """A part of a step begins, after so many seconds of it."""

    def finished(self, number: int, words: str, seconds: float, seen: str = "") -> None:
        """A step is done."""

    def failed(self, number: int, words: str, seconds: float) -> None:
        """A step did not get done; why comes with the error."""

    def say(self, text: str) -> None:
        """A fact on the way."""

    def truth(self, text: str, advice: AdviceList) -> None:
        """What holds now, and how to go on or back."""

    def report(self, text: str | Table, document: object) -> None:
        """An answer: for people as text, for programs as a document."""

    def page(self, address: str) -> None:
        """A run has ended; this is where its page is."""

    def error(self, error: PipelineError) -> None:
        """Why it ended badly."""

    def hide(self, secret: str) -> None:
        """Never let this through, from now on."""
