"""The one write that swaps: guarded by `If-Match`, on a survey taken just before.

Whoever else writes the load balancer meanwhile makes it fail (412) or supersedes it (`Canceled`):
then it is surveyed and planned anew, and goes on only if the plan is still the same.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any, assert_never

from pipeline.arm import ResourceId
from pipeline.errors import AzureRefused, Refused
from pipeline.execution import answers
from pipeline.execution.azure import Azure, Body
from pipeline.execution.run import Attempt
from pipeline.planning.balancer import is_swapped, swapped, writable
from pipeline.planning.plan import Plan
from pipeline.planning.steps import ProveVersion, RewriteLoadBalancer, SwapPools, SwapStep
from pipeline.planning.survey import Survey

TRIES = 5
"""How often others may come in between before it is their turn to stop."""

_OTHERS_WROTE = frozenset(
    {"preconditionfailed", "preconditionfailedetagmismatch", "canceled", "http 412"}
)


class Swap:
    """Carries out the steps of a promotion or a rollback, knowing how to look and plan anew."""

    def __init__(
        self,
        azure: Azure,
        plan: Plan[SwapStep],
        survey: Callable[[], Survey],
        replan: Callable[[Survey], Plan[SwapStep]],
    ) -> None:
        self._azure = azure
        self._plan = plan
        self._survey = survey
        self._replan = replan

    def carry_out(self, step: SwapStep, attempt: Attempt) -> None:
        """One step; raises Refused, with production untouched, when the world moved on."""
        match step:
            case ProveVersion(_, url, version, count):
                answers.prove(url, version, count, attempt)
            case SwapPools():
                self._swap(step, attempt)
            case RewriteLoadBalancer(load_balancer):
                now = self._survey().balancer
                begin = partial(_put, self._azure, load_balancer, writable(now.body), now.etag)
                attempt.follow(begin, str(load_balancer), "network")
            case _:
                assert_never(step)

    def _swap(self, step: SwapPools, attempt: Attempt) -> None:
        for number in range(TRIES):
            now = self._survey()
            if number and is_swapped(now.balancer, step):
                if now.balancer.provisioning_state != "Failed":
                    return  # ours was superseded by a write that had seen it
                body = writable(now.balancer.body)
            else:
                self._refuse_unless_still_wanted(now)
                since = datetime.now(UTC).isoformat(timespec="seconds")
                body = swapped(now.balancer.body, step, since)
            begin = partial(_put, self._azure, step.load_balancer, body, now.balancer.etag)
            attempt.token = ""  # had an earlier request got through, the survey would show it
            try:
                attempt.follow(begin, str(step.load_balancer), "network")
                return
            except AzureRefused as refusal:
                if refusal.code.lower() not in _OTHERS_WROTE:
                    raise
        raise Refused(
            f"{step.load_balancer}: others wrote it {TRIES} times in between; production untouched"
        )

    def _refuse_unless_still_wanted(self, now: Survey) -> None:
        plan = self._replan(now)
        if plan.steps != self._plan.steps:
            raise Refused(
                f"{now.balancer.resource}: changed by someone else since the plan was made;"
                f" now it would be\n{plan}\nProduction is untouched.",
                advice=(("look again", "invoke status"),),
            )


def _put(azure: Azure, resource: ResourceId, body: Body, etag: str, token: str) -> Any:
    return azure.begin_put(resource, body, token=token, if_match=etag)
