"""What follows from a build that failed: its verdict, and nothing left behind."""

from __future__ import annotations

from pipeline.errors import BuildFailed, CheckFailed, Unreachable
from pipeline.planning.build.steps import (
    BakeVersion,
    BootCheckMachine,
    BuildStep,
    ClearGroup,
    Clearing,
    DeleteGroup,
    MarkVersion,
    RejectVersion,
    RunChecks,
    clearing,
)
from pipeline.planning.plan import Failure, Plan


def plan_after_failure(failure: Failure, *, keep: bool = False) -> Plan[BuildStep] | None:
    """What follows from a failure: the verdict of a check, and nothing left behind.

    `keep` leaves the machine of a check that failed, or that nobody could reach; whatever else
    ended the run ends the machine too.
    """
    last = failure.begun[-1] if failure.begun else None
    steps: list[BuildStep] = []
    if isinstance(last, RunChecks) and isinstance(failure.error, CheckFailed):
        steps.append(MarkVersion(last.image, last.version, passed=False))
    if isinstance(last, BakeVersion) and isinstance(failure.error, BuildFailed):
        steps.append(RejectVersion(last.image, last.version, last.tags))
    is_kept = keep and isinstance(failure.error, CheckFailed | Unreachable)
    if not (is_kept and isinstance(last, RunChecks | BootCheckMachine)):
        steps += _left(failure).values()
    return Plan("clean up after the failure", tuple(steps)) if steps else None


def _left(failure: Failure) -> dict[str, Clearing]:
    """What may be there, by its resource group: as the step that removes it."""
    left: dict[str, Clearing] = {}
    for step in failure.begun:
        if isinstance(step, BootCheckMachine) or (
            isinstance(step, BakeVersion) and step not in failure.done
        ):
            left[step.group] = clearing(step)
        elif isinstance(step, DeleteGroup | ClearGroup) and step in failure.done:
            left.pop(step.name, None)
    return left
