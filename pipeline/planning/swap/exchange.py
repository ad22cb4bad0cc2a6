"""The part that promotions and rollbacks share: proof, one write, proof, and the record of it."""

from __future__ import annotations

from pipeline.advice import Advice, promote, rollback, stage, status
from pipeline.arm import ResourceId
from pipeline.definition.balancing import PRODUCTION, STAGING
from pipeline.errors import Refused
from pipeline.planning.names import (
    SwapTag,
    SwapTagName,
    Tag,
    image_version_id,
    is_ours,
    load_balancer_tag,
    scale_set_id,
    scale_set_name,
)
from pipeline.planning.plan import Plan
from pipeline.planning.swap.backend import Backend, ScaleSet
from pipeline.planning.swap.following import following, unfollowed, without_history
from pipeline.planning.swap.routing import several_pools
from pipeline.planning.swap.staging import leading, notes_of, refuse_removed, verifying
from pipeline.planning.swap.steps import (
    RecordSwap,
    RewriteLoadBalancer,
    StageStep,
    SwapPools,
    SwapStep,
    Wish,
)
from pipeline.planning.swap.survey import Survey
from pipeline.planning.swap.watching import ask_probes, end_watching, settings, start_watching


def exchange(
    now: Survey,
    wish: Wish,
    pool: ResourceId,
    version: str,
    *,
    label: str = "",
    making: tuple[StageStep, ...] = (),
    notes: tuple[str, ...] = (),
) -> Plan[SwapStep]:
    """Lead production's rules to a pool, and staging's to the one that was left.

    `version` is "" for what another hand made, which `label` then names; `making` is what comes
    first. A pool is always shown to the staging rules and seen up there before: Azure probes only
    pools that a rule leads to.
    """
    refuse_several_pools(now)
    image, before, direction = now.image.name, now.label(now.serving), wish.direction
    count = now.live_capacity or now.backend(pool).size
    undo = rollback(image) if direction == "promote" else promote(image, again=True)
    patience = settings(now, wish).patience
    steps: tuple[SwapStep, ...] = (
        *making,
        *leading(now, pool),
        *start_watching(now, wish, version),
        *verifying(now, STAGING, version, pool, count, patience),
        *ask_probes(now, wish, STAGING),
        _swap(now, wish, pool),
        *verifying(now, PRODUCTION, version, pool, count, patience),
        *ask_probes(now, wish, PRODUCTION),
        _record(now, wish, pool, version, label),
        *following(now, now.backend(pool), version, now.serving),
        *end_watching(now, wish, now.backend(pool)),
    )
    verb = "roll back" if direction == "rollback" else direction
    return Plan(
        f"{verb} {image} {before or 'nothing'} -> {version or label}",
        steps,
        truth=_truth(now, version or label),
        advice=(
            *((Advice("go back", undo),) if before else ()),
            Advice("show the state", status()),
        ),
        inverse=undo if before else None,
        notes=(
            *_what_is_astray(now),
            *now.unproven,
            *notes,
            *notes_of(making),
            *without_history(now),
        ),
    )


def unfinished(now: Survey) -> tuple[SwapStep, ...]:
    """What the last swap has left to do: a write that failed, and the record of it."""
    steps: list[SwapStep] = []
    if now.load_balancer.has_failed:
        steps.append(RewriteLoadBalancer(now.load_balancer.resource))
        steps.extend(
            verifying(now, PRODUCTION, now.serving_version, now.production_pool, now.live_capacity)
        )
    serving, since = now.serving.scale_set, now.tag(SwapTag.SINCE)
    if serving and since and serving.tags.get(Tag.SERVED_SINCE) != since:
        back = bool(now.tag(SwapTag.ROLLED_BACK))
        left = now.tag(SwapTag.ROLLED_BACK) or now.tag(SwapTag.PREVIOUS)
        behind = now.backend(now.load_balancer.pool(left)) if left else None
        wish = Wish("rollback" if back else "promote")
        steps.append(_recorded(now, wish, now.serving, behind, now.label(now.serving)))
    steps.extend(unfollowed(now))
    return tuple(steps)


def refuse_unfit(
    now: Survey, wanted: Backend, *, force: bool = False, is_back: bool = False
) -> tuple[str, ...]:
    """Health before traffic, at no less than production's live capacity (design.md 3.2).

    `force` overrides all but an empty pool and answers what was overridden, in words. For a way
    back (`is_back`) a change of the scale set that failed is only a note: its instances count.
    """
    refuse_removed(now, wanted.pool)
    failed = tuple(one.name for one in wanted.scale_sets if is_back and one.has_failed)
    found = _not_ready(wanted, failed) + _sick(wanted) + _too_few(now, wanted)
    name = ", ".join(wanted.owners) or wanted.pool.name
    if found and (not force or not wanted.members):
        image = now.image.name
        scale_up = (
            (Advice("scale it up", stage(image, wanted.version)),)
            if wanted.version and _too_few(now, wanted)
            else ()
        )
        raise Refused(
            f"{name} cannot be promoted: {'; '.join(found)}",
            advice=(*scale_up, Advice("show the state", status())),
        )
    return (
        *(f"the last change of {one} failed in Azure" for one in failed),
        *(f"forced, although {name}: {what}" for what in found),
    )


