"""Carrying out the steps of staging and of swaps. Each may be repeated at any time."""

from __future__ import annotations

from typing import assert_never

from pipeline.errors import AzureRefused, Overtaken, StillRunning
from pipeline.execution.azure.requests import Body, patch, put
from pipeline.execution.azure.resources import provisioning_state
from pipeline.execution.passwords import new_password
from pipeline.execution.patience import HEALTHY, NETWORK, SCALE_SET
from pipeline.execution.run.create import create_unless_there
from pipeline.execution.run.work import Work
from pipeline.execution.ssh import public_key_nobody_holds
from pipeline.execution.swap import load_balancer, records
from pipeline.execution.swap.autoscale import follow_autoscale
from pipeline.execution.swap.instances import instances_of
from pipeline.execution.swap.protected import hide, protected_settings
from pipeline.execution.wait import wait_until, within_compute_limits
from pipeline.planning import traits
from pipeline.planning.names import image_definition_id
from pipeline.planning.swap.scale_set_body import capacity, scale_set
from pipeline.planning.swap.steps import (
    AddPool,
    AwaitHealthy,
    CreateScaleSet,
    DeploymentStep,
    FollowAutoscale,
    LeadStaging,
    RecordSwap,
    RewriteLoadBalancer,
    ScaleScaleSet,
    SwapPools,
)
from pipeline.planning.writable import writable


def carry_out(step: DeploymentStep, work: Work) -> None:
    """Carry out one step of this room; may be repeated at any time."""
    match step:
        case AddPool():
            load_balancer.add_pool(step, work)
        case CreateScaleSet():
            create_scale_set(step, work)
        case ScaleScaleSet():
            scale(step, work)
        case AwaitHealthy():
            await_healthy(step, work)
        case LeadStaging():
            load_balancer.lead_staging(step, work)
        case SwapPools():
            load_balancer.swap_pools(step, work)
        case RecordSwap():
            record_swap(step, work)
        case FollowAutoscale():
            follow_autoscale(step, work)
        case RewriteLoadBalancer():
            rewrite_load_balancer(step, work)
        case _:
            assert_never(step)


def create_scale_set(step: CreateScaleSet, work: Work) -> None:
    """The scale set of a version."""

    def body() -> Body:
        settings = protected_settings(step.shape)
        hide(settings, work.session.output)
        definition = image_definition_id(work.azure.environment, step.image)
        plan = traits.reading(work.azure.get(definition) or {}).plan
        is_windows = step.system.is_windows
        credential = new_password() if is_windows else public_key_nobody_holds()
        if is_windows:
            work.session.output.hide(credential)
        return scale_set(step, credential, work.run.id, settings, plan)

    create_unless_there(work, step.resource, body, SCALE_SET)


def scale(step: ScaleScaleSet, work: Work) -> None:
    """A scale set's capacity, and nothing else of it."""
    work.send(patch(step.resource, capacity(step)), SCALE_SET)


def await_healthy(step: AwaitHealthy, work: Work) -> None:
    """Wait until so many instances run and all are healthy; StillRunning tells how many are."""

    def question() -> bool | None:
        found = instances_of(work.azure, step.resource)
        healthy = sum(instance.is_healthy for instance in found)
        work.seen = f"{healthy} of {len(found)} instances healthy"
        if len(found) < step.count or healthy < len(found):
            return None
        body = work.azure.get(step.resource)
        return True if body and provisioning_state(body) == "Succeeded" else None

    try:
        wait_until(
            question,
            str(step.resource),
            patience=HEALTHY,
            clock=work.clock,
            every=within_compute_limits,
            still_waiting=work.still_waiting,
        )
    except StillRunning as error:
        raise StillRunning(f"{step.resource} ({work.seen})", error.waited) from None
    work.seen = f"{step.resource.name}: {work.seen}"


def record_swap(step: RecordSwap, work: Work) -> None:
    """What the load balancer's tags say of a swap, on scale sets and versions as well.

    The swap itself is done: what cannot be recorded is told, and is no failure of it.
    """
    try:
        records.record_swap(step, work)
    except AzureRefused as refusal:
        work.session.output.say(f"not recorded: {refusal}")


def rewrite_load_balancer(step: RewriteLoadBalancer, work: Work) -> None:
    """The load balancer as it is, once nothing is under way on it."""
    body = work.azure.settle(
        step.load_balancer,
        patience=NETWORK,
        clock=work.clock,
        still_waiting=work.still_waiting,
    )
    if body is None:
        raise Overtaken(f"{step.load_balancer}: someone deleted it since the plan was made")
    work.send(put(step.load_balancer, writable(body), str(body.get("etag", ""))), NETWORK)
