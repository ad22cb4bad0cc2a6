"""Planning to stage: the scale set of a version, in the idle pool, as large as production."""

from __future__ import annotations

from pipeline.advice import Advice, Command, build_image, check_image, promote, stage, status
from pipeline.errors import Refused, UsageError
from pipeline.planning.names import (
    STAGING,
    Tag,
    image_version_id,
    is_ours,
    scale_set_id,
    scale_set_name,
    subnet_id,
)
from pipeline.planning.plan import Plan
from pipeline.planning.swap.steps import (
    AwaitHealthy,
    CreateScaleSet,
    DeleteScaleSet,
    ScaleScaleSet,
    StageStep,
    VerifyVersion,
)
from pipeline.planning.swap.survey import ScaleSet, Survey
from pipeline.planning.versions import newest

_MOST_RESPONSES = 100

_UNUSABLE = frozenset({"Failed", "Deleting", "Canceled"})


def plan_stage(now: Survey, version: str = "") -> Plan[StageStep]:
    """Bring a version, by default the newest eligible one, behind the staging frontend.

    Whatever else of ours is in the idle pool goes first: two versions there would answer in turn.
    Refused for a version that was not checked, that serves already, or with strangers in the pool.
    """
    image = now.image.name
    wanted = version or _newest_eligible(now)
    refuse_ineligible(now, wanted)
    existing = _existing(now, wanted)
    capacity = now.live_capacity or now.image.scale_set.capacity
    others = _deletions(now, keep=wanted)
    title = f"stage {image} {wanted}"
    onward = (
        Advice("promote it", promote(image)),
        Advice("show the state", status()),
    )
    unusable = _why_unusable(now, existing) if existing else ""
    enough = existing and existing.is_healthy and existing.size >= capacity
    if existing and enough and not unusable and not others:
        because = f"{existing.name} exists, {existing.healthy} of {existing.size} healthy"
        return Plan(title, (), because=because, advice=onward)
    count = max(capacity, existing.size if existing and not unusable else 0)
    url = now.health_url(STAGING)
    steps: tuple[StageStep, ...] = (
        *others,
        *_making(now, wanted, existing, capacity),
        AwaitHealthy(scale_set_id(now.environment, scale_set_name(image, wanted)), count),
        VerifyVersion(STAGING, url, wanted, responses_for(count)),
    )
    truth = f"{image} {wanted} is staged at {url}, {count} of {count} instances healthy"
    return Plan(title, steps, truth=truth, advice=onward, inverse=_inverse(now, others))


def refuse_ineligible(now: Survey, version: str) -> None:
    """Refuse a version without passing evidence from a fresh boot (design.md 3.4)."""
    image = now.image.name
    found = now.version(version)
    if found is None:
        raise UsageError(
            f"{image} {version}: no such version in the gallery {now.environment.gallery}",
            advice=(Advice("build a version", build_image(image)),),
        )
    if not found.is_eligible:
        raise Refused(
            f"{image} {version} cannot be promoted: {found.why_not_eligible()}",
            advice=(Advice("check it", check_image(image, version)),),
        )


def responses_for(instances: int) -> int:
    """So many consecutive responses that every instance has probably given some, at fair random."""
    return min(max(10, 5 * instances), _MOST_RESPONSES)


def _newest_eligible(now: Survey) -> str:
    image = now.image.name
    found = newest(version for version in now.versions if version.is_eligible)
    if found is not None:
        return found.name
    last = newest(now.versions)
    why = f"; {last.name}: {last.why_not_eligible()}" if last else ""
    raise Refused(
        f"{image}: the gallery {now.environment.gallery} has no version that passed its check{why}",
        advice=(Advice("build one", build_image(image)),),
    )


def _existing(now: Survey, version: str) -> ScaleSet | None:
    """The version's scale set in the idle pool; Refused when it, or a stranger, is in the way."""
    image = now.image.name
    name = scale_set_name(image, version)
    strangers = now.strangers_in_idle()
    if strangers:
        raise Refused(
            f"{now.idle_pool.name} has members that bakeswap did not make: {', '.join(strangers)};"
            " they would also serve staging requests, so remove them from the pool first"
        )
    found = next((found for found in now.scale_sets if found.name.lower() == name.lower()), None)
    if found is None:
        return None
    if found in now.serving_sets:
        raise Refused(f"{image} {version} serves already, from {found.name}")
    if found not in now.idle_sets or not is_ours(found.tags, image):
        raise Refused(f"{found.resource}: it exists and is not a scale set that bakeswap made")
    return found


def _deletions(now: Survey, keep: str) -> tuple[DeleteScaleSet, ...]:
    because = {
        "previous": "ends the rollback to {version}",
        "rolled back": "{version} was rolled back",
        "staged": "{version} was staged and never served",
    }
    return tuple(
        DeleteScaleSet(
            found.resource,
            now.image.name,
            because[now.idle_role(found)].format(version=found.version),
        )
        for found in now.idle_sets
        if found.version != keep
    )


def _why_unusable(now: Survey, existing: ScaleSet) -> str:
    """Why the version's scale set has to be made anew; "" when it has not."""
    if existing.provisioning_state in _UNUSABLE:
        return f"it is {existing.provisioning_state.lower()}"
    version = now.version(existing.version)
    if version and not existing.is_made_from(version):
        return f"it was made from another {version.name}, deleted since"
    return ""


def _making(
    now: Survey, version: str, existing: ScaleSet | None, capacity: int
) -> tuple[StageStep, ...]:
    if existing is None:
        return (_creation(now, version, capacity),)
    if unusable := _why_unusable(now, existing):
        deletion = DeleteScaleSet(existing.resource, now.image.name, unusable)
        return (deletion, _creation(now, version, capacity))
    being_made = existing.provisioning_state == "Creating"
    growing = existing.capacity < capacity
    return (
        *((_creation(now, version, existing.capacity),) if being_made else ()),
        *((ScaleScaleSet(existing.resource, existing.capacity, capacity),) if growing else ()),
    )


def _creation(now: Survey, version: str, capacity: int) -> CreateScaleSet:
    image, environment = now.image, now.environment
    baked = now.version(version)
    return CreateScaleSet(
        resource=scale_set_id(environment, scale_set_name(image.name, version)),
        image=image.name,
        version=version,
        image_version=image_version_id(environment, image.name, version),
        image_run=baked.tags.get(Tag.RUN, "") if baked else "",
        location=environment.location,
        sku=image.scale_set.sku,
        capacity=capacity,
        subnet=subnet_id(environment),
        pool=now.idle_pool,
        health=image.health,
        username=environment.ssh_username,
    )


def _inverse(now: Survey, others: tuple[DeleteScaleSet, ...]) -> Command | None:
    before = [
        found.version
        for found in now.idle_sets
        if any(o.resource == found.resource for o in others)
    ]
    return stage(now.image.name, before[0]) if before else None
