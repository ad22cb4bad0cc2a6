"""Writing the model of a scale set that is rolled."""

from __future__ import annotations

from pipeline.arm import ResourceId
from pipeline.errors import AzureRefused, Overtaken, WatchFailed
from pipeline.execution.azure.requests import Body, Request, patch, post, put
from pipeline.execution.patience import ROLLED_BY_AZURE, SCALE_SET
from pipeline.execution.run.sending import no_look
from pipeline.execution.run.work import Work
from pipeline.execution.swap.load_balancer import TRIES, others_wrote
from pipeline.execution.swap.records import with_tags
from pipeline.planning.names import Tag
from pipeline.planning.roll.model import pointed
from pipeline.planning.roll.steps import PointModel
from pipeline.planning.swap.reference import ImageReference


def point_model(step: PointModel, work: Work) -> None:
    """Another image in the model, and the tags that tell of it.

    Overtaken where the model names a third image by now. Under `Rolling` it lasts as long as
    Azure's own roll: WatchFailed when that stops, or when production, which is watched, loses more
    than it may; then the roll is cancelled.
    """
    for _ in range(TRIES):
        body = _settled(step.resource, work)
        named = ImageReference.read(body["properties"]["virtualMachineProfile"])
        if not named.is_same(step.before) and not named.is_same(step.after):
            raise Overtaken(
                f"{step.resource}: someone pointed it at {named} since the plan was made"
            )
        tags = with_tags(body, {**dict(step.tags), Tag.ROLLING: work.run.id})
        request = put(step.resource, pointed(body, step, tags), str(body.get("etag", "")))
        try:
            if step.is_rolled_by_azure:
                _follow(step, work, request)
            else:
                work.send(request, SCALE_SET)
        except AzureRefused as refusal:
            if not others_wrote(refusal):
                raise
        else:
            return
    raise Overtaken(f"{step.resource}: gave up after {TRIES} concurrent updates")


def forget_roll(work: Work, scale_set: ResourceId) -> None:
    """The roll is over: nothing is under way on the scale set any more.

    The tag stays and says nothing: a PATCH may keep what it leaves out.
    """
    body = work.azure.get(scale_set)
    tags = (body or {}).get("tags") or {}
    if tags.get(Tag.ROLLING):
        work.send(patch(scale_set, {"tags": {**tags, Tag.ROLLING: ""}}), SCALE_SET)


def _settled(resource: ResourceId, work: Work) -> Body:
    """The scale set once nothing is under way on it, with what only `$expand` answers."""
    work.azure.settle(
        resource, patience=SCALE_SET, clock=work.clock, still_waiting=work.still_waiting
    )
    body = work.azure.get(resource, expand="userData")
    if body is None:
        raise Overtaken(f"{resource}: someone deleted it since the plan was made")
    return body


def _follow(step: PointModel, work: Work, request: Request) -> None:
    """Azure rolls as soon as the model changes, and the write ends with the roll."""
    watch = work.run.beside
    if watch is not None:
        watch.swapping()
    try:
        work.send(request, ROLLED_BY_AZURE, meanwhile=watch.check if watch else no_look)
    except WatchFailed:
        _cancel(step.resource, work)
        raise
    except AzureRefused as refusal:
        if others_wrote(refusal):
            raise
        raise WatchFailed(f"Azure did not roll {step.resource.name}: {refusal}") from refusal


def _cancel(scale_set: ResourceId, work: Work) -> None:
    """Stop Azure's own roll; one that has ended meanwhile needs no end."""
    try:
        work.send(post(scale_set, "cancel", {}), SCALE_SET)
    except AzureRefused as refusal:
        work.session.output.say(f"not cancelled: {refusal}")
