"""`rehearse`: a rollback, tried on production's twin."""

from __future__ import annotations

from functools import partial

from pipeline.execution.commands.swap import state_of
from pipeline.execution.run.session import Session
from pipeline.execution.runner import begin, carry_out
from pipeline.execution.swap.survey import survey_when_settled
from pipeline.planning.plan import Failure, Plan
from pipeline.planning.rehearse.plan import plan_rehearsal, plan_return
from pipeline.planning.rehearse.steps import RehearseStep


def rehearse(session: Session, image: str) -> float | None:
    """Swap the staging rules as a rollback swaps production's; answers how long the write took.

    None where it was only planned. When it fails, the staging rules are led where they were.
    Raises WatchFailed when the staging frontend loses more requests than a promotion may.
    """
    session.load_balancer(image)
    with begin(session, "rehearse", image, partial(state_of, session, image)) as run:
        plan = plan_rehearsal(survey_when_settled(session, image))
        carry_out(plan, run, follow_up=partial(_return, session, image))
        return run.swap_seconds


def _return(session: Session, image: str, _: Failure) -> Plan[RehearseStep] | None:
    return plan_return(survey_when_settled(session, image))
