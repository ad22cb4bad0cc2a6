"""The writes of a load balancer: each guarded by `If-Match`, on a survey taken just before.

Whoever else writes the load balancer meanwhile makes ours fail (412) or supersedes it
(`Canceled`): then it is surveyed anew, and goes on only if it is still wanted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import NamedTuple

from pipeline.advice import Advice, status
from pipeline.arm import ResourceId
from pipeline.errors import AzureRefused, Overtaken, Refused, UsageError
from pipeline.execution.azure.requests import Body, put
from pipeline.execution.claims.held import text_of
from pipeline.execution.patience import NETWORK
from pipeline.execution.run.work import Work
from pipeline.execution.swap.survey import survey_when_settled
from pipeline.planning.names import SwapTag, SwapTagName, load_balancer_tag
from pipeline.planning.plan import Plan
from pipeline.planning.swap.load_balancer import is_swapped, swapped, with_pool, with_staging_led
from pipeline.planning.swap.plan import plan_swap
from pipeline.planning.swap.staging import leading
from pipeline.planning.swap.steps import AddPool, LeadStaging, SwapPools, SwapStep
from pipeline.planning.swap.survey import Survey
from pipeline.planning.watch.steps import AskProbes, StartWatching, VerifyRules, VerifyVersion
from pipeline.planning.writable import writable

TRIES = 12
"""How many concurrent updates are planned around before giving up."""

PROOFS = (VerifyVersion, VerifyRules, AskProbes, StartWatching)
"""Steps that change nothing in Azure."""

_OTHERS_WROTE = frozenset(
    {"preconditionfailed", "preconditionfailedetagmismatch", "canceled", "http 412"}
)

Edit = Callable[[Survey], Body | None]
"""The body to write, given what is true now; None where nothing is to do."""


class Written(NamedTuple):
    """What to write: a load balancer or a child of it, on the etag that it was read with."""

    target: ResourceId
    body: Body
    etag: str


def others_wrote(refusal: AzureRefused) -> bool:
    """Whether a guarded write was refused, or superseded, because of another's."""
    return refusal.code.lower() in _OTHERS_WROTE


def rewrite(work: Work, image: str, edit: Edit) -> None:
    """Write the load balancer of an image, edited.

    `edit` is called again after each write of another, and raises what ends the step. Overtaken
    when others write all the time.
    """

    def whole(now: Survey) -> Written | None:
        balancer, body = now.load_balancer, edit(now)
        return None if body is None else Written(balancer.resource, body, balancer.etag)

    rewrite_part(work, image, whole)


def rewrite_part(work: Work, image: str, edit: Callable[[Survey], Written | None]) -> None:
    """The same for a part of it that has a PUT of its own."""
    for _ in range(TRIES):
        now = survey_when_settled(work.session, image, work.run.check)
        wanted = edit(now)
        if wanted is None:
            return
        try:
            request = put(wanted.target, wanted.body, wanted.etag)
            work.send(request, NETWORK, is_checked=True)
        except AzureRefused as refusal:
            if not others_wrote(refusal):
                raise
        else:
            return
    resource = now.load_balancer.resource
    raise Overtaken(f"{resource}: gave up after {TRIES} concurrent updates; production untouched")


def add_pool(step: AddPool, work: Work) -> None:
    """The pool of a scale set that is to be made."""

    def edit(now: Survey) -> Body | None:
        balancer = now.load_balancer
        is_there = balancer.pool(step.pool) in balancer.members
        return None if is_there else with_pool(balancer.body, step.pool)

    rewrite(work, step.image, edit)


def lead_staging(step: LeadStaging, work: Work) -> None:
    """The staging rules to a pool; Overtaken when it serves by now, or is gone."""

    def edit(now: Survey) -> Body | None:
        if now.production_pool == step.pool:
            raise Overtaken(f"{step.pool.name} serves by now: staging is left as it is")
        if step.pool not in now.load_balancer.members or now.removed_by(step.pool):
            raise Overtaken(f"{step.pool.name}: someone removed the pool since the plan was made")
        is_led = not leading(now, step.pool)
        return None if is_led else with_staging_led(now.load_balancer.body, step)

    rewrite(work, step.image, edit)


def swap_pools(step: SwapPools, work: Work) -> None:
    """Swap; raises Overtaken, with production untouched, when the world moved on."""
    started = work.clock.now()
    has_tried = False

    def edit(now: Survey) -> Body | None:
        nonlocal has_tried
        balancer = now.load_balancer
        if has_tried and is_swapped(balancer, step):
            # Ours was superseded by a write that had seen it.
            return writable(balancer.body) if balancer.has_failed else None
        has_tried = True
        _stop_unless_still_wanted(now, step)
        if work.run.beside is not None:
            work.run.beside.swapping()
        return swapped(balancer.body, step, _signed(step, work))

    rewrite(work, step.image, edit)
    if work.run.beside is not None:
        work.run.beside.swapped()
    work.run.swap_seconds = work.clock.now() - started


def _signed(step: SwapPools, work: Work) -> Mapping[str, str]:
    """The tags that tell when it was, in which run, and who did it."""
    written: dict[SwapTagName, str] = {
        SwapTag.SINCE: text_of(datetime.now(UTC)),
        SwapTag.RUN: work.run.id,
        SwapTag.BY: work.run.by,
    }
    return {load_balancer_tag(step.image, what): value for what, value in written.items()}


def _stop_unless_still_wanted(now: Survey, step: SwapPools) -> None:
    try:
        plan = plan_swap(now, step.wish)
    except (Refused, UsageError) as refusal:
        raise Overtaken(f"{refusal}\nProduction is untouched.", advice=refusal.advice) from refusal
    if not _is_ready_for(plan, step):
        raise Overtaken(
            f"{now.load_balancer.resource}: changed by someone else since the plan was made;"
            f" now it would be\n{plan}\nProduction is untouched.",
            advice=(Advice("show the state", status()),),
        )


def _is_ready_for(plan: Plan[SwapStep], step: SwapPools) -> bool:
    """Whether the plan would write the same, and nothing but proofs before."""
    before = plan.steps[: plan.steps.index(step)] if step in plan.steps else None
    return before is not None and all(isinstance(one, PROOFS) for one in before)
