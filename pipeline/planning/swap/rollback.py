"""Planning a rollback: production's rules to a way back, wherever that is by now.

It runs: swap. It was scaled down: scale it up, and swap. It is gone: stage its version, and swap.
"""

from __future__ import annotations

from pipeline.advice import Advice, promote, rollback, stage
from pipeline.errors import Refused, UsageError
from pipeline.planning.names import SwapTag, scale_set_name
from pipeline.planning.plan import Plan
from pipeline.planning.swap.backend import Backend
from pipeline.planning.swap.exchange import exchange, refuse_unfit, unfinished
from pipeline.planning.swap.staging import bringing_up, refuse_ineligible, refuse_removed
from pipeline.planning.swap.steps import StageStep, SwapStep, Wish
from pipeline.planning.swap.survey import Survey

_UNDER_WAY = frozenset({"Creating", "Updating"})
"""Provisioning states of a scale set that end by themselves."""


def plan_rollback(now: Survey, wish: Wish) -> Plan[SwapStep]:
    """Lead production's rules back to what served before, or to a version.

    Nothing to do when that has been done already. Refused when there is no way back.
    """
    to = wish.to
    if to and to == now.serving_version:
        return _done(now, f"{to} serves")
    if not to and now.tag(SwapTag.ROLLED_BACK):
        left = now.backend(now.load_balancer.pool(now.tag(SwapTag.ROLLED_BACK)))
        was = now.label(left) or left.pool.name
        return _done(now, f"{now.label(now.serving)} serves again, {was} was rolled back")
    if now.serving.is_empty and not to:
        raise _nothing(now)
    target = now.of_version(to) if to else next(iter(now.ways_back), None)
    if target is None or _is_gone(target):
        return _to_a_version(now, wish, to or _gone(now), target)
    notes: tuple[str, ...] = ()
    making = _scaling_up(now, target) if not wish.force else ()
    if making:
        refuse_removed(now, target.pool)
    else:
        notes = refuse_unfit(now, target, force=wish.force, is_back=True)
    return exchange(
        now,
        wish,
        target.pool,
        target.version,
        label=now.label(target),
        making=making,
        notes=(*although_ended(now, target.version), *notes),
    )


def _is_gone(target: Backend) -> bool:
    """Whether its scale set is being deleted, or could not be made."""
    return not target.members and any(not found.is_ready for found in target.scale_sets)


def _scaling_up(now: Survey, target: Backend) -> tuple[StageStep, ...]:
    """A set of ours that was scaled down since, or is being made or scaled by a run before.

    What is sick is not healed by that.
    """
    found = target.scale_set
    if found is None:
        return ()
    if found.provisioning_state not in _UNDER_WAY and (
        found.capacity >= now.live_capacity or target.sick
    ):
        return ()
    return bringing_up(now, target.version, target, max(now.live_capacity, 1))


def _to_a_version(
    now: Survey, wish: Wish, version: str, existing: Backend | None
) -> Plan[SwapStep]:
    """Its scale set is gone: make it again from the image, which is immutable."""
    if now.version(version) is None:
        image = now.image.name
        raise UsageError(
            f"{image} {version}: no such version in the gallery {now.environment.gallery.name}",
            advice=(Advice("stage the newest version", stage(image)),),
        )
    notes = although_ended(now, version)
    if not notes:
        refuse_ineligible(now, version)
    pool = existing.pool if existing else now.own_pool(version)
    refuse_removed(now, pool)
    capacity = now.live_capacity or now.image.scale_set.capacity
    making = bringing_up(now, version, existing, capacity)
    return exchange(now, wish, pool, version, making=making, notes=notes)


def although_ended(now: Survey, version: str) -> tuple[str, ...]:
    """That a version was revoked, or is past its end: told, and no reason to block a rollback."""
    found = now.version(version)
    return (f"THIS LEADS TO {version}: {found.ended}",) if found and found.ended else ()


def _gone(now: Survey) -> str:
    """The version that the last swap left and whose scale set is gone; Refused without one."""
    previous = now.tag(SwapTag.PREVIOUS)
    for version in now.versions:
        if previous and scale_set_name(now.image.name, version.name) == previous:
            return version.name
    raise _nothing(now)


def _nothing(now: Survey) -> Refused:
    image, staged = now.image.name, now.at_staging
    role = now.role(staged) if staged else ""
    what = (
        f": {now.label(staged)} is staged and never served" if role == "staged" and staged else ""
    )
    return Refused(
        f"{image}: nothing to roll back to{what}",
        advice=(Advice("go back to a version", rollback(image, "VERSION")),),
    )


def _done(now: Survey, because: str) -> Plan[SwapStep]:
    image = now.image.name
    return Plan(
        f"roll back {image}",
        unfinished(now),
        because=because,
        advice=(Advice("promote it again", promote(image, again=True)),),
    )
