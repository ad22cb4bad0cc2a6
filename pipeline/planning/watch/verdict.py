"""What follows from the figures: whether production is as it should be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from pipeline.planning.watch.figures import Watched

Finding: TypeAlias = Literal["within budget", "over budget", "nothing answered"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """A finding, and the words for it."""

    finding: Finding
    words: str

    @property
    def is_good(self) -> bool:
        """Whether the promotion may stand."""
        return self.finding == "within budget"

    def __str__(self) -> str:
        return self.words


def judge(watched: Watched, lost_budget: int) -> Verdict:
    """The verdict on what was counted since the swap.

    Over budget when more requests were lost than may be; nothing answered when a rule had requests
    sent and lost, and not one was answered, however large the budget.
    """
    since = watched.total.since
    ended = since.answered + since.lost
    silent = [
        figures.rule
        for figures in watched.rules
        if figures.since.lost and not figures.since.answered
    ]
    if silent:
        return Verdict(
            "nothing answered", f"nothing answered at {', '.join(silent)}: {watched.total}"
        )
    if since.lost > lost_budget:
        lost = f"{_lost(since.lost)} of {ended} since the swap, {lost_budget} allowed"
        return Verdict("over budget", f"{lost}: {watched.total}")
    return Verdict("within budget", f"{_lost(since.lost)} of {ended} since the swap")


def _lost(count: int) -> str:
    return "1 request lost" if count == 1 else f"{count} requests lost"
