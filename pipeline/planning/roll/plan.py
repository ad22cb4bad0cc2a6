"""Planning an in-place roll: the scale set that serves, brought to another version by batches.

For sets that cannot be doubled, and for the system's updates of those that are made from an image
of the marketplace. Its own way back is a roll to the version before.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pipeline.advice import Advice, roll, status
from pipeline.definition.balancing import PRODUCTION
from pipeline.definition.model import LATEST
from pipeline.errors import Refused, UsageError
from pipeline.planning.names import Tag, image_version_id, is_ours, version_key
from pipeline.planning.plan import Plan
from pipeline.planning.roll.batches import batches
from pipeline.planning.roll.model import (
    has_health_extension,
    is_rolled_by_azure,
    refuse_policy,
    reports_health,
)
from pipeline.planning.roll.steps import PointModel, RecordRoll, RollBatch, RollStep, RollWish
from pipeline.planning.swap.backend import Instance, ScaleSet
from pipeline.planning.swap.reference import ImageReference
from pipeline.planning.swap.staging import (
    newest_eligible,
    refuse_ineligible,
    refuse_rolled_back,
    verifying,
)
from pipeline.planning.swap.steps import Direction, Wish
from pipeline.planning.swap.survey import Survey
from pipeline.planning.swap.watching import ask_probes, end_watching, start_watching


def plan_roll(now: Survey, wish: RollWish, offered: Iterable[str] = ()) -> Plan[RollStep]:
    """Bring the scale set that serves to a version, by default the newest.

    `offered` are the versions of its marketplace image, where it is made from one. Nothing to do
    when every instance has the version. Refused where it cannot be rolled, and when its instances
    are not fit for it.
    """
    found = _serving(now)
    refuse_policy(now.image.name, found)
    before, after = found.made_from, _target(now, wish, found, tuple(offered))
    left = [one for one in found.instances if not _is_done(one, after) or _is_out(now, found, one)]
    title = f"roll {now.image.name} {now.serving_version or before} -> {after}"
    if before.is_same(_in_model(before, after)) and not left and not found.tags.get(Tag.ROLLING):
        return Plan(
            title,
            (),
            because=f"all {len(found.instances)} instances of {found.name} have it",
            advice=(Advice("show the state", status()),),
        )
    notes = _refuse_unfit(now, wish, found)
    back = _came_from(now, found, after)
    undo = roll(now.image.name, back) if back and back != str(after) else None
    # Nothing serves while the only instance is rolled: figures are told, and none is too high.
    is_alone = now.serving.size <= 1
    direction: Direction = "rollback" if wish.is_back or is_alone else "promote"
    watched = Wish(direction, force=wish.force, promotion=wish.promotion)
    steps: tuple[RollStep, ...] = (
        *start_watching(now, watched, ""),
        _model(now, found, after, back),
        *_batches(now, wish, found, left, after),
        *verifying(now, PRODUCTION, _version_of(after), now.production_pool, now.live_capacity),
        *ask_probes(now, watched, PRODUCTION),
        _record(now, wish, found, back, after),
        *end_watching(now, watched, now.serving),
    )
    return Plan(
        title,
        steps,
        truth=(
            f"{now.image.name} {after} serves at {now.health_url(PRODUCTION)}, from {found.name}"
        ),
        advice=(
            *((Advice("go back", undo),) if undo else ()),
            Advice("show the state", status()),
        ),
        inverse=undo,
        notes=(*now.unproven, *notes),
    )


def _serving(now: Survey) -> ScaleSet:
    """The one scale set that serves, with nothing beside it in production's pool."""
    image, serving = now.image.name, now.serving
    if serving.is_empty:
        raise Refused(f"{image}: nothing serves, so there is nothing to roll")
    sets = serving.scale_sets
    if len(sets) != 1 or set(serving.owners) != {sets[0].name}:
        raise Refused(
            f"{image}: {', '.join(serving.owners)} serve together; a roll is of one scale set"
        )
    return sets[0]


def _target(
    now: Survey, wish: RollWish, found: ScaleSet, offered: tuple[str, ...]
) -> ImageReference:
    """What every instance is to be made from."""
    before = found.made_from
    if before.is_marketplace:
        return _marketplace(wish, before, offered)
    version = wish.version or newest_eligible(now)
    if not wish.is_back:
        refuse_ineligible(now, version)
        refuse_rolled_back(now, version, again=wish.again)
    elif now.version(version) is None:
        raise Refused(f"{now.image.name} {version} is gone from {now.environment.gallery.name}")
    return ImageReference(id=str(image_version_id(now.environment, now.image.name, version)))


def _marketplace(
    wish: RollWish, before: ImageReference, offered: tuple[str, ...]
) -> ImageReference:
    """A version of the image that the set is made from: which one that is cannot be changed."""
    names = (before.publisher, before.offer, before.sku)
    if not offered:
        raise Refused(f"{before}: Azure has no version of it in this region any more")
    version = wish.version or max(offered, key=version_key)
    if version not in offered:
        raise UsageError(
            f"{':'.join(names)}: there is no version {version}; the newest is"
            f" {max(offered, key=version_key)}"
        )
    return ImageReference("", *names, version=version)


