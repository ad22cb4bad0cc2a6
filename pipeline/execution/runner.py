"""The one place where plans become true: printed, carried out, journalled, followed up.

Resuming is not a feature: a command always surveys and plans anew. A new kind of step is a value in
`planning/ROOM/steps.py`, and one arm of `carry_out` in `execution/ROOM/steps.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar, assert_never

from pipeline.advice import Advice, status
from pipeline.errors import (
    AzureRefused,
    DefinitionError,
    Overtaken,
    PipelineError,
    SignInFailed,
    StateFileError,
    StillRunning,
    Unreachable,
    UsageError,
)
from pipeline.execution.build import steps as build
from pipeline.execution.claims.use import claimed
from pipeline.execution.landing_zone import steps as landing_zone
from pipeline.execution.prune import steps as prune
from pipeline.execution.rehearse import steps as rehearse
from pipeline.execution.report.reporting import reported
from pipeline.execution.revoke import steps as revoke
from pipeline.execution.roll import steps as roll
from pipeline.execution.run.journal import FAILED, FINISHED
from pipeline.execution.run.run import Run, alone
from pipeline.execution.run.session import Session
from pipeline.execution.run.work import Work
from pipeline.execution.swap import steps as swap
from pipeline.execution.watch import steps as watch
from pipeline.planning.build.steps import BuildStep
from pipeline.planning.landing_zone.steps import LandingZoneStep
from pipeline.planning.plan import Failure, Plan, Step
from pipeline.planning.prune.steps import PruneStep
from pipeline.planning.rehearse.steps import RehearseOwnStep
from pipeline.planning.revoke.steps import RevokeStep
from pipeline.planning.roll.steps import RollOwnStep
from pipeline.planning.steps import AnyStep
from pipeline.planning.swap.steps import DeploymentStep
from pipeline.planning.watch.steps import WatchStep

S = TypeVar("S", bound=Step)


def carry_out_step(step: AnyStep, work: Work) -> None:
    """Carry out one step, in its room; may be repeated at any time."""
    if isinstance(step, LandingZoneStep):
        landing_zone.carry_out(step, work)
    elif isinstance(step, BuildStep):
        build.carry_out(step, work)
    elif isinstance(step, WatchStep):
        watch.carry_out(step, work)
    elif isinstance(step, DeploymentStep):
        swap.carry_out(step, work)
    elif isinstance(step, PruneStep):
        prune.carry_out(step, work)
    elif isinstance(step, RehearseOwnStep):
        rehearse.carry_out(step, work)
    elif isinstance(step, RevokeStep):
        revoke.carry_out(step, work)
    elif isinstance(step, RollOwnStep):
        roll.carry_out(step, work)
    else:
        assert_never(step)


@contextmanager
def begin(
    session: Session, command: str, image: str = "", now: Callable[[], str] | None = None
) -> Iterator[Run]:
    """A run, alone in its environment with its image; Refused says which run is in the way.

    In this checkout a lock sees to that, on all machines a claim in Azure (execution/claims).

    `now` asks Azure what is true; whatever ends the run early takes the answer along.
    """
    run: Run | None = None
    with reported(session) as page:
        try:
            with alone(session, command, image) as run:
                page.begin(run)
                with claimed(run):
                    yield run
        except (PipelineError, KeyboardInterrupt) as error:
            if now and not isinstance(error, DefinitionError | UsageError):
                _add_truth(error, now, has_written=run is not None and run.has_written)
            raise


def carry_out(
    plan: Plan[S],
    run: Run,
    *,
    follow_up: Callable[[Failure], Plan[S] | None] = lambda failure: None,
    step_by_step: Callable[[S, Work], None] = carry_out_step,  # type: ignore[assignment] # the default is for S = AnyStep
) -> bool:
    """Print a plan and make it true; answers whether it is, False when it was only to be printed.

    The first step that fails ends it, and its error is raised after the plan that follows from the
    failure, if any, has been carried out.
    """
    session = run.session
    session.output.plan(plan)
    if session.plan_only:
        if plan.inverse:
            session.output.truth("", (Advice("afterwards, to go back", plan.inverse),))
        return False
    if plan.steps:
        _execute(plan, run, follow_up, step_by_step)
    session.output.truth(plan.truth, plan.advice)
    return True


def _execute(
    plan: Plan[S],
    run: Run,
    follow_up: Callable[[Failure], Plan[S] | None],
    step_by_step: Callable[[S, Work], None],
) -> None:
    session = run.session
    done: list[S] = []
    try:
        run.note("plan", title=plan.title, steps=[str(step) for step in plan.steps])
        for number, step in enumerate(plan.steps, start=1):
            session.clock.interruption.check()
            _one(step, step_by_step, Work(number, plan, run))
            done.append(step)
        run.note(FINISHED)
    except (PipelineError, KeyboardInterrupt) as error:
        session.clock.interruption.notice()
        begun = plan.steps[: len(done) + 1]
        _advise(error, plan, run, len(done))
        following = follow_up(Failure(error, begun, tuple(done)))
        if following and following.steps:
            _follow(error, following, run, step_by_step)
        raise


def _one(step: S, carry_out_one: Callable[[S, Work], None], work: Work) -> None:
    output = work.session.output
    work.note("started", words=work.words)
    output.started(work.number, work.words)
    try:
        carry_out_one(step, work)
        work.note("succeeded")
    except (PipelineError, KeyboardInterrupt) as error:
        output.failed(work.number, work.words, work.seconds)
        if isinstance(error, PipelineError) and not isinstance(error, StillRunning):
            _note_failure(work, error)
        raise
    output.finished(work.number, work.words, work.seconds, work.seen)


def _note_failure(work: Work, error: PipelineError) -> None:
    """Write it down, if the disk takes it: what failed first is what is raised."""
    try:
        work.note(FAILED, error=str(error))
    except StateFileError as second:
        error.add_note(str(second))


def _follow(
    error: BaseException,
    plan: Plan[S],
    run: Run,
    step_by_step: Callable[[S, Work], None],
) -> None:
    """Carry out what follows from a failure. If that fails too, a note on the first says so."""
    run.session.output.plan(plan)
    try:
        _execute(plan, run, lambda failure: None, step_by_step)
        if plan.advice and isinstance(error, PipelineError):
            error.advice = plan.advice
    except PipelineError as second:
        run.session.output.error(second)
        error.add_note(f"{plan.title} failed: {second}")


def _advise(error: BaseException, plan: Plan[S], run: Run, done: int) -> None:
    """After the first write, a failure tells what was done and how to go back."""
    if not isinstance(error, PipelineError) or isinstance(error, Overtaken) or not run.has_written:
        return
    if plan.inverse:
        error.advice += (Advice("go back", plan.inverse), Advice("show the state", status()))
    if done and isinstance(error, StateFileError):
        error.add_note(f"Steps done in Azure: 1 to {done} of {len(plan.steps)}.")


def _add_truth(error: BaseException, now: Callable[[], str], *, has_written: bool) -> None:
    if isinstance(error, Unreachable | SignInFailed) and not has_written:
        return  # it would only fail again
    try:
        error.add_note(f"Now: {now()}.")
    except PipelineError as second:
        error.add_note(f"Azure could not be asked what is true now: {second}")
    if isinstance(error, AzureRefused) and not error.advice:
        error.advice = (Advice("show the state", status()),)
