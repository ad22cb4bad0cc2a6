"""The one write that swaps: guarded by `If-Match`, on a survey taken just before.

Whoever else writes the load balancer meanwhile makes it fail (412) or supersedes it (`Canceled`):
then it is surveyed and planned anew, and goes on only if the plan is still the same.
"""

from __future__ import annotations

from datetime import UTC, datetime

from pipeline.advice import Advice, status
from pipeline.errors import AzureRefused, Overtaken, Refused
from pipeline.execution.azure.requests import put
from pipeline.execution.patience import NETWORK
from pipeline.execution.run.work import Work
from pipeline.execution.swap.survey import survey_when_settled
from pipeline.planning.swap.load_balancer import is_swapped, swapped
from pipeline.planning.swap.promotion import plan_swap
from pipeline.planning.swap.steps import SwapPools
from pipeline.planning.swap.survey import Survey
from pipeline.planning.writable import writable

TRIES = 5
"""How many concurrent updates are planned around before giving up."""

_OTHERS_WROTE = frozenset(
    {"preconditionfailed", "preconditionfailedetagmismatch", "canceled", "http 412"}
)


def swap_pools(step: SwapPools, work: Work) -> None:
    """Swap; raises Overtaken, with production untouched, when the world moved on."""
    for number in range(TRIES):
        now = survey_when_settled(work.session, step.image)
        found = now.load_balancer
        if number and is_swapped(found, step):
            if found.provisioning_state != "Failed":
                return  # ours was superseded by a write that had seen it
            body = writable(found.body)
        else:
            _stop_unless_still_wanted(now, step, work)
            since = datetime.now(UTC).isoformat(timespec="seconds")
            body = swapped(found.body, step, since)
        try:
            work.send(put(step.load_balancer, body, found.etag), NETWORK)
            return
        except AzureRefused as refusal:
            if refusal.code.lower() not in _OTHERS_WROTE:
                raise
    raise Overtaken(
        f"{step.load_balancer}: gave up after {TRIES} concurrent updates; production untouched"
    )


def _stop_unless_still_wanted(now: Survey, step: SwapPools, work: Work) -> None:
    try:
        plan = plan_swap(now, step.direction)
    except Refused as refusal:
        raise Overtaken(f"{refusal}\nProduction is untouched.", advice=refusal.advice) from refusal
    if plan.steps != work.plan.steps:
        raise Overtaken(
            f"{now.load_balancer.resource}: changed by someone else since the plan was made;"
            f" now it would be\n{plan}\nProduction is untouched.",
            advice=(Advice("show the state", status()),),
        )
