"""`build-image` and `check-image`: survey, plan, carry out, and leave nothing behind."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Literal

from pipeline.definition.model import Image
from pipeline.errors import Unreachable, UsageError
from pipeline.execution.azure.vault import read_secrets
from pipeline.execution.build.fitness import refuse_denied_by_policy, refuse_unfit_base
from pipeline.execution.build.survey import survey_build
from pipeline.execution.checks import Checks, facts, refuse_uncollectable
from pipeline.execution.claims.numbers import TRIES, reserve, taken_by_others
from pipeline.execution.evidence.signing import signer_of
from pipeline.execution.packer.build import validate
from pipeline.execution.packer.job import var_file_name
from pipeline.execution.packer.orphans import end_orphans, orphans
from pipeline.execution.packer.plugins import refuse_without_plugins
from pipeline.execution.packer.tools import find_tools
from pipeline.execution.run.run import Run
from pipeline.execution.run.session import Session
from pipeline.execution.runner import begin, carry_out
from pipeline.execution.winrm import refuse_without_pywinrm
from pipeline.planning.build.aftermath import plan_after_failure
from pipeline.planning.build.build import Build, plan_build, plan_check, plan_nightly
from pipeline.planning.build.packer_variables import secrets_of_the_author
from pipeline.planning.build.rebuilding import NOTHING_FORCES, Forced
from pipeline.planning.build.steps import BakeVersion, RecordEvidence, RunChecks
from pipeline.planning.build.survey import BuildSurvey
from pipeline.planning.fleet.results import STILL_FAILING

BUILD = "build-image"
"""Which run builds an image, whoever started it."""
Result = Literal["built", "checked", "nothing to do", "planned", "still failing"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one image: the version that has its inputs now, and why."""

    image: str
    version: str
    result: Result
    why: str


def build_image(session: Session, image: str, *, rebuild: bool = False) -> Outcome:
    """Make sure that a checked version of the image's inputs is in the gallery.

    With `session.keep` the machine of a check that failed stays, until the next run for the image.

    Raises BuildFailed, CheckFailed, and what Azure or the network say; nothing is left behind but
    the evidence and, after a failed check, the version that cannot be promoted.
    """
    return _build(session, BUILD, image, lambda now: plan_build(now, rebuild=rebuild))


def rebuild_image(session: Session, image: str, because: Forced = NOTHING_FORCES) -> Outcome:
    """The same for what the image's `rebuild_on` names, and for what makes it be baked anew.

    Nothing is done about inputs that failed for good.
    """
    return _build(session, BUILD, image, partial(plan_nightly, because=because))


def check_image(session: Session, image: str, version: str = "") -> Outcome:
    """Check an existing version on a fresh machine, the newest by default, and mark it."""
    return _build(session, "check-image", image, lambda now: plan_check(now, version))


def _build(
    session: Session,
    command: str,
    name: str,
    planner: Callable[[BuildSurvey], Build],
) -> Outcome:
    image = session.image(name)
    with begin(session, command, name) as run:
        _end_orphans(session, name)
        build = _with_number(image, run, planner)
        return _carry_out(build, name, run)


def _with_number(image: Image, run: Run, planner: Callable[[BuildSurvey], Build]) -> Build:
    """The plan, and the number of what it bakes reserved; planned anew where that was taken."""
    has_claim = bool(run.guards)
    for _ in range(TRIES):
        now = survey_build(run.session, image, run.id, has_claim=has_claim)
        build = planner(now)
        bakes = any(isinstance(step, BakeVersion) for step in build.plan.steps)
        if bakes:
            refuse_unfit_base(run.session.azure, image, now)
        refuse_denied_by_policy(run.session, image, build.plan.steps)
        _before_the_bake(build, image, run.session)
        if not (bakes and has_claim) or reserve(run.session, image.name, build.version, now):
            return build
    raise taken_by_others(image.name)


def _before_the_bake(build: Build, image: Image, session: Session) -> None:
    """What would end the bake, told before it takes a number; `--plan` asks Packer itself."""
    for step in build.plan.steps:
        if isinstance(step, RecordEvidence) and step.is_required and not session.plan_only:
            signer_of(session)
        if isinstance(step, RunChecks):
            if step.system.is_windows:
                refuse_without_pywinrm(step.image)
            told = facts(step.image, step.version)
            refuse_uncollectable(Checks(session.project.root, image.checks, told), session.clock)
        if not isinstance(step, BakeVersion):
            continue
        _refuse_without_secrets(image)
        try:
            tools = find_tools()
        except Unreachable:
            if not session.plan_only:
                raise
            session.output.say("Packer is not here: it could not validate the template")
            continue
        refuse_without_plugins(image.template, tools)
        read = read_secrets(session.azure.clients, step.secrets)  # read again when it begins
        if session.plan_only:
            validate(step, image, session.environment, session.project.root, read)


def _refuse_without_secrets(image: Image) -> None:
    missing = [
        variable
        for name in secrets_of_the_author(image)
        if (variable := f"PKR_VAR_{name}") not in os.environ
    ]
    if missing:
        raise UsageError(
            f"template {image.template.name} has sensitive variables without a default, and this"
            f" environment has no {' and no '.join(missing)}: set {', '.join(missing)}, and build"
            " again"
        )


def _end_orphans(session: Session, image: str) -> None:
    name = var_file_name(session.environment.name, image)
    if not session.plan_only and orphans(session.runs, name):
        session.output.say("waiting for the Packer of a run that died to end")
        end_orphans(session.runs, name, session.clock)


def _carry_out(build: Build, image: str, run: Run) -> Outcome:
    is_true = carry_out(
        build.plan, run, follow_up=partial(plan_after_failure, keep=run.session.keep)
    )
    result = _result(build) if is_true or build.is_failing else "planned"
    return Outcome(image, build.version, result, build.why)


def _result(build: Build) -> Result:
    if build.is_failing:
        return STILL_FAILING
    kinds = {type(step) for step in build.plan.steps}
    if BakeVersion in kinds:
        return "built"
    return "checked" if RunChecks in kinds else "nothing to do"
