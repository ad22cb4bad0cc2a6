"""Proving that rules answer: of every pair, not only of the one that leads to the health page."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable

from pipeline.errors import NotConfirmed, StillRunning
from pipeline.execution.azure.rule_health import ask_rule_health
from pipeline.execution.patience import RULE_HEALTH, Patience
from pipeline.execution.run.work import Work
from pipeline.execution.wait import wait_until
from pipeline.execution.watch.exchange import answer_of
from pipeline.planning.watch.health import MemberHealth
from pipeline.planning.watch.steps import AskProbes, VerifyRules
from pipeline.planning.watch.targets import Target

PAUSE = 0.5
"""Seconds after an answer that was not as it should be."""
ASK_EVERY = 2.0
"""Seconds between two questions to Azure's probes."""
LATE = 5.0
"""Seconds for one connection and its answer."""


def prove(
    question: Callable[[], bool | None],
    seconds: float,
    work: Work,
    instead: Callable[[float], str],
    *,
    every: float = PAUSE,
) -> None:
    """Ask until the answer is yes, for so many seconds.

    Raises NotConfirmed with what `instead` tells, given the seconds that were waited.
    """
    try:
        wait_until(
            question,
            work.words,
            patience=Patience(seconds, "as long as the plan says"),
            clock=work.clock,
            every=every,
            still_waiting=work.still_waiting,
        )
    except StillRunning as late:
        raise NotConfirmed(instead(late.waited)) from None


def told(seen: Counter[str]) -> str:
    """`3 x HTTP 500, 1 x no response`: the most frequent first."""
    return ", ".join(f"{count} x {what}" for what, count in seen.most_common())


def verify(step: VerifyRules, work: Work) -> None:
    """Ask in rounds until one has nothing but answers.

    Raises NotConfirmed, telling what was seen instead, when patience runs out; WatchFailed when
    production is watched and loses too much meanwhile.
    """
    seen: Counter[str] = Counter()

    def proven() -> bool | None:
        found = asyncio.run(_round(step.targets, step.responses))
        seen.update(found)
        work.seen = ", ".join(found)
        if work.run.beside is not None:
            work.run.beside.check()
        return None if found else True

    def instead(waited: float) -> str:
        return f"could not confirm that every rule answers in {waited:.0f} s; seen: {told(seen)}"

    prove(proven, step.patience, work, instead)
    rules = ", ".join(target.rule for target in step.targets)
    work.seen = f"{step.responses} consecutive responses of {rules}"


def ask_probes(
    step: AskProbes, work: Work, counts: Callable[[MemberHealth], bool] = lambda member: True
) -> None:
    """Ask until no member that counts is known to be down; what Azure does not tell is no failure.

    Raises NotConfirmed when a member stays down.
    """
    rules = [step.load_balancer.child("loadBalancingRules", rule) for rule in step.rules]

    def in_order() -> bool | None:
        answered = ask_rule_health(
            work.azure,
            rules,
            patience=RULE_HEALTH,
            clock=work.clock,
            still_waiting=work.still_waiting,
        )
        found = [health.of(counts) for health in answered]
        work.seen = "; ".join(map(str, found))
        return None if any(health.is_in_doubt for health in found) else True

    def instead(waited: float) -> str:
        return f"{step.load_balancer}: not every member was up in {waited:.0f} s: {work.seen}"

    prove(in_order, step.patience, work, instead, every=ASK_EVERY)


async def _round(targets: Iterable[Target], responses: int) -> Counter[str]:
    """What was wrong in one round, all targets side by side."""
    asked = [_problem(target) for target in targets for _ in range(responses)]
    return Counter(problem for problem in await asyncio.gather(*asked) if problem)


async def _problem(target: Target) -> str:
    problem = (await answer_of(target, LATE)).problem
    return f"{target.rule}: {problem}" if problem else ""
