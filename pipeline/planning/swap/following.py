"""Whether autoscale has something to follow, before a swap and after one."""

from __future__ import annotations

from pipeline.arm import ResourceId
from pipeline.planning.names import SwapTag, scale_set_id, scale_set_name
from pipeline.planning.swap.autoscale import is_due
from pipeline.planning.swap.backend import Backend
from pipeline.planning.swap.steps import FollowAutoscale
from pipeline.planning.swap.survey import Survey


def following(
    now: Survey, serves: Backend, version: str, left: Backend
) -> tuple[FollowAutoscale, ...]:
    """The step of a swap, where a setting is there or named that can follow it.

    `version` is that of a scale set which is about to be made, where `serves` is empty.
    """
    step = _step(now, serves, version, left)
    return (step,) if step and is_due(now.autoscale, step, has_swapped=False) else ()


def unfollowed(now: Survey) -> tuple[FollowAutoscale, ...]:
    """What the last swap has left to do; nothing where no swap of ours is known."""
    name = now.tag(SwapTag.ROLLED_BACK) or now.tag(SwapTag.PREVIOUS)
    if not now.tag(SwapTag.SERVES):
        return ()
    pool = now.load_balancer.pool(name) if name else None
    left = now.backend(pool) if pool else Backend(now.production_pool, (), (), "")
    step = _step(now, now.serving, "", left)
    return (step,) if step and is_due(now.autoscale, step, has_swapped=True) else ()


def without_history(now: Survey) -> tuple[str, ...]:
    """A note where what scales the serving set learnt from its past."""
    sets = {one.resource for one in now.serving.scale_sets}
    return tuple(
        f"{one.resource.name} scales predictively: that needs 7 days of history, which another"
        " scale set has not"
        for one in now.autoscale
        if one.target in sets and one.is_enabled and one.is_predictive
    )


def _step(now: Survey, serves: Backend, version: str, left: Backend) -> FollowAutoscale | None:
    """None where several sets serve, or none that can be scaled."""
    resource = _only(serves)
    if resource is None and not serves.scale_sets and version:
        resource = scale_set_id(now.environment, scale_set_name(now.image.name, version))
    if resource is None:
        return None
    others = tuple(one.resource for one in left.scale_sets if one.resource != resource)
    environment, defined = now.environment, now.image.scale_set.autoscale
    return FollowAutoscale(
        now.image.name, environment.location, resource, others, defined, environment.tags
    )


def _only(backend: Backend) -> ResourceId | None:
    sets = backend.scale_sets
    return sets[0].resource if len(sets) == 1 else None