def _not_ready(wanted: Backend, overlooked: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(
        f"it is {found.provisioning_state}"
        for found in wanted.scale_sets
        if not found.is_ready and found.name not in overlooked
    )


def _sick(wanted: Backend) -> tuple[str, ...]:
    if not wanted.sick:
        return ()
    names = ", ".join(
        f"{name} {f'is {health}' if health else 'has not reported health'}"
        for name, health in wanted.sick
    )
    return (f"{wanted.healthy} of {len(wanted.members)} instances healthy; {names}",)


def _too_few(now: Survey, wanted: Backend) -> tuple[str, ...]:
    needed = max(now.live_capacity, 1)
    there = len(wanted.members)
    if there >= needed:
        return ()
    outside = sum(len(found.instances) for found in wanted.scale_sets) - there
    beside = f" in its pool, {outside} outside," if outside > 0 else ","
    return (f"it has {there} instances{beside} production {needed}",)


def refuse_several_pools(now: Survey) -> None:
    """Of all rules that would be moved: only a Gateway load balancer's lead to more than one."""
    moved = {*now.rules(PRODUCTION), *now.rules(STAGING), *now.followers}
    for rule in now.load_balancer.rules:
        if rule.name in moved and rule.pools > 1:
            raise Refused(several_pools(now.load_balancer, rule))


def _swap(now: Survey, wish: Wish, pool: ResourceId) -> SwapPools:
    image, left = now.image.name, now.production_pool
    back = wish.direction == "rollback"
    was = left.name if not now.serving.is_empty else ""
    tags: dict[SwapTagName, str] = {
        SwapTag.SERVES: pool.name,
        SwapTag.PREVIOUS: "" if back else was,
        SwapTag.ROLLED_BACK: was if back else "",
        SwapTag.REHEARSING: "",
    }
    return SwapPools(
        wish=wish,
        load_balancer=now.load_balancer.resource,
        image=image,
        production_rules=now.rules(PRODUCTION),
        staging_rules=now.rules(STAGING),
        production=pool,
        staging=left,
        tags=tuple((load_balancer_tag(image, what), value) for what, value in tags.items()),
        followers=now.followers,
        outbound_followers=now.outbound_followers,
        nat_followers=now.nat_followers,
    )


def _record(now: Survey, wish: Wish, pool: ResourceId, version: str, label: str) -> RecordSwap:
    wanted = now.backend(pool)
    if wanted.is_empty and version:  # it is about to be made
        wanted = Backend(pool, (), (), version)
    return _recorded(now, wish, wanted, now.serving, version or label)


def _recorded(
    now: Survey, wish: Wish, serves: Backend, left: Backend | None, label: str
) -> RecordSwap:
    left_version = now.version(left.version) if left and wish.direction == "rollback" else None
    version = now.version(serves.version)
    again = version and Tag.ROLLED_BACK in version.tags
    return RecordSwap(
        direction=wish.direction,
        image=now.image.name,
        load_balancer=now.load_balancer.resource,
        before=now.label(left) if left else "",
        after=label,
        serves=_ours(now, serves),
        left=_ours(now, left),
        rolled_back=_version_id(now, left_version.name) if left_version else None,
        promoted_again=_version_id(now, version.name) if version and again else None,
        why=wish.why,
    )


def _ours(now: Survey, backend: Backend | None) -> ResourceId | None:
    """The scale set that may carry our tags: one that we made, or are about to make."""
    if backend is None or not backend.version:
        return None
    found: ScaleSet | None = backend.scale_set
    if found is None:
        return scale_set_id(now.environment, scale_set_name(now.image.name, backend.version))
    return found.resource if is_ours(found.tags, now.image.name) else None


def _version_id(now: Survey, version: str) -> ResourceId:
    return image_version_id(now.environment, now.image.name, version)


def _truth(now: Survey, serves: str) -> str:
    line = f"{now.image.name} {serves} serves at {now.health_url(PRODUCTION)}"
    before = now.label(now.serving)
    return f"{line}; {before} still runs, at {now.health_url(STAGING)}" if before else line


def _what_is_astray(now: Survey) -> tuple[str, ...]:
    return tuple(
        f"{rule.name} leads to {rule.pool.name if rule.pool else 'nothing'}, not to"
        f" {now.production_pool.name}: it moves as well"
        for rule in now.astray
    )
