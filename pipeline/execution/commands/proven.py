"""Plans that bring a version towards production, with the look at its evidence."""

from __future__ import annotations

from pipeline.execution.evidence.reading import refuse_unproven
from pipeline.execution.run.session import Session
from pipeline.planning.names import Tag
from pipeline.planning.plan import Plan
from pipeline.planning.roll.plan import plan_roll
from pipeline.planning.roll.steps import RollStep, RollWish
from pipeline.planning.swap.plan import plan_swap
from pipeline.planning.swap.staging import newest_eligible, plan_stage
from pipeline.planning.swap.steps import StageStep, SwapPools, SwapStep, Wish
from pipeline.planning.swap.survey import Survey


def proven_stage(
    session: Session, now: Survey, version: str = "", *, again: bool = False
) -> Plan[StageStep]:
    """As `plan_stage`; Refused for a version without the evidence that is required of it."""
    plan = plan_stage(now, version, again=again)
    if plan.steps:
        refuse_unproven(session, now.image.name, now.version(version or newest_eligible(now)))
    return plan


def proven_swap(session: Session, now: Survey, wish: Wish) -> Plan[SwapStep]:
    """As `plan_swap`; a promotion is Refused without evidence, a rollback never."""
    plan = plan_swap(now, wish)
    swaps = any(isinstance(step, SwapPools) for step in plan.steps)
    if wish.direction == "promote" and swaps and now.at_staging:
        refuse_unproven(session, now.image.name, now.version(now.at_staging.version))
    return plan


def proven_roll(
    session: Session, now: Survey, wish: RollWish, offered: tuple[str, ...]
) -> Plan[RollStep]:
    """As `plan_roll`; Refused without evidence, but for the version that was rolled from.

    That is the way back. A version in the marketplace has no evidence of ours.
    """
    plan = plan_roll(now, wish, offered)
    if plan.steps and not offered:
        wanted = now.version(wish.version or newest_eligible(now))
        came_from = {found.tags.get(Tag.ROLLED_FROM) for found in now.serving.scale_sets}
        if wanted is not None and wanted.name not in came_from:
            refuse_unproven(session, now.image.name, wanted)
    return plan
