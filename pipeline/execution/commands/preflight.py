"""`preflight`, and the look that `stage` takes before its first write."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from pipeline.errors import Refused
from pipeline.execution.commands.proven import proven_stage
from pipeline.execution.preflight.survey import survey_preflight
from pipeline.execution.run.session import Session
from pipeline.execution.swap.survey import survey_swap
from pipeline.planning.plan import Plan
from pipeline.planning.preflight.finding import Finding
from pipeline.planning.preflight.preflight import approved, document, findings, noted, table
from pipeline.planning.preflight.wanted import Wanted, newest_eligible, wanted
from pipeline.planning.swap.steps import StageStep

StagePlan: TypeAlias = Plan[StageStep]


def preflight(session: Session, image: str, version: str = "") -> None:
    """Print everything that was looked at; Refused when the version cannot be staged."""
    session.load_balancer(image)
    now = survey_swap(session, image)
    plan = _planned(lambda: proven_stage(session, now, version))
    asked, found = _look(session, image, version or newest_eligible(now.versions), plan)
    session.output.report(table(found), document(asked, found))
    approved(plan, asked, found)


def checked(
    session: Session, image: str, version: str, planner: Callable[[], StagePlan]
) -> StagePlan:
    """The plan with notes of what was found; Refused with every reason at once.

    A plan without steps needs no look.
    """
    plan = _planned(planner)
    if isinstance(plan, Plan) and plan.is_empty:
        return plan
    asked, found = _look(session, image, version, plan)
    if isinstance(plan, Plan) and session.plan_only and _fails(found):
        session.output.plan(noted(plan, found))
    return approved(plan, asked, found)


def _look(
    session: Session, image: str, version: str, plan: StagePlan | Refused
) -> tuple[Wanted, tuple[Finding, ...]]:
    steps, refusal = (plan.steps, "") if isinstance(plan, Plan) else (None, str(plan))
    asked = wanted(session.environment, session.image(image), version, steps)
    return asked, findings(survey_preflight(session, asked, refusal))


def _planned(planner: Callable[[], StagePlan]) -> StagePlan | Refused:
    """A plan, or why there is none."""
    try:
        return planner()
    except Refused as refusal:
        return refusal


def _fails(found: tuple[Finding, ...]) -> bool:
    return any(one.result == "FAILED" for one in found)
