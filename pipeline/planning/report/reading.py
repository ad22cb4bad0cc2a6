"""From the facts that a run told, one after the other, to what its page says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from pipeline.planning.report.report import (
    End,
    Outcome,
    Phase,
    Planned,
    Report,
    Step,
    StepState,
    Subject,
)

Fact = Mapping[str, Any]
"""`event` says which; `at` is when, in seconds since 1970."""

OUTCOMES: tuple[Outcome, ...] = ("done", "failed", "interrupted")
"""What the last fact of a run says."""


@dataclass(slots=True)
class _Reading:
    """What was read so far."""

    plans: list[Planned] = field(default_factory=list)
    said: list[tuple[float, str]] = field(default_factory=list)
    end: End = field(default_factory=lambda: End("ended early"))

    def take(self, fact: Fact, at: float) -> None:
        match fact.get("event"):
            case "plan":
                self._plan(fact)
            case "started":
                self._change(fact, state="under way", began=at, ended=at)
            case "phase":
                self._phase(fact, at)
            case "finished":
                self._change(fact, state="done", ended=at, seen=_text(fact, "seen"))
            case "failed":
                self._change(fact, state="failed", ended=at)
            case "said":
                self.said.append((at, _text(fact, "text")))
            case "truth":
                self._truth(fact)
            case "ended":
                self._end(fact)

    def tick(self, at: float) -> None:
        """Time went by: what is at work takes that long."""
        for number, plan in enumerate(self.plans):
            steps = tuple(
                replace(step, ended=at) if step.state == "under way" else step
                for step in plan.steps
            )
            self.plans[number] = replace(plan, steps=steps)

    def _plan(self, fact: Fact) -> None:
        steps = enumerate(_texts(fact, "steps"), start=1)
        self.plans.append(
            Planned(
                _text(fact, "title"),
                tuple(Step(number, words) for number, words in steps),
                _text(fact, "because"),
                _texts(fact, "notes"),
            )
        )

    def _change(self, fact: Fact, **values: Any) -> None:
        """Another state of a step of the last plan; facts about no step are passed over."""
        if self.plans:
            plan = self.plans[-1]
            steps = tuple(
                replace(step, **values) if step.number == fact.get("number") else step
                for step in plan.steps
            )
            self.plans[-1] = replace(plan, steps=steps)

    def _phase(self, fact: Fact, at: float) -> None:
        if self.plans:
            plan = self.plans[-1]
            phase = Phase(_text(fact, "text"), at, at)
            steps = tuple(
                replace(step, phases=(*step.phases, phase))
                if step.number == fact.get("number")
                else step
                for step in plan.steps
            )
            self.plans[-1] = replace(plan, steps=steps)

    def _truth(self, fact: Fact) -> None:
        truth = _text(fact, "text") or self.end.truth
        self.end = replace(self.end, truth=truth, advice=_advice(fact))

    def _end(self, fact: Fact) -> None:
        told = (one for one in OUTCOMES if one == fact.get("outcome"))
        outcome: Outcome = next(told, "failed")
        if outcome == "done":
            self.end = replace(self.end, outcome=outcome)
        else:
            words = _text(fact, "error"), _text(fact, "text"), _texts(fact, "notes")
            self.end = End(outcome, *words, advice=_advice(fact))


def report_of(facts: Sequence[Fact], *, is_alive: bool = False) -> Report:
    """What the facts tell; a run that has not ended is under way while its process `is_alive`."""
    reading = _Reading()
    began = ended = _at(facts[0]) if facts else 0.0
    for fact in facts:
        ended = max(ended, _at(fact))
        reading.take(fact, ended)
    reading.tick(ended)
    end = reading.end
    if end.outcome == "ended early" and is_alive:
        end = replace(end, outcome="under way")
    plans = tuple(_ended(plan, end.outcome) for plan in reading.plans)
    return Report(_subject(facts), began, ended, end, plans, tuple(reading.said))


def _ended(plan: Planned, outcome: Outcome) -> Planned:
    """With the ends of phases, and no step under way after the run has ended."""
    steps = (replace(step, state=_state(step, outcome)) for step in plan.steps)
    return replace(plan, steps=tuple(replace(step, phases=_phases(step)) for step in steps))


def _state(step: Step, outcome: Outcome) -> StepState:
    stopped = {"interrupted", "ended early"}
    if outcome in stopped and step.state in {"under way", "failed"}:
        return "interrupted"
    return step.state


def _phases(step: Step) -> tuple[Phase, ...]:
    ends = [*(phase.began for phase in step.phases[1:]), step.ended or 0.0]
    return tuple(
        replace(phase, ended=max(phase.began, ended))
        for phase, ended in zip(step.phases, ends, strict=False)
    )


def _subject(facts: Sequence[Fact]) -> Subject:
    first = facts[0] if facts else {}
    words = ("run", "command", "environment", "image", "by", "typed")
    pid = first.get("pid")
    told = {name: _text(first, name) for name in words}
    return Subject(**told, pid=pid if isinstance(pid, int) else 0, host=_text(first, "host"))


def _at(fact: Fact) -> float:
    at = fact.get("at")
    return float(at) if isinstance(at, int | float) else 0.0


def _text(fact: Fact, name: str) -> str:
    found = fact.get(name)
    return found if isinstance(found, str) else ""


def _texts(fact: Fact, name: str) -> tuple[str, ...]:
    found = fact.get(name)
    return tuple(map(str, found)) if isinstance(found, list | tuple) else ()


def _advice(fact: Fact) -> tuple[tuple[str, str], ...]:
    found = fact.get("next")
    pairs: Iterable[Any] = found if isinstance(found, list | tuple) else ()
    return tuple(
        (str(pair[0]), str(pair[1]))
        for pair in pairs
        if isinstance(pair, list | tuple) and pair[1:]
    )
