"""`build-image` and `check-image`: survey, plan, carry out, and leave nothing behind."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from typing import Literal

from pipeline.definition.model import Image
from pipeline.errors import CheckFailed, PipelineError
from pipeline.execution.build_steps import Builder
from pipeline.execution.build_survey import survey
from pipeline.execution.orphans import end_orphans, orphans
from pipeline.execution.packer import var_file_name
from pipeline.execution.run import Run, begin, execute
from pipeline.execution.session import Session
from pipeline.planning.build import Build, plan_after_failed_check, plan_build, plan_check
from pipeline.planning.build_steps import BakeVersion, BuildStep, DeleteGroup, RunChecks
from pipeline.planning.plan import Plan

Result = Literal["built", "checked", "nothing to do", "planned"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one image: the version that has its inputs now, and why."""

    image: str
    version: str
    result: Result
    why: str


def build_image(
    session: Session, name: str, *, rebuild: bool = False, verbose: bool = False
) -> Outcome:
    """Make sure that a checked version of the image's inputs is in the gallery.

    Raises BuildFailed, CheckFailed, and what Azure or the network say; nothing is left behind but
    the evidence and, after a failed check, the version that may not serve.
    """
    image = session.image(name)
    with begin(session, "build-image", name) as run:
        _end_orphans(session, name)
        build = plan_build(survey(session, image, run.id), rebuild=rebuild)
        return _carry_out(build, image, run, verbose=verbose)


def check_image(
    session: Session, name: str, version: str = "", *, verbose: bool = False
) -> Outcome:
    """Check an existing version on a fresh machine, the newest by default, and mark it."""
    image = session.image(name)
    with begin(session, "check-image", name) as run:
        _end_orphans(session, name)
        build = plan_check(survey(session, image, run.id, version), version)
        return _carry_out(build, image, run, verbose=verbose)


def _end_orphans(session: Session, image: str) -> None:
    name = var_file_name(session.environment.name, image)
    if not session.plan_only and orphans(session.runs, name):
        session.output.say("the Packer of a run that died is still there: waiting until it ended")
        end_orphans(session.runs, name, session.clock)


def _carry_out(build: Build, image: Image, run: Run, *, verbose: bool) -> Outcome:
    output, plan = run.session.output, build.plan
    output.plan(plan)
    if run.session.plan_only:
        return Outcome(image.name, build.version, "planned", build.why)
    if plan.steps:
        with ExitStack() as resources:
            builder = Builder(run, image, resources, verbose=verbose)
            try:
                execute(plan, builder.carry_out, run)
            except (PipelineError, KeyboardInterrupt) as error:
                _clear_up(error, _after(error, plan, builder), builder, run)
                raise
    output.truth(plan.truth, plan.next_commands)
    return Outcome(image.name, build.version, _result(plan), build.why)


def _result(plan: Plan[BuildStep]) -> Result:
    kinds = {type(step) for step in plan.steps}
    if BakeVersion in kinds:
        return "built"
    return "checked" if RunChecks in kinds else "nothing to do"


def _after(error: BaseException, plan: Plan[BuildStep], builder: Builder) -> tuple[BuildStep, ...]:
    """What follows from a failure: the verdict of a check, and nothing left behind."""
    checks = next((step for step in plan.steps if isinstance(step, RunChecks)), None)
    if isinstance(error, CheckFailed) and checks:
        return plan_after_failed_check(checks)
    return tuple(DeleteGroup(name) for name in builder.left)


def _clear_up(
    error: BaseException, steps: tuple[BuildStep, ...], builder: Builder, run: Run
) -> None:
    """Carry out what follows. If that fails too, both are told: the failure, and a note on it."""
    if not steps:
        return
    clearing = Plan(f"clear up after {run.id}", steps)
    run.session.output.plan(clearing)
    try:
        execute(clearing, builder.carry_out, run)
    except PipelineError as second:
        run.session.output.error(second)
        error.add_note(f"clearing up failed: {second}; the next run does it")
