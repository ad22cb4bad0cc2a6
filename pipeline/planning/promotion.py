"""Planning a swap. Promote and rollback are one planner with the versions exchanged."""

from __future__ import annotations

from pipeline.errors import Refused
from pipeline.planning.plan import Plan
from pipeline.planning.staging import answers_for, refuse_ineligible
from pipeline.planning.steps import ProveVersion, RewriteLoadBalancer, SwapPools, SwapStep
from pipeline.planning.survey import ScaleSet, Survey, staging_rule, tag_name


def plan_promotion(now: Survey) -> Plan[SwapStep]:
    """Let the staged scale set serve.

    Nothing to do when that has been done: then only the way back is behind staging, or nothing.
    """
    image = now.image.name
    staged = now.staged
    is_done = now.idle_role(staged) == "previous" if staged else bool(now.tag("serves"))
    if is_done:
        rest = f"{staged.version} is its way back" if staged else "nothing is staged"
        because = f"{now.serving_version} serves, and {rest}"
        onward = (
            ("stage another", f"invoke stage {image}"),
            ("go back", f"invoke rollback {image}"),
        )
        return Plan(f"promote {image}", _repair(now), because=because, next_commands=onward)
    if staged is None:
        raise Refused(
            f"{image}: nothing is staged in {now.idle_pool.name}",
            advice=(("stage the newest version", f"invoke stage {image}"),),
        )
    refuse_ineligible(now, staged.version)
    return _swap(now, "promote", staged)


def plan_rollback(now: Survey) -> Plan[SwapStep]:
    """Let the previous scale set serve again; its version was proven when it was promoted.

    Nothing to do when that has been done already. Refused when there is no way back.
    """
    image = now.image.name
    idle = now.staged
    role = now.idle_role(idle) if idle else ""
    if idle is None or role == "staged":
        what = f"{idle.version}, which never served," if idle else "nothing"
        raise Refused(
            f"{image}: no way back: {what} is in {now.idle_pool.name}",
            advice=(("stage an older version", f"invoke stage {image} --version VERSION"),),
        )
    if role == "rolled back":
        because = f"{now.serving_version} serves again, {idle.version} was rolled back"
        onward = (("let it serve after all", f"invoke promote {image}"),)
        return Plan(f"roll back {image}", _repair(now), because=because, next_commands=onward)
    return _swap(now, "rollback", idle)


def _swap(now: Survey, verb: str, wanted: ScaleSet) -> Plan[SwapStep]:
    image, before = now.image.name, now.serving_version
    _refuse_strangers(now)
    _refuse_unfit(now, wanted)
    back = verb == "rollback"
    count = answers_for(wanted.size)
    pairs = tuple((pair.name, staging_rule(pair)) for pair in now.definition.pairs)
    tags = {
        "serves": wanted.version,
        "previous": "" if back else before,
        "rolled-back": before if back else "",
    }
    swap = SwapPools(
        load_balancer=now.balancer.resource,
        image=image,
        pairs=pairs,
        production=now.idle_pool,
        idle=now.production_pool,
        tags=tuple((tag_name(image, what), value) for what, value in tags.items()),
    )
    steps: tuple[SwapStep, ...] = (
        ProveVersion("staging", now.health_url("staging"), wanted.version, count),
        swap,
        ProveVersion("production", now.health_url("production"), wanted.version, count),
    )
    undo = f"invoke promote {image}" if back else f"invoke rollback {image}"
    return Plan(
        f"{'roll back' if back else verb} {image} {before or 'nothing'} -> {wanted.version}",
        steps,
        truth=_truth(now, wanted),
        next_commands=((("go back", undo),) if before else ())
        + (("what is there", "invoke status"),),
        inverse=undo if before else "",
    )


def _repair(now: Survey) -> tuple[SwapStep, ...]:
    """What makes true what the rules say, if Azure failed to carry out the last write of them."""
    if now.balancer.provisioning_state != "Failed":
        return ()
    count = answers_for(now.live_capacity)
    url = now.health_url("production")
    return (
        RewriteLoadBalancer(now.balancer.resource),
        ProveVersion("production", url, now.serving_version, count),
    )


def _truth(now: Survey, wanted: ScaleSet) -> str:
    serves = f"{now.image.name} {wanted.version} serves at {now.health_url('production')}"
    if not now.serving_version:
        return serves
    return f"{serves}; {now.serving_version} still runs, at {now.health_url('staging')}"


def _refuse_strangers(now: Survey) -> None:
    strangers = now.strangers_in_idle()
    if strangers or len(now.idle) > 1:
        names = strangers or tuple(found.name for found in now.idle)
        raise Refused(
            f"{now.image.name}: {now.idle_pool.name} holds more than one scale set of one version:"
            f" {', '.join(names)}; they would serve together"
        )


def _refuse_unfit(now: Survey, wanted: ScaleSet) -> None:
    """Health before traffic, at no less than production's live capacity (design.md 3.2)."""
    image, version = now.image.name, wanted.version
    look = ("what is there", "invoke status")
    if wanted.provisioning_state != "Succeeded":
        raise Refused(
            f"{wanted.name} may not serve: it is {wanted.provisioning_state}", advice=(look,)
        )
    sick = [instance for instance in wanted.instances if not instance.is_healthy]
    if sick:
        names = ", ".join(f"{found.name} is {found.health or 'silent'}" for found in sick)
        raise Refused(
            f"{wanted.name} may not serve: {wanted.healthy} of {len(wanted.instances)} instances"
            f" healthy; {names}",
            advice=(look,),
        )
    needed = max(now.live_capacity, 1)
    if len(wanted.instances) < needed:
        raise Refused(
            f"{wanted.name} may not serve: it has {len(wanted.instances)} instances,"
            f" production {needed}",
            advice=(("let it grow", f"invoke stage {image} --version {version}"), look),
        )
