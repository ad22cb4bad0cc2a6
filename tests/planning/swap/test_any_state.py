"""Whatever there is and whatever is planned: production is never worse off."""

from __future__ import annotations

import itertools
from collections import Counter
from dataclasses import dataclass

import pytest

from pipeline.errors import Refused
from pipeline.planning.plan import Plan
from pipeline.planning.swap.backend import ScaleSet
from pipeline.planning.swap.plan import plan_swap
from pipeline.planning.swap.steps import (
    AwaitHealthy,
    Direction,
    LeadStaging,
    ScaleScaleSet,
    SwapPools,
    SwapStep,
    Wish,
)
from pipeline.planning.swap.survey import Survey
from pipeline.planning.watch.steps import VerifyVersion
from tests.planning.swap.examples import (
    EMPTY,
    EMPTY_STAGING,
    SERVED,
    V0,
    V1,
    scale_set,
    surveyed,
    swap_tags,
)
from tests.planning.swap.test_promotion import after


@dataclass(frozen=True, slots=True)
class Case:
    """Version 1.0.0 serves with `live` instances, 1.0.1 runs beside it with `idle`."""

    live: int
    idle: int
    sick: int
    has_served: bool
    at_staging: bool

    @property
    def idle_set(self) -> ScaleSet:
        """The scale set of 1.0.1."""
        tags = SERVED if self.has_served else {}
        return scale_set("1.0.1", size=self.idle, sick=self.sick, tags=tags)

    @property
    def scale_sets(self) -> tuple[ScaleSet, ...]:
        """Those there are."""
        serving = (scale_set("1.0.0", size=self.live, tags=SERVED),) if self.live else ()
        return (*serving, self.idle_set)

    @property
    def survey(self) -> Survey:
        """What Azure has."""
        return surveyed(
            *self.scale_sets,
            production=V0 if self.live else EMPTY,
            staging=V1 if self.at_staging else EMPTY_STAGING,
            tags=swap_tags("somewhere else"),
        )

    def expected(self, direction: Direction) -> str:
        """What has to come of it, said without the planner."""
        is_fit = self.sick == 0 and self.idle >= max(self.live, 1)
        if direction == "promote":
            if not self.at_staging:
                return "nothing to do" if self.live else "refused"
            return "nothing to do" if self.has_served else ("swap" if is_fit else "refused")
        if not self.live or not self.has_served:
            return "refused"
        can_grow = self.sick == 0 and self.idle < self.live
        return "swap" if is_fit or can_grow else "refused"


CASES = [
    Case(*values)
    for values in itertools.product(range(4), range(4), range(2), (False, True), (False, True))
    if values[2] <= values[1]
]


def outcome(now: Survey, direction: Direction) -> tuple[str, Plan[SwapStep] | None]:
    """What the planner makes of a survey."""
    try:
        plan = plan_swap(now, Wish(direction))
    except Refused:
        return "refused", None
    return ("nothing to do", None) if plan.is_empty else ("swap", plan)


def assert_production_is_no_worse_off(case: Case, plan: Plan[SwapStep]) -> None:
    """What must hold of every swap."""
    now = case.survey
    document = after(plan, now)
    swapped_over = surveyed(*case.scale_sets, load_balancer={**document, "etag": ""})
    assert swapped_over.production_pool == case.idle_set.pools[0]
    kinds = [type(step) for step in plan.steps]
    grows = ScaleScaleSet in kinds
    assert grows or case.idle_set.is_healthy
    assert grows or len(case.idle_set.instances) >= max(now.live_capacity, 1)
    assert not grows or AwaitHealthy in kinds
    assert (LeadStaging in kinds) != case.at_staging
    leads = [
        (rule["properties"]["backendPort"], rule["properties"]["backendAddressPool"]["id"])
        for rule in document["properties"]["loadBalancingRules"]
    ]
    assert len(set(leads)) == len(leads)
    proofs = [kind for kind in kinds if kind in {VerifyVersion, SwapPools}]
    assert proofs == [VerifyVersion, SwapPools, VerifyVersion]


@pytest.mark.parametrize("direction", ["promote", "rollback"])
def test_whatever_is_planned_production_is_never_worse_off(direction: Direction) -> None:
    seen: Counter[str] = Counter()
    for case in CASES:
        found, plan = outcome(case.survey, direction)
        assert found == case.expected(direction), case
        seen[found] += 1
        if plan is not None:
            assert_production_is_no_worse_off(case, plan)
    assert min(seen["swap"], seen["refused"]) >= 9
