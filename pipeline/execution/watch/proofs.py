"""Proving that rules answer: of every pair, not only of the one that leads to the health page."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable

from pipeline.errors import NotConfirmed, StillRunning
from pipeline.execution.azure.rule_health import ask_rule_health
from pipeline.execution.patience import RULE_HEALTH, Patience
from pipeline.execution.run.work import Work
from pipeline.execution.wait import wait_until
from pipeline.execution.watch.exchange import LOST, ask_afresh, reason_of
from pipeline.planning.watch.steps import AskProbes, VerifyRules
from pipeline.planning.watch.targets import Target

PAUSE = 0.5
"""Seconds after a round in which a target did not answer as it should."""
LATE = 5.0
"""Seconds for one connection and its answer."""


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

    try:
        wait_until(
            proven,
            str(step),
            patience=Patience(step.patience, "as long as the plan says"),
            clock=work.clock,
            every=PAUSE,
            still_waiting=work.still_waiting,
        )
    except StillRunning as late:
        told = ", ".join(f"{count} x {what}" for what, count in seen.most_common())
        raise NotConfirmed(
            f"could not confirm that every rule answers in {late.waited:.0f} s; seen: {told}"
        ) from None
    rules = ", ".join(target.rule for target in step.targets)
    work.seen = f"{step.responses} consecutive responses of {rules}"


def ask_probes(step: AskProbes, work: Work) -> None:
    """Ask until no member is known to be down; what Azure does not tell is no failure.

    Raises NotConfirmed when a member stays down.
    """
    rules = [step.load_balancer.child("loadBalancingRules", rule) for rule in step.rules]

    def in_order() -> bool | None:
        found = ask_rule_health(
            work.azure,
            rules,
            patience=RULE_HEALTH,
            clock=work.clock,
            still_waiting=work.still_waiting,
        )
        work.seen = "; ".join(map(str, found))
        return None if any(health.is_in_doubt for health in found) else True

    try:
        wait_until(
            in_order,
            str(step),
            patience=Patience(step.patience, "as long as the plan says"),
            clock=work.clock,
            still_waiting=work.still_waiting,
        )
    except StillRunning as late:
        raise NotConfirmed(
            f"{step.load_balancer}: not every member was up in {late.waited:.0f} s: {work.seen}"
        ) from None


async def _round(targets: Iterable[Target], responses: int) -> Counter[str]:
    """What was wrong in one round, all targets side by side."""
    asked = [_problem(target) for target in targets for _ in range(responses)]
    return Counter(problem for problem in await asyncio.gather(*asked) if problem)


async def _problem(target: Target) -> str:
    try:
        async with asyncio.timeout(LATE):
            answer = await ask_afresh(target)
    except TimeoutError:
        return f"{target.rule}: no answer in {LATE:g} s"
    except LOST as error:
        return f"{target.rule}: {reason_of(error)}"
    return f"{target.rule}: {answer.problem}" if answer.problem else ""
