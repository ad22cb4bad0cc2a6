"""Planning to stage: the scale set of a version, in a pool of its own, as large as production.

Nothing is deleted: what was staged before, and every way back, keeps its pool.
"""

from __future__ import annotations

from collections.abc import Iterable

from pipeline.advice import (
    Advice,
    Command,
    build_image,
    check_image,
    promote,
    prune,
    stage,
    status,
    unstage,
)
from pipeline.arm import ResourceId
from pipeline.definition.balancing import STAGING, FrontendName
from pipeline.definition.shape import ScaleSetShape
from pipeline.errors import Refused, UsageError
from pipeline.planning.names import (
    Tag,
    image_version_id,
    is_ours,
    scale_set_id,
    scale_set_name,
    subnet_id,
)
from pipeline.planning.plan import Plan
from pipeline.planning.swap.backend import Backend
from pipeline.planning.swap.carried import Carried, carried
from pipeline.planning.swap.steps import (
    AddPool,
    AwaitHealthy,
    CreateScaleSet,
    LeadStaging,
    ScaleScaleSet,
    StageStep,
)
from pipeline.planning.swap.survey import Survey
from pipeline.planning.swap.watching import other_rules
from pipeline.planning.versions import newest
from pipeline.planning.watch.steps import VerifyRules, VerifyVersion

_MOST_RESPONSES = 100
PATIENCE = 300.0
"""Seconds: probes at 5 s intervals, and the unknown delay until the data path follows."""

_MADE = frozenset({"Succeeded", "Updating"})
"""Provisioning states of a scale set that need no PUT."""


def plan_stage(now: Survey, version: str = "", *, again: bool = False) -> Plan[StageStep]:
    """Bring a version, by default the newest eligible one, behind the staging frontend.

    `again`: also one that was rolled back. Refused for a version that was not checked or serves
    already, with strangers in its pool, or while another run removes it.
    """
    image = now.image.name
    wanted = version or newest_eligible(now)
    refuse_ineligible(now, wanted)
    refuse_rolled_back(now, wanted, again=again)
    existing = _existing(now, wanted)
    capacity = now.live_capacity or now.image.scale_set.capacity
    making = bringing_up(now, wanted, existing, capacity)
    showing = leading(now, existing.pool if existing else now.own_pool(wanted))
    title = f"stage {image} {wanted}"
    onward = (Advice("promote it", promote(image)), Advice("show the state", status()))
    if existing and not making and not showing:
        because = f"{existing.owners[0]} exists, {existing.healthy} of {existing.size} healthy"
        return Plan(title, (), because=because, advice=onward)
    count = max(capacity, existing.size if existing else 0)
    pool = existing.pool if existing else now.own_pool(wanted)
    return Plan(
        title,
        (*making, *showing, *verifying(now, STAGING, wanted, pool, count)),
        truth=(
            f"{image} {wanted} is staged at {now.health_url(STAGING)},"
            f" {count} of {count} instances healthy"
        ),
        advice=onward,
        inverse=_inverse(now, wanted, existing),
        notes=(*now.unproven, *notes_of(making)),
    )


def bringing_up(
    now: Survey, version: str, existing: Backend | None, capacity: int
) -> tuple[StageStep, ...]:
    """What it takes until a version's scale set runs, healthy, with so many instances."""
    found = existing.scale_set if existing else None
    resource = scale_set_id(now.environment, scale_set_name(now.image.name, version))
    if found is None:
        pool = now.own_pool(version)
        adding = () if pool in now.load_balancer.members else (_addition(now, version),)
        creation = _creation(now, version, capacity)
        return (*adding, creation, AwaitHealthy(resource, capacity))
    resource = found.resource
    making = () if found.provisioning_state in _MADE else (_creation(now, version, found.capacity),)
    growing = found.capacity < capacity
    scaling = (ScaleScaleSet(resource, found.capacity, capacity),) if growing else ()
    if not making and not scaling and found.is_healthy:
        return ()
    return (*making, *scaling, AwaitHealthy(resource, max(capacity, found.size)))


def leading(now: Survey, pool: ResourceId) -> tuple[LeadStaging, ...]:
    """The write that leads the staging rules to a pool, where they do not lead there yet."""
    rules = now.rules(STAGING)
    led = {rule.pool for rule in now.load_balancer.rules if rule.name in rules}
    if led == {pool}:
        return ()
    return (LeadStaging(now.load_balancer.resource, now.image.name, rules, pool),)


def verifying(
    now: Survey,
    frontend: FrontendName,
    version: str,
    pool: ResourceId,
    instances: int,
    patience: float = PATIENCE,
) -> tuple[VerifyVersion | VerifyRules, ...]:
    """Enough consecutive responses that every instance has probably given some, of every rule."""
    lead = VerifyVersion(
        frontend,
        now.health_url(frontend),
        version if now.names_version else "",
        min(max(10, 5 * instances), _MOST_RESPONSES),
        now.image.name,
        pool,
        patience,
        now.image.health.version,
    )
    return (*((lead,) if now.can_be_asked else ()), *other_rules(now, frontend, patience))


