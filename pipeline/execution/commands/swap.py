"""`stage`, `promote`, `rollback` and `status`."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from pipeline.execution.azure.side_by_side import side_by_side
from pipeline.execution.claims.hold import refuse_on_hold
from pipeline.execution.claims.now import underway
from pipeline.execution.commands.preflight import checked
from pipeline.execution.run.session import Session
from pipeline.execution.runner import begin, carry_out
from pipeline.execution.swap.survey import survey_swap, survey_when_settled
from pipeline.planning.swap.plan import plan_swap
from pipeline.planning.swap.staging import plan_stage
from pipeline.planning.swap.status import in_words, status_of, table
from pipeline.planning.swap.steps import Wish


def stage(session: Session, image: str, version: str = "", *, again: bool = False) -> None:
    """Bring a version behind the staging frontend, at production's capacity, healthy."""
    session.load_balancer(image)
    with begin(session, "stage", image, partial(state_of, session, image)) as run:
        now = survey_when_settled(session, image)
        planner = partial(plan_stage, now, version, again=again)
        carry_out(checked(session, image, version, planner), run)


def promote(session: Session, image: str, *, again: bool = False, force: bool = False) -> None:
    """Lead production's rules to the staged version; Refused where the image is on hold."""
    session.load_balancer(image)
    refuse_on_hold(session, image)
    _swap(session, image, Wish("promote", again=again, force=force))


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


def _swap(session: Session, image: str, wish: Wish) -> None:
    session.load_balancer(image)
    with begin(session, wish.direction, image, partial(state_of, session, image)) as run:
        carry_out(plan_swap(survey_when_settled(session, image), wish), run)


def state_of(session: Session, image: str) -> str:
    """What is true of an image now, in one line."""
    return in_words(status_of(survey_swap(session, image)))
