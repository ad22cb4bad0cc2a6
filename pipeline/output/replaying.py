"""What another process told as JSON lines (`ForPrograms`), told here once more.

A line that is no fact of ours is passed over: the other process may be of another version.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.advice import Advice, AdviceList, Shell
from pipeline.errors import ToldByAnother
from pipeline.output.facts import Output
from pipeline.planning.plan import text_of

Fact = Mapping[str, Any]
"""A JSON object with an `event`."""


@dataclass(frozen=True, slots=True)
class ToldPlan:
    """A plan in the words that another process had for it."""

    title: str
    steps: Sequence[str]
    because: str
    inverse: Shell | None
    notes: Sequence[str]

    def __str__(self) -> str:
        return text_of(self.title, self.steps, self.because, self.notes)


def facts_in(lines: str) -> Iterator[Fact]:
    """The facts in some lines; documents without an `event` and other lines are none."""
    for line in lines.splitlines():
        try:
            told = json.loads(line)
        except ValueError:
            continue
        if isinstance(told, dict) and isinstance(told.get("event"), str):
            yield told


def now_in(fact: Fact) -> str:
    """What is at work since that fact, in words; "" where it says nothing of that."""
    if fact["event"] == "phase":
        return str(fact.get("text", ""))
    if fact["event"] in {"started", "waiting"}:
        words = (str(fact.get("step", "")), str(fact.get("seen") or ""))
        return ": ".join(filter(None, words))
    return ""


def replay(fact: Fact, output: Output) -> None:
    """Tell one that stays: what began and what is waited for is over by now."""
    try:
        _replay(fact, output)
    except (KeyError, TypeError, ValueError):
        return


def _replay(fact: Fact, output: Output) -> None:
    match fact["event"]:
        case "plan":
            inverse = Shell(fact["inverse"]) if fact["inverse"] else None
            output.plan(
                ToldPlan(fact["title"], fact["steps"], fact["because"], inverse, fact["notes"])
            )
        case "phase":
            output.phase(fact["number"], fact["text"], fact["seconds"])
        case "finished":
            output.finished(fact["number"], fact["step"], fact["seconds"], fact["seen"])
        case "failed":
            output.failed(fact["number"], fact["step"], fact["seconds"])
        case "said":
            output.say(fact["text"])
        case "truth":
            output.truth(fact["text"], _advice(fact["next"]))
        case "page":
            output.page(fact["address"])
        case "error":
            error = ToldByAnother(
                fact["text"],
                kind=fact["error"],
                exit_code=fact["exit_code"],
                advice=_advice(fact["next"]),
            )
            for note in fact["notes"]:
                error.add_note(note)
            output.error(error)


def _advice(pairs: Sequence[tuple[str, str]]) -> AdviceList:
    return tuple(Advice(wish, Shell(command)) for wish, command in pairs)