def _in_model(before: ImageReference, after: ImageReference) -> ImageReference:
    """What the model names: one that follows the newest version goes on doing so."""
    if after.is_marketplace and before.follows:
        return ImageReference("", after.publisher, after.offer, after.sku, version=LATEST)
    return after


def _is_done(one: Instance, after: ImageReference) -> bool:
    return one.made_from.is_same(after) and one.is_latest


def _is_out(now: Survey, found: ScaleSet, one: Instance) -> bool:
    """Whether a dead roll left the instance without new connections."""
    return bool(found.tags.get(Tag.ROLLING)) and one.number in now.taken_out


def _refuse_unfit(now: Survey, wish: RollWish, found: ScaleSet) -> tuple[str, ...]:
    """A roll takes capacity away for a while: what is left must be well, and more than nothing."""
    if wish.is_back:
        return ()
    serving, image = now.serving, now.image.name
    is_resumed, is_alone = bool(found.tags.get(Tag.ROLLING)), serving.size <= 1
    problems = [
        *([f"it is {found.provisioning_state}"] if not found.is_ready and not is_resumed else []),
        *(["a single instance serves: nothing would while it is rolled"] if is_alone else []),
        *(
            [f"{serving.healthy} of {len(serving.members)} instances healthy"]
            if serving.sick and reports_health(found) and not is_resumed
            else []
        ),
        *(
            [f"{', '.join(sorted(now.taken_out))} get no new connections (admin state Down)"]
            if now.taken_out and not is_resumed
            else []
        ),
    ]
    if problems and not wish.force:
        raise Refused(
            f"{found.name} is not rolled: {'; '.join(problems)}",
            advice=(
                Advice("roll it all the same", roll(image, wish.version, force=True)),
                Advice("show the state", status()),
            ),
        )
    resumed = (f"goes on with the roll of the run {found.tags[Tag.ROLLING]}",) if is_resumed else ()
    return (*resumed, *(f"forced, although {what}" for what in problems))


def _came_from(now: Survey, found: ScaleSet, after: ImageReference) -> str:
    """The version before the roll, to go back to; "" where nobody knows one.

    Of a roll that died its tags tell: by then the model names where it was going.
    """
    told = found.tags.get(Tag.ROLLED_FROM, "")
    if found.tags.get(Tag.ROLLING) and told:
        return told
    if after.is_marketplace:
        numbers = {one.made_from.number for one in found.instances} - {after.number}
        return max(numbers, key=version_key, default="")
    return now.serving_version


def _version_of(after: ImageReference) -> str:
    """The version that answers name; "" for the marketplace, which has none of ours."""
    return "" if after.is_marketplace else str(after)


def _model(now: Survey, found: ScaleSet, after: ImageReference, back: str) -> PointModel:
    """The write of the model, also where only its tags change: they tell of a roll under way."""
    named, image = _in_model(found.made_from, after), now.image.name
    version = now.version(str(after)) if is_ours(found.tags, image) else None
    made = (
        {Tag.VERSION: version.name, Tag.IMAGE_RUN: version.tags.get(Tag.RUN, "")} if version else {}
    )
    return PointModel(
        resource=found.resource,
        label=str(named) if after.is_marketplace else f"{image} {after}",
        before=found.made_from,
        after=named,
        tags=tuple({**made, Tag.ROLLED_FROM: back}.items()),
        is_rolled_by_azure=is_rolled_by_azure(found),
    )


def _batches(
    now: Survey,
    wish: RollWish,
    found: ScaleSet,
    left: list[Instance],
    after: ImageReference,
) -> Iterator[RollBatch]:
    """The batches of those that are left; none where Azure makes its own."""
    if is_rolled_by_azure(found):
        return
    how = wish.promotion or now.image.promotion
    for together in batches(left, wish.percent, len(found.instances)):
        yield RollBatch(
            resource=found.resource,
            image=now.image.name,
            load_balancer=now.load_balancer.resource,
            pools=tuple(pool for pool in found.pools if pool in now.load_balancer.members),
            instances=tuple(one.number for one in together),
            domain=together[0].domain,
            to=after,
            rules=now.rules(PRODUCTION),
            drain=how.drain,
            patience=how.patience,
            is_out_first=has_health_extension(found),
            reports_health=reports_health(found),
            by_reimage=after.is_marketplace and found.made_from.follows,
        )


def _record(
    now: Survey, wish: RollWish, found: ScaleSet, back: str, after: ImageReference
) -> RecordRoll:
    """A version that is left for an older one was rolled back from, as with a rollback."""
    left = back if back and back != str(after) else now.serving_version
    rolled_back = promoted_again = None
    if not after.is_marketplace:
        version, bad = now.version(str(after)), now.version(left)
        if bad and version_key(bad.name) > version_key(str(after)):
            rolled_back = image_version_id(now.environment, now.image.name, bad.name)
        if version and Tag.ROLLED_BACK in version.tags:
            promoted_again = image_version_id(now.environment, now.image.name, version.name)
    return RecordRoll(
        image=now.image.name,
        scale_set=found.resource,
        before=left,
        after=str(after),
        rolled_back=rolled_back,
        promoted_again=promoted_again,
        why=wish.why,
    )
