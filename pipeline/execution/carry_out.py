"""Carrying out the steps of landing zones and of staging. Each may be repeated at any time."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, assert_never

from pipeline.arm import ResourceId
from pipeline.errors import Refused, StillRunning
from pipeline.execution import answers
from pipeline.execution.azure import Azure, Body, provisioning_state
from pipeline.execution.run import Attempt
from pipeline.execution.ssh import public_key_nobody_holds
from pipeline.execution.survey import instances_of
from pipeline.execution.wait import PATIENCE, wait_until, within_compute_limits
from pipeline.planning import parameters
from pipeline.planning.landing_zone_parameters import tags
from pipeline.planning.steps import (
    AwaitHealthy,
    Complete,
    Create,
    CreateGroup,
    CreateScaleSet,
    DeleteScaleSet,
    LandingZoneStep,
    ProveVersion,
    ScaleScaleSet,
    StageStep,
)
from pipeline.planning.survey import Survey

_KINDS = {"Microsoft.Network": "network", "Microsoft.Compute": "gallery"}


def landing_zone_step(azure: Azure, step: LandingZoneStep, attempt: Attempt) -> None:
    """Carry out one step of `create-environment`."""
    match step:
        case CreateGroup(name):
            azure.put_group(name, {**tags(azure.environment), "run": attempt.run.id})
        case Create(resource, body):
            tagged = {**body, "tags": {**body.get("tags", {}), "run": attempt.run.id}}
            create(azure, attempt, resource, lambda: tagged, _KINDS[resource.namespace])
        case Complete(resource, body, _, etag):
            begin = partial(_put, azure, resource, body, etag)
            attempt.follow(begin, str(resource), _KINDS[resource.namespace])
        case _:
            assert_never(step)


def stage_step(
    azure: Azure, step: StageStep, attempt: Attempt, survey: Callable[[], Survey]
) -> None:
    """Carry out one step of `stage`; `survey` asks Azure anew."""
    match step:
        case CreateScaleSet(resource):

            def body() -> Body:
                return parameters.scale_set(step, public_key_nobody_holds(), attempt.run.id)

            create(azure, attempt, resource, body, "scale set")
        case ScaleScaleSet(resource, _, capacity):
            wanted = {"sku": {"capacity": capacity}}
            attempt.follow(
                lambda token: azure.begin_patch(resource, wanted, token=token),
                str(resource),
                "scale set",
            )
        case DeleteScaleSet(resource):
            _delete_idle(azure, step, attempt, survey())
        case AwaitHealthy(resource, count):
            await_healthy(azure, resource, count, attempt)
        case ProveVersion(_, url, version, count):
            answers.prove(url, version, count, attempt)
        case _:
            assert_never(step)


def create(
    azure: Azure, attempt: Attempt, resource: ResourceId, body: Callable[[], Body], kind: str
) -> None:
    """Create what is not there; what a run that died has begun is seen through, not asked again."""
    there = azure.settle(
        resource,
        patience=PATIENCE[kind],
        clock=attempt.clock,
        still_waiting=attempt.still_waiting,
    )
    if there is None:
        attempt.token = ""  # whatever it was for has been deleted since
    elif not attempt.token and provisioning_state(there) == "Succeeded":
        return

    def begin(token: str) -> Any:
        return azure.begin_put(resource, {} if token else body(), token=token)

    attempt.follow(begin, str(resource), kind)


def await_healthy(azure: Azure, resource: ResourceId, count: int, attempt: Attempt) -> None:
    """Wait until so many instances run and all are healthy; StillRunning tells how many are."""
    last = "no instances yet"

    def question() -> bool | None:
        nonlocal last
        found = instances_of(azure, resource)
        healthy = sum(instance.is_healthy for instance in found)
        last = f"{healthy} of {len(found)} instances healthy"
        if len(found) < count or healthy < len(found):
            return None
        body = azure.get(resource)
        return True if body and provisioning_state(body) == "Succeeded" else None

    try:
        wait_until(
            question,
            str(resource),
            patience=PATIENCE["healthy"],
            clock=attempt.clock,
            every=within_compute_limits,
            still_waiting=attempt.still_waiting,
        )
    except StillRunning as error:
        raise StillRunning(f"{resource} ({last})", error.waited) from None


def _put(azure: Azure, resource: ResourceId, body: Body, etag: str, token: str) -> Any:
    return azure.begin_put(resource, body, token=token, if_match=etag)


def _delete_idle(azure: Azure, step: DeleteScaleSet, attempt: Attempt, now: Survey) -> None:
    """Delete a scale set, unless somebody let it serve since the plan was made."""
    if any(found.resource == step.resource for found in now.production):
        raise Refused(f"{step.resource}: it serves by now, so it is not deleted")
    attempt.follow(
        lambda token: azure.begin_delete(step.resource, token=token),
        str(step.resource),
        "scale set",
    )
