"""Planning a swap. Promote and rollback are one planner with the versions exchanged."""

from __future__ import annotations

from typing import Literal, TypeAlias

from pipeline.advice import Advice, promote, rollback, stage, status
from pipeline.errors import Refused
from pipeline.planning.names import (
    PRODUCTION,
    STAGING,
    SwapTag,
    SwapTagName,
    load_balancer_tag,
    rule_name,
)
from pipeline.planning.plan import Plan
from pipeline.planning.swap.staging import refuse_ineligible, responses_for
from pipeline.planning.swap.steps import RewriteLoadBalancer, SwapPools, SwapStep, VerifyVersion
from pipeline.planning.swap.survey import ScaleSet, Survey

Direction: TypeAlias = Literal["promote", "rollback"]


def plan_swap(now: Survey, direction: Direction) -> Plan[SwapStep]:
    """The plan of a promotion or of a rollback."""
    return plan_promotion(now) if direction == "promote" else plan_rollback(now)


def plan_promotion(now: Survey) -> Plan[SwapStep]:
    """Lead production's rules to the staged scale set.

    Nothing to do when that has been done: then only the way back is behind staging, or nothing.
    """
    image = now.image.name
    staged = now.idle_set
    is_done = now.idle_role(staged) == "previous" if staged else bool(now.tag(SwapTag.SERVES))
    if is_done:
        rest = f"a rollback leads to {staged.version}" if staged else "nothing is staged"
        because = f"{now.serving_version} serves, and {rest}"
        onward = (
            Advice("stage another", stage(image)),
            Advice("roll back", rollback(image)),
        )
        return Plan(f"promote {image}", _repair(now), because=because, advice=onward)
    if staged is None:
        raise Refused(
            f"{image}: nothing is staged in {now.idle_pool.name}",
            advice=(Advice("stage the newest version", stage(image)),),
        )
    refuse_ineligible(now, staged.version)
    return _swap(now, "promote", staged)


def plan_rollback(now: Survey) -> Plan[SwapStep]:
    """Lead production's rules back to the previous scale set.

    Nothing to do when that has been done already. Refused when there is no way back.
    """
    image = now.image.name
    idle = now.idle_set
    role = now.idle_role(idle) if idle else ""
    if idle is None or role == "staged":
        what = f": {idle.version} is staged and never served" if idle else ""
        raise Refused(
            f"{image}: nothing to roll back to{what}",
            advice=(Advice("stage an older version", stage(image, "VERSION")),),
        )
    if role == "rolled back":
        because = f"{now.serving_version} serves again, {idle.version} was rolled back"
        onward = (Advice("promote it again", promote(image)),)
        return Plan(f"roll back {image}", _repair(now), because=because, advice=onward)
    return _swap(now, "rollback", idle)


def _swap(now: Survey, direction: Direction, wanted: ScaleSet) -> Plan[SwapStep]:
    image, before = now.image.name, now.serving_version
    _refuse_strangers(now)
    _refuse_unfit(now, wanted)
    back = direction == "rollback"
    count = responses_for(wanted.size)
    steps: tuple[SwapStep, ...] = (
        VerifyVersion(STAGING, now.health_url(STAGING), wanted.version, count),
        _exchange(now, direction, wanted),
        VerifyVersion(PRODUCTION, now.health_url(PRODUCTION), wanted.version, count),
    )
    undo = promote(image) if back else rollback(image)
    return Plan(
        f"{'roll back' if back else direction} {image} {before or 'nothing'} -> {wanted.version}",
        steps,
        truth=_truth(now, wanted),
        advice=(
            *((Advice("go back", undo),) if before else ()),
            Advice("show the state", status()),
        ),
        inverse=undo if before else None,
    )


def _exchange(now: Survey, direction: Direction, wanted: ScaleSet) -> SwapPools:
    image, before = now.image.name, now.serving_version
    back = direction == "rollback"
    tags: dict[SwapTagName, str] = {
        SwapTag.SERVES: wanted.version,
        SwapTag.PREVIOUS: "" if back else before,
        SwapTag.ROLLED_BACK: before if back else "",
    }
    return SwapPools(
        direction=direction,
        load_balancer=now.load_balancer.resource,
        image=image,
        pairs=tuple(
            (rule_name(pair.name, PRODUCTION), rule_name(pair.name, STAGING))
            for pair in now.declared.pairs
        ),
        production=now.idle_pool,
        idle=now.production_pool,
        tags=tuple((load_balancer_tag(image, what), value) for what, value in tags.items()),
        followers=now.followers,
        outbound_followers=now.outbound_followers,
    )


def _repair(now: Survey) -> tuple[SwapStep, ...]:
    """What makes true what the rules say, if Azure failed to carry out the last write of them."""
    if now.load_balancer.provisioning_state != "Failed":
        return ()
    count = responses_for(now.live_capacity)
    url = now.health_url(PRODUCTION)
    return (
        RewriteLoadBalancer(now.load_balancer.resource),
        VerifyVersion(PRODUCTION, url, now.serving_version, count),
    )


def _truth(now: Survey, wanted: ScaleSet) -> str:
    serves = f"{now.image.name} {wanted.version} serves at {now.health_url(PRODUCTION)}"
    if not now.serving_version:
        return serves
    return f"{serves}; {now.serving_version} still runs, at {now.health_url(STAGING)}"


def _refuse_strangers(now: Survey) -> None:
    strangers = now.strangers_in_idle()
    if strangers or len(now.idle_sets) > 1:
        names = strangers or tuple(found.name for found in now.idle_sets)
        raise Refused(
            f"{now.image.name}: {now.idle_pool.name} holds more than one scale set of one version:"
            f" {', '.join(names)}; they would serve together"
        )


def _refuse_unfit(now: Survey, wanted: ScaleSet) -> None:
    """Health before traffic, at no less than production's live capacity (design.md 3.2)."""
    image, version = now.image.name, wanted.version
    look = Advice("show the state", status())
    baked = now.version(version)
    if baked and not wanted.is_made_from(baked):
        raise Refused(
            f"{wanted.name} cannot be promoted: it was made from another {image} {version},"
            " deleted since",
            advice=(Advice("make it anew", stage(image, version)), look),
        )
    if wanted.provisioning_state != "Succeeded":
        raise Refused(
            f"{wanted.name} cannot be promoted: it is {wanted.provisioning_state}", advice=(look,)
        )
    sick = [instance for instance in wanted.instances if not instance.is_healthy]
    if sick:
        names = ", ".join(f"{found.name} {_said(found.health)}" for found in sick)
        raise Refused(
            f"{wanted.name} cannot be promoted: {wanted.healthy} of"
            f" {len(wanted.instances)} instances healthy; {names}",
            advice=(look,),
        )
    needed = max(now.live_capacity, 1)
    if len(wanted.instances) < needed:
        raise Refused(
            f"{wanted.name} cannot be promoted: it has {len(wanted.instances)} instances,"
            f" production {needed}",
            advice=(Advice("scale it up", stage(image, version)), look),
        )


def _said(health: str) -> str:
    return f"is {health}" if health else "has not reported health"
