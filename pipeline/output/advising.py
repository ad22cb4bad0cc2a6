"""Advice as it is shown: each command as it must be typed here."""

from __future__ import annotations

from pipeline.advice import AdviceList, Command, Rerun, Shell
from pipeline.output.facts import Planned


def typed(command: Command | Shell | Rerun, environment: str, rerun: str = "") -> str:
    """The command line, `--env` included where an environment was chosen by that option.

    `rerun` is the command line that is running now, "" where nobody knows it.
    """
    if isinstance(command, Command):
        return command.typed(environment)
    return rerun or str(command) if isinstance(command, Rerun) else str(command)


def pairs(advice: AdviceList, environment: str, rerun: str = "") -> list[tuple[str, str]]:
    """Wish and command line of each."""
    return [(one.wish, typed(one.command, environment, rerun)) for one in advice]


def planned(plan: Planned, environment: str) -> dict[str, object]:
    """A plan as a document: its words, and the command that undoes it as it must be typed."""
    return {
        "title": plan.title,
        "steps": [str(step) for step in plan.steps],
        "because": plan.because,
        "inverse": typed(plan.inverse, environment) if plan.inverse else "",
        "notes": list(plan.notes),
    }
