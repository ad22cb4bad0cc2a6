"""Carrying out the steps of a rehearsal. Each may be repeated at any time."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import assert_never

from pipeline.errors import AzureRefused, Overtaken
from pipeline.execution.azure.requests import Body, patch
from pipeline.execution.claims.held import text_of
from pipeline.execution.patience import SCALE_SET
from pipeline.execution.run.work import Work
from pipeline.execution.swap.load_balancer import rewrite
from pipeline.execution.swap.records import with_tags
from pipeline.planning.names import SwapTag, Tag, load_balancer_tag
from pipeline.planning.rehearse.steps import LeadTwins, RecordRehearsal, RehearseOwnStep
from pipeline.planning.swap.load_balancer import led
from pipeline.planning.swap.survey import Survey


def carry_out(step: RehearseOwnStep, work: Work) -> None:
    """Carry out one step of this room; may be repeated at any time."""
    match step:
        case LeadTwins():
            lead_twins(step, work)
        case RecordRehearsal():
            record_rehearsal(step, work)
        case _:
            assert_never(step)


def lead_twins(step: LeadTwins, work: Work) -> None:
    """The staging rules to a pool; Overtaken when production moved, or the pool is gone."""
    started = work.clock.now()
    tags = {load_balancer_tag(step.image, SwapTag.REHEARSING): step.home}

    def edit(now: Survey) -> Body | None:
        balancer = now.load_balancer
        if now.production_pool == step.pool:
            raise Overtaken(
                f"{now.production_pool.name} serves by now: production was swapped since the plan"
                " was made; staging is left as it is"
            )
        if step.pool not in balancer.members or now.removed_by(step.pool):
            raise Overtaken(f"{step.pool.name}: someone removed the pool since the plan was made")
        wanted = led(balancer.body, step.rules, step.pool, tags)
        if _is_led(now, step):
            return None
        if step.leg == "back" and work.run.beside is not None:
            work.run.beside.swapping()
        return wanted

    rewrite(work, step.image, edit)
    if step.leg == "back":
        work.run.swap_seconds = work.clock.now() - started
        work.seen = f"the write took {work.run.swap_seconds:.1f} s"


def record_rehearsal(step: RecordRehearsal, work: Work) -> None:
    """On the scale set's tags, for `status`; what cannot be recorded is told, and no failure."""
    seconds = work.run.swap_seconds
    written = {
        Tag.REHEARSED: text_of(datetime.now(UTC)),
        Tag.REHEARSED_SECONDS: "" if seconds is None else f"{seconds:.1f}",
    }
    body = work.azure.get(step.scale_set)
    if body is None:
        return
    try:
        work.send(patch(step.scale_set, {"tags": with_tags(body, written)}), SCALE_SET)
    except AzureRefused as refusal:
        work.session.output.say(f"not recorded: {refusal}")


def _is_led(now: Survey, step: LeadTwins) -> bool:
    """Whether that is so already, and Azure carried it out."""
    balancer = now.load_balancer
    tag = balancer.tags.get(load_balancer_tag(step.image, SwapTag.REHEARSING), "")
    pools = {rule.pool for rule in balancer.rules if rule.name in step.rules}
    return pools == {step.pool} and tag == step.home and not balancer.has_failed
