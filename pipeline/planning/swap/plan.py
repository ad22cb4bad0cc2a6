"""Planning a swap, in either direction."""

from __future__ import annotations

from pipeline.planning.plan import Plan
from pipeline.planning.swap.promotion import plan_promotion
from pipeline.planning.swap.rollback import plan_rollback
from pipeline.planning.swap.steps import SwapStep, Wish
from pipeline.planning.swap.survey import Survey


def plan_swap(now: Survey, wish: Wish) -> Plan[SwapStep]:
    """The plan of a promotion or of a rollback."""
    return plan_promotion(now, wish) if wish.direction == "promote" else plan_rollback(now, wish)