def refuse_ineligible(now: Survey, version: str) -> None:
    """Refuse a version without passing evidence from a fresh boot (design.md 3.4)."""
    image = now.image.name
    found = now.version(version)
    if found is None:
        raise UsageError(
            f"{image} {version}: no such version in the gallery {now.environment.gallery.name}",
            advice=(Advice("build a version", build_image(image)),),
        )
    if not found.is_eligible:
        anew = Advice("build another", build_image(image))
        raise Refused(
            f"{image} {version} cannot be promoted: {found.why_not_eligible()}",
            advice=(anew if found.ended else Advice("check it", check_image(image, version)),),
        )


def refuse_rolled_back(now: Survey, version: str, *, again: bool) -> None:
    """Refuse a version that production was rolled back from, unless it is wanted again."""
    found = now.version(version)
    when = found.tags.get(Tag.ROLLED_BACK, "") if found else ""
    if when and not again:
        image = now.image.name
        raise Refused(
            f"{image} {version} was rolled back on {when}",
            advice=(
                Advice("stage it all the same", stage(image, version, again=True)),
                Advice("build a better one", build_image(image)),
            ),
        )


def refuse_removed(now: Survey, pool: ResourceId) -> None:
    """Refuse a pool that another run is removing."""
    run = now.removed_by(pool)
    if run:
        raise Refused(
            f"{pool.name} is being removed by the run {run}",
            advice=(Advice("finish that", prune(now.image.name)),),
        )


def newest_eligible(now: Survey) -> str:
    """The newest version that passed its check; Refused without one."""
    image = now.image.name
    found = newest(version for version in now.versions if version.is_eligible)
    if found is not None:
        return found.name
    last = newest(now.versions)
    why = f"; {last.name}: {last.why_not_eligible()}" if last else ""
    raise Refused(
        f"{image}: the gallery {now.environment.gallery.name} has no version that passed its check"
        f"{why}",
        advice=(Advice("build one", build_image(image)),),
    )


def _existing(now: Survey, version: str) -> Backend | None:
    """Where the version runs; Refused when it serves, or something else is in the way."""
    image, name = now.image.name, scale_set_name(now.image.name, version)
    found = now.of_version(version)
    if found is None:
        _refuse_what_is_in_the_way(now, name, now.own_pool(version))
        return None
    refuse_removed(now, found.pool)
    if found.pool == now.production_pool:
        raise Refused(f"{image} {version} serves already, from {', '.join(found.owners)}")
    baked, made = now.version(version), found.scale_set
    if baked and made and not made.is_made_from(baked):
        raise Refused(
            f"{made.name} was made from another {image} {version}, deleted since",
            advice=(
                Advice("remove that scale set", unstage(image, version)),
                Advice("then stage it", stage(image, version)),
            ),
        )
    return found


def _refuse_what_is_in_the_way(now: Survey, name: str, pool: ResourceId) -> None:
    refuse_removed(now, pool)
    taken = next((one for one in now.scale_sets if one.name.lower() == name.lower()), None)
    if taken and not is_ours(taken.tags, now.image.name):
        raise Refused(f"{taken.resource}: it exists and is not a scale set that bakeswap made")
    has = taken.tags.get(Tag.VERSION, "") if taken else ""
    if taken and scale_set_name(now.image.name, has) != taken.name.lower():
        raise Refused(
            f"{taken.name} runs {now.image.name} {has} since it was rolled: the version that it"
            " is called after cannot be staged beside it"
        )
    strangers = now.backend(pool).owners
    if strangers and taken is None:
        raise Refused(
            f"{pool.name} has members that bakeswap did not make: {', '.join(strangers)}; they"
            " would serve together with it, so remove them from the pool first"
        )


def _addition(now: Survey, version: str) -> AddPool:
    return AddPool(now.load_balancer.resource, now.image.name, now.own_pool(version).name)


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
        shape=_shape(now),
        capacity=capacity,
        subnet=subnet_id(environment),
        pool=now.own_pool(version),
        health=image.health,
        username=environment.ssh_username,
        security_type=image.security_type,
        like=_like(now),
        system=image.system,
    )


def _like(now: Survey) -> Carried | None:
    """What is carried from the scale set that serves; None where nothing is, or nothing serves."""
    shape, sets = now.image.scale_set, now.serving.scale_sets
    if not shape.like or now.serving.is_empty:
        return None
    if len(sets) != 1:
        names = ", ".join(now.serving.owners)
        raise Refused(
            f"{now.image.name}: {names} serve, and a new scale set is like one: remove"
            f' like = "{shape.like}" from image.hcl'
        )
    return carried(sets[0], _shape(now), now.image.system)


def _shape(now: Survey) -> ScaleSetShape:
    return now.image.scale_set.in_environment(now.environment.tags, now.declared.instances)


def notes_of(steps: Iterable[object]) -> tuple[str, ...]:
    """What scale sets that are made have from the one that serves."""
    made = (step.like for step in steps if isinstance(step, CreateScaleSet))
    return tuple(note for like in made if like for note in like.notes)


def _inverse(now: Survey, wanted: str, existing: Backend | None) -> Command | None:
    """Back to what was at staging, or to no scale set of the version."""
    before = now.at_staging
    if before and before.version and before.version != wanted:
        return stage(now.image.name, before.version)
    return None if existing else unstage(now.image.name, wanted)
