"""A plan is a value, and its text is the contract: what is printed, approved, tested and journalled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


class Step(Protocol):
    """One step. A frozen dataclass without behaviour; the executor matches on its type."""

    def __str__(self) -> str:
        """The step in words, as printed: `swap the pools of http <-> http-staging in one write of web`."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Numbered steps from what is to what is wanted.

    `title` says what for (`promote web 1.0.0 -> 1.0.1`). With no steps, `because` says why nothing is to do.
    `truth` is the one line that holds when it is done; `next_commands` pairs an intention with a command;
    `inverse` is the command that undoes it ("" when there is nothing to undo).
    """

    title: str
    steps: tuple[Step, ...]
    because: str = ""
    truth: str = ""
    next_commands: tuple[tuple[str, str], ...] = ()
    inverse: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to do."""
        return not self.steps

    def __str__(self) -> str:
        if self.is_empty:
            return f"Plan: {self.title}: nothing to do, {self.because}"
        lines = [f"  {number:>2}  {step}" for number, step in enumerate(self.steps, start=1)]
        return "\n".join((f"Plan: {self.title}", *lines))
