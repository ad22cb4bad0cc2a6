"""Planning to remove what nobody needs any more, or one scale set by name.

The load balancer is the fence: a pool is retired there first, in a write guarded by `If-Match`, so
that nothing leads to it by the time its scale set is deleted.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pipeline.advice import Advice, rollback, status
from pipeline.arm import ResourceId
from pipeline.errors import Refused, UsageError
from pipeline.planning.ages import Age, lasting
from pipeline.planning.build.steps import Clearing
from pipeline.planning.evidence.canonical import is_digest
from pipeline.planning.names import (
    SYSTEM,
    SwapTag,
    Tag,
    image_version_id,
    is_ours,
    is_scale_set_name,
)
from pipeline.planning.plan import Plan
from pipeline.planning.prune.steps import (
    DeleteAutoscale,
    DeleteEvidence,
    DeleteImageVersion,
    DeleteScaleSet,
    PruneStep,
    RemovePools,
    RetirePools,
)
from pipeline.planning.prune.uses import NOBODY, Uses, versions_led_to
from pipeline.planning.swap.backend import Backend
from pipeline.planning.swap.survey import Survey
from pipeline.planning.versions import ImageVersion


def plan_prune(
    now: Survey,
    age: Age,
    uses: Uses = NOBODY,
    left: tuple[Clearing, ...] = (),
    evidence: tuple[DeleteEvidence, ...] = (),
) -> Plan[PruneStep | Clearing]:
    """Remove scale sets, pools and versions of an image that nobody needs now.

    `uses` tells who needs the image versions, anywhere, `left` removes what dead runs of bakes and
    checks left, `evidence` what dead runs left of versions that are gone. Kept: what serves, is
    staged, or is the newest way back; a way back younger than `promote.keep_previous`; whatever
    production left less than `promote.drain` ago, where connections from before may still live.
    """
    image = now.image.name
    removed = [one for one in now.others if not why_kept(now, one, age)]
    empty = _pools_without_scale_set(now)
    versions = tuple(_versions(now, removed, uses))
    proofs = (*evidence, *_evidence(now, versions))
    steps = (*_removal(now, removed, empty), *versions, *proofs, *left)
    return Plan(
        f"prune {image}",
        steps,
        because="everything is in use or younger than its definition allows",
        truth=f"{image}: nothing is left that is not needed",
        advice=(Advice("show the state", status()),),
        notes=(*_notes(now, removed, age), *_unknown(now, uses)),
    )


def plan_unstage(now: Survey, version: str, age: Age) -> Plan[PruneStep]:
    """Remove a version's scale set and its pool, with whatever age.

    Refused for what serves, for the last way back, and while connections from before may live.
    Nothing to do where it does not run.
    """
    image = now.image.name
    found = now.of_version(version)
    if found is None:
        if now.version(version) is None:
            raise UsageError(
                f"{image} {version}: no such version in the gallery {now.environment.gallery.name}",
                advice=(Advice("show the state", status()),),
            )
        is_left = now.own_pool(version) in now.load_balancer.members
        return _unstaged(
            now, version, _removal(now, [], [now.own_pool(version)]) if is_left else ()
        )
    why = why_kept(now, found, age, by_name=True)
    if why:
        raise Refused(
            f"{now.label(found)} of {image} is not removed: {why}",
            advice=(Advice("show the state", status()), Advice("roll back", rollback(image))),
        )
    return _unstaged(now, version, _removal(now, [found], []))


def why_kept(now: Survey, found: Backend, age: Age, *, by_name: bool = False) -> str:
    """Why something that runs is not removed; "" when it may be.

    `by_name`: somebody named it, so that its age does not matter.
    """
    return next(filter(None, _reasons(now, found, age, by_name=by_name)), "")


def _reasons(now: Survey, found: Backend, age: Age, *, by_name: bool) -> Iterator[str]:
    role, made = now.role(found), found.scale_set
    if role == "serving":
        yield "it serves"
    if not made or not is_ours(made.tags, now.image.name):
        yield "bakeswap did not make it"
    if now.removed_by(found.pool):
        return
    yield _draining(now, found, age)
    if role == "previous" and now.ways_back[:1] == (found,):
        yield "it is the way back"
    if role == "staged" and found == now.at_staging and not by_name:
        yield "it is staged"
    left, kept = age(left_at(now, found)), now.image.promotion.keep_previous
    if role == "previous" and left is not None and left < kept and not by_name:
        yield f"it served {lasting(left)} ago"


def left_at(now: Survey, found: Backend) -> str:
    """When production left it (ISO 8601); "" where nobody wrote it down, or it never served."""
    tags = found.scale_set.tags if found.scale_set else {}
    is_last = found.pool.name in {now.tag(SwapTag.PREVIOUS), now.tag(SwapTag.ROLLED_BACK)}
    return (now.tag(SwapTag.SINCE) if is_last else "") or tags.get(Tag.SERVED_UNTIL, "")


def _draining(now: Survey, found: Backend, age: Age) -> str:
    left, drain = age(left_at(now, found)), now.image.promotion.drain
    if left is None or left >= drain:
        return ""
    return (
        f"it served {lasting(left)} ago: connections from before may live"
        f" {drain:.0f} s (promote.drain)"
    )


def _removal(now: Survey, removed: list[Backend], empty: list[ResourceId]) -> tuple[PruneStep, ...]:
    pools = tuple(dict.fromkeys([*(one.pool.name for one in removed), *(p.name for p in empty)]))
    settings = tuple(
        _settings(now, {found.resource for one in removed for found in one.scale_sets})
    )
    if not pools:
        return settings
    balancer, image = now.load_balancer.resource, now.image.name
    retired = all(now.removed_by(now.load_balancer.pool(name)) for name in pools)
    deletions = (
        DeleteScaleSet(found.resource, image, one.pool.name, _because(now, one))
        for one in removed
        for found in one.scale_sets
    )
    return (
        *(() if retired else (RetirePools(balancer, image, pools),)),
        *deletions,
        *settings,
        RemovePools(balancer, image, pools),
    )


def _settings(now: Survey, removed: set[ResourceId]) -> Iterator[DeleteAutoscale]:
    """Settings of ours for what is removed, or was by a run before."""
    there = {found.resource for found in now.scale_sets} - removed
    for one in now.autoscale:
        is_of_image = (one.body.get("tags") or {}).get(Tag.IMAGE) == now.image.name
        is_here = one.target.resource_group.lower() == now.environment.resource_group.lower()
        if one.is_ours and is_of_image and is_here and one.target not in there:
            yield DeleteAutoscale(one.resource, one.target)


def _unstaged(now: Survey, version: str, steps: tuple[PruneStep, ...]) -> Plan[PruneStep]:
    image = now.image.name
    named = tuple(
        RetirePools(step.load_balancer, step.image, step.pools, by_name=True)
        if isinstance(step, RetirePools)
        else step
        for step in steps
    )
    return Plan(
        f"unstage {image} {version}",
        named,
        because="no scale set of it runs",
        truth=f"{image} {version} runs no longer; its image stays in the gallery",
        advice=(Advice("show the state", status()),),
    )


def _because(now: Survey, found: Backend) -> str:
    role, left = now.role(found), now.tag(SwapTag.SINCE)
    if now.removed_by(found.pool):
        return "its removal was begun"
    if role == "staged":
        return "it was staged and never served"
    when = found.scale_set.tags.get(Tag.SERVED_UNTIL, left) if found.scale_set else left
    what = "it was rolled back" if role == "rolled back" else "it served"
    return f"{what}; production left it on {when}; connections from before end here"


def _pools_without_scale_set(now: Survey) -> list[ResourceId]:
    """Pools of versions whose scale set was never made, or is gone."""
    led = {rule.pool for rule in now.load_balancer.rules}
    return [
        pool
        for pool in now.load_balancer.members
        if is_scale_set_name(now.image.name, pool.name)
        and now.backend(pool).is_empty
        and pool not in led
    ]


def _versions(now: Survey, removed: list[Backend], uses: Uses) -> Iterator[DeleteImageVersion]:
    keep = now.image.retention
    if not keep or uses.unknown:
        return
    by_age = sorted(now.versions, key=lambda version: version.number, reverse=True)
    gone = frozenset(found.resource for one in removed for found in one.scale_sets)
    for version in by_age[keep:]:
        resource = image_version_id(now.environment, now.image.name, version.name)
        if not uses.needs(resource, gone) and is_removable(now, version):
            because = f"not among the newest {keep}, and nothing was made from it"
            digest = version.tags.get(Tag.EVIDENCE, "")
            goes = now.environment.evidence.goes_with_versions and is_digest(digest)
            yield DeleteImageVersion(resource, now.image.name, because, digest if goes else "")


def _evidence(now: Survey, versions: Iterable[DeleteImageVersion]) -> Iterator[DeleteEvidence]:
    store = now.environment.evidence.store
    for one in versions:
        if one.evidence:
            yield DeleteEvidence(one.resource, one.image, one.evidence, store)


def _unknown(now: Survey, uses: Uses) -> Iterator[str]:
    for why in uses.unknown:
        yield f"kept all versions of {now.image.name}: {why}"


def is_removable(now: Survey, version: ImageVersion) -> bool:
    """Whether a version is ours, finished, not pinned, and no way back of this environment."""
    here = versions_led_to(now.environment, now.image.name, (version,), now.load_balancer.body)
    return (
        version.tags.get(Tag.SYSTEM) == SYSTEM
        and version.provisioning_state in {"Succeeded", "Failed"}
        and Tag.PINNED not in version.tags
        and not any(here)
    )


def _notes(now: Survey, removed: list[Backend], age: Age) -> Iterator[str]:
    for one in now.others:
        if one not in removed:
            yield f"kept {now.label(one)}: {why_kept(now, one, age)}"
