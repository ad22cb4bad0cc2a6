"""`stage`, `promote`, `rollback` and `status`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from pipeline.execution.azure.side_by_side import side_by_side
from pipeline.execution.claims.hold import refuse_on_hold
from pipeline.execution.claims.now import underway
from pipeline.execution.commands.preflight import checked
from pipeline.execution.commands.watching import Watching, swap_back
from pipeline.execution.run.session import Session
from pipeline.execution.runner import begin, carry_out
from pipeline.execution.swap.survey import survey_swap, survey_when_settled
from pipeline.planning.plan import Failure, Plan
from pipeline.planning.swap.plan import plan_swap
from pipeline.planning.swap.staging import plan_stage
from pipeline.planning.swap.status import in_words, status_of, table
from pipeline.planning.swap.steps import SwapStep, Wish


def stage(session: Session, image: str, version: str = "", *, again: bool = False) -> None:
    """Bring a version behind the staging frontend, at production's capacity, healthy."""
    session.load_balancer(image)
    with begin(session, "stage", image, partial(state_of, session, image)) as run:
        now = survey_when_settled(session, image)
        planner = partial(plan_stage, now, version, again=again)
        carry_out(checked(session, image, version, planner), run)


def promote(
    session: Session,
    image: str,
    *,
    again: bool = False,
    force: bool = False,
    watching: Watching | None = None,
) -> None:
    """Lead production's rules to the staged version, and watch it; Refused while it is on hold.

    When it loses more requests than it may, or falls ill, production is led back.
    """
    session.load_balancer(image)
    refuse_on_hold(session, image)
    watching = watching or Watching()
    how = watching.over(session.image(image).promotion)
    back = None if watching.no_rollback else partial(swap_back, session, image)
    _swap(session, image, Wish("promote", again=again, force=force, promotion=how), back)


def rollback(session: Session, image: str, to: str = "", *, force: bool = False) -> None:
    """Lead production's rules back to the previous version, or to another."""
    _swap(session, image, Wish("rollback", to, force=force))


def status(session: Session, image: str = "") -> None:
    """Tell what is true, read from Azure alone; of one image, or of all that are served."""
    served = [load_balancer.image for load_balancer in session.environment.load_balancers]
    look = session.looking()
    surveys = [partial(survey_swap, look, name) for name in ([image] if image else served)]
    rows = [status_of(found) for found in side_by_side(surveys)]
    now = underway(session)
    document = {
        "environment": session.environment.name,
        "images": [{**row.document, **now.document(row.image)} for row in rows],
    }
    shown = table(rows)
    lines = now.lines(row.image for row in rows)
    session.output.report(replace(shown, notes=(*shown.notes, *lines)), document)


def _swap(
    session: Session,
    image: str,
    wish: Wish,
    back: Callable[[Failure], Plan[SwapStep] | None] | None = None,
) -> None:
    session.load_balancer(image)
    with begin(session, wish.direction, image, partial(state_of, session, image)) as run:
        plan = plan_swap(survey_when_settled(session, image), wish)
        carry_out(plan, run, follow_up=back or _nothing)


def _nothing(_: Failure) -> None:
    """What follows from the failure of a swap that is not watched."""


def state_of(session: Session, image: str) -> str:
    """What is true of an image now, in one line."""
    return in_words(status_of(survey_swap(session, image)))
