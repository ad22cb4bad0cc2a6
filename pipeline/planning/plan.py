"""A plan is a value, and its text is the contract: printed, approved, tested and journalled."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from pipeline.advice import AdviceList, Command


class Step(Protocol):
    """One step. A frozen dataclass without behaviour; the runner matches on its type."""

    def __str__(self) -> str:
        """The step in words, an imperative, as printed: `delete web-1-0-0`."""


S_co = TypeVar("S_co", bound=Step, covariant=True)


@dataclass(frozen=True, slots=True)
class Plan(Generic[S_co]):
    """Numbered steps from what is to what is wanted; `Plan[A | B]` holds steps of these types.

    `title` says what for (`promote web 1.0.0 -> 1.0.1`). With no steps, `because` says why nothing
    is to do. `truth` is the one line that holds when it is done, `advice` how to go on, `inverse`
    the command that undoes it (None when there is nothing to undo).
    """

    title: str
    steps: tuple[S_co, ...]
    because: str = ""
    truth: str = ""
    advice: AdviceList = ()
    inverse: Command | None = None
    notes: tuple[str, ...] = ()
    """What was seen and left as it is, for the reader to judge."""

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to do."""
        return not self.steps

    def __str__(self) -> str:
        return text_of(self.title, self.steps, self.because, self.notes)


def text_of(title: str, steps: Iterable[object], because: str, notes: Iterable[str]) -> str:
    """The contract: a plan in words."""
    numbered = [f"  {number:>2}  {step}" for number, step in enumerate(steps, start=1)]
    head = f"Plan: {title}" if numbered else f"Plan: {title}: nothing to do, {because}"
    return "\n".join((head, *numbered, *(f"note: {note}" for note in notes)))


@dataclass(frozen=True, slots=True)
class Failure:
    """How far a plan got: the steps that were begun, those that ended well, and what stopped it."""

    error: BaseException
    begun: tuple[Step, ...]
    done: tuple[Step, ...]
