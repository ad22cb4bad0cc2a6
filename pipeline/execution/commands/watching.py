"""How a promotion is watched, from the definition and the command line; and what it leads to."""

from __future__ import annotations

from dataclasses import dataclass, replace

from pipeline.advice import Advice, status
from pipeline.definition import rules
from pipeline.definition.promotion import Promotion
from pipeline.errors import PipelineError, Refused, UsageError, WatchFailed
from pipeline.execution.run.session import Session
from pipeline.execution.swap.survey import survey_when_settled
from pipeline.planning.plan import Failure, Plan
from pipeline.planning.swap.rollback import plan_rollback
from pipeline.planning.swap.steps import SwapPools, SwapStep, Wish


@dataclass(frozen=True, slots=True)
class Watching:
    """What the command line says about it, as typed; "" for what the definition says."""

    soak: str = ""
    rate: str = ""
    lost_budget: str = ""
    patience: str = ""
    no_rollback: bool = False
    """Leave production where it is, whatever is lost."""

    def over(self, defined: Promotion) -> Promotion:
        """The definition with what was typed in its place; UsageError for what is none."""
        return replace(
            defined,
            soak=_seconds("soak", self.soak, rules.SOAK, defined.soak),
            patience=_seconds("patience", self.patience, rules.PATIENCE, defined.patience),
            rate=number("rate", self.rate, rules.RATE, defined.rate),
            lost_budget=number(
                "lost-budget", self.lost_budget, rules.LOST_BUDGET, defined.lost_budget
            ),
        )


def swap_back(session: Session, image: str, failure: Failure) -> Plan[SwapStep] | None:
    """The plan that leads production back when watching a promotion failed.

    None, and a note on the error says why, where nobody should: production is elsewhere by now, or
    what it would lead to is not fit for it.
    """
    error = failure.error
    swap = next((step for step in failure.done if isinstance(step, SwapPools)), None)
    if swap is None or not isinstance(error, WatchFailed):
        return None
    try:
        now = survey_when_settled(session, image, with_autoscale=True)
        if now.production_pool == swap.production:
            wish = Wish("rollback", promotion=swap.wish.promotion, why=str(error))
            back = plan_rollback(now, wish)
            session.output.say(f"Swapping back: {error}")
            return replace(back, advice=(Advice("show the state", status()),))
        error.add_note(f"Not swapped back: {now.production_pool.name} serves by now.")
    except (Refused, UsageError) as refusal:
        error.add_note(f"Not swapped back: {refusal}.")
    except PipelineError as second:
        error.add_note(f"Not swapped back: Azure could not be asked: {second}")
    return None


def _seconds(option: str, typed: str, rule: rules.Rule, defined: float) -> float:
    if not typed:
        return defined
    if not rule.accepts(typed):
        raise UsageError(f'--{option} "{typed}" is not {rule.noun}; it must be {rule.right}')
    return rules.seconds(typed)


def number(option: str, typed: str, rule: rules.Range, defined: int) -> int:
    """A whole number of an option, as defined where nothing was typed; UsageError for none."""
    if not typed:
        return defined
    if not typed.isdecimal() or not rule.accepts(int(typed)):
        raise UsageError(f'--{option} "{typed}" is not {rule.noun}; it must be {rule.right}')
    return int(typed)
