"""`create-environment`, `stage`, `promote`, `rollback`, `status`: survey, plan, print, do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TypeVar

from pipeline.arm import ResourceId
from pipeline.errors import DefinitionError, PipelineError, Refused, Unreachable
from pipeline.execution.azure import Body
from pipeline.execution.carry_out import landing_zone_step, stage_step
from pipeline.execution.run import Attempt, Run, begin, execute
from pipeline.execution.session import Session
from pipeline.execution.survey import survey
from pipeline.execution.swap import Swap
from pipeline.execution.wait import PATIENCE, nothing
from pipeline.planning.landing_zone import plan_landing_zone, wanted
from pipeline.planning.names import load_balancer_id, subnet_id
from pipeline.planning.plan import Plan, Step
from pipeline.planning.promotion import plan_promotion, plan_rollback
from pipeline.planning.staging import plan_stage
from pipeline.planning.status import in_words, status_of, table
from pipeline.planning.steps import SwapStep
from pipeline.planning.survey import Survey

S = TypeVar("S", bound=Step)


def create_environment(session: Session) -> None:
    """Make what is missing of the landing zone."""
    environment = session.environment
    with begin(session, "create-environment") as run:
        has_group = session.azure.group(environment.resource_group) is not None
        existing = _existing(session) if has_group else {}
        plan = plan_landing_zone(session.project, environment, has_group, existing)
        _carry_out(plan, partial(landing_zone_step, session.azure), run)


def stage(session: Session, image: str, version: str = "") -> None:
    """Bring a version behind the staging frontend, at production's capacity, healthy."""
    look = _looking(session, image)
    with begin(session, "stage", image) as run, _telling_the_truth(session, image):
        plan = plan_stage(look(), version)
        _carry_out(plan, lambda step, attempt: stage_step(session.azure, step, attempt, look), run)


def promote(session: Session, image: str) -> None:
    """Let the staged version serve."""
    _swap(session, "promote", image, plan_promotion)


def rollback(session: Session, image: str) -> None:
    """Let the previous version serve again."""
    _swap(session, "rollback", image, plan_rollback)


def status(session: Session, image: str = "") -> None:
    """Tell what is true, read from Azure alone; of one image, or of all that are served."""
    served = [load_balancer.image for load_balancer in session.environment.load_balancers]
    rows = [status_of(_survey(session, name)) for name in ([image] if image else served)]
    document = {
        "environment": session.environment.name,
        "images": [row.document for row in rows],
    }
    session.output.report(table(rows), document)


def _swap(
    session: Session, command: str, image: str, planner: Callable[[Survey], Plan[SwapStep]]
) -> None:
    look = _looking(session, image)
    with begin(session, command, image) as run, _telling_the_truth(session, image):
        plan = planner(look())
        swap = Swap(session.azure, plan, look, planner)
        _carry_out(plan, swap.carry_out, run)


def _carry_out(plan: Plan[S], carry_out: Callable[[S, Attempt], None], run: Run) -> None:
    session = run.session
    session.output.plan(plan)
    if session.plan_only:
        if plan.inverse:
            session.output.truth("", (("the way back afterwards", plan.inverse),))
        return
    if plan.steps:
        execute(plan, carry_out, run)
    session.output.truth(plan.truth if plan.steps else "", plan.next_commands)


def _survey(session: Session, image: str) -> Survey:
    return survey(session.azure, session.image(image), session.load_balancer(image))


def _looking(session: Session, image: str) -> Callable[[], Survey]:
    """A survey of the image once nothing is under way on its load balancer."""
    resource = load_balancer_id(session.environment, session.load_balancer(image).name)

    def look() -> Survey:
        session.azure.settle(
            resource, patience=PATIENCE["network"], clock=session.clock, still_waiting=nothing
        )
        return _survey(session, image)

    return look


def _existing(session: Session) -> dict[ResourceId, Body]:
    environment = session.environment
    ids = [resource.resource for resource in wanted(session.project, environment)]
    if not environment.network.managed:
        ids.append(subnet_id(environment))
    found = ((resource, session.azure.get(resource)) for resource in ids)
    return {resource: body for resource, body in found if body is not None}


@contextmanager
def _telling_the_truth(session: Session, image: str) -> Iterator[None]:
    """Whatever ends a run early, it takes along who serves now."""
    try:
        yield
    except (PipelineError, KeyboardInterrupt) as error:
        if not isinstance(error, Unreachable | DefinitionError):
            _add_truth(error, session, image)
        raise


def _add_truth(error: BaseException, session: Session, image: str) -> None:
    try:
        error.add_note(f"Now: {in_words(status_of(_survey(session, image)))}.")
    except PipelineError as second:
        if not isinstance(second, Refused):
            error.add_note(f"Azure could not be asked what is true now: {second}")
