"""A plan is a value, and its text is the contract: printed, approved, tested and journalled."""

from __future__ import annotations

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
        if self.is_empty:
            head = [f"Plan: {self.title}: nothing to do, {self.because}"]
        else:
            head = [f"Plan: {self.title}"]
        steps = [f"  {number:>2}  {step}" for number, step in enumerate(self.steps, start=1)]
        notes = [f"note: {note}" for note in self.notes]
        return "\n".join((*head, *steps, *notes))


@dataclass(frozen=True, slots=True)
class Failure:
    """How far a plan got: the steps that were begun, those that ended well, and what stopped it."""

    error: BaseException
    begun: tuple[Step, ...]
    done: tuple[Step, ...]
