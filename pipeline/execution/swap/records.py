"""Recording a swap in the history, on scale sets and versions, beside the load balancer's tags."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from http import HTTPStatus
from typing import TypeAlias

from pipeline.arm import ResourceId
from pipeline.errors import AzureRefused
from pipeline.execution.azure.requests import Body, Request, patch, put
from pipeline.execution.azure.resources import has_failed
from pipeline.execution.azure.side_by_side import each_by_name
from pipeline.execution.claims.history import remember
from pipeline.execution.patience import GALLERY, SCALE_SET, Patience
from pipeline.execution.run.work import Work
from pipeline.planning.build.version_body import retagged
from pipeline.planning.claims.claim import Actor
from pipeline.planning.claims.history import Move
from pipeline.planning.names import SwapTag, Tag, gallery_id, load_balancer_tag
from pipeline.planning.swap.steps import RecordSwap

_Found: TypeAlias = Mapping[ResourceId, Body | None]
_Mark: TypeAlias = tuple[Request, Patience]


def record_swap(step: RecordSwap, work: Work) -> None:
    """A move of the history; tags of the set that was left, of the versions, of what serves.

    In that order: the tag of the set that serves tells later runs that all was recorded.
    """
    found = _read(step, work)
    tags = (found[step.load_balancer] or {}).get("tags") or {}
    since, run, by = (
        str(tags.get(load_balancer_tag(step.image, what), ""))
        for what in (SwapTag.SINCE, SwapTag.RUN, SwapTag.BY)
    )
    if since and run and work.session.claims:
        remember(work.session, _move(step, work, since, run, by))
    is_back = step.direction == "rollback"
    left = {Tag.SERVED_UNTIL: since, Tag.ROLLED_BACK: since if is_back else ""}
    serves = {Tag.SERVED_SINCE: since, **_took(work.run.swap_seconds), **_none(Tag.ROLLED_BACK)}
    marks = (
        _on_scale_set(step.left, found, left),
        _on_version(step.rolled_back, found, {Tag.ROLLED_BACK: since}),
        _on_version(step.promoted_again, found, _none(Tag.ROLLED_BACK)),
        _on_scale_set(step.serves, found, serves),
    )
    for number, (request, patience) in enumerate(filter(None, marks)):
        _send(work, request, patience, is_checked=number == 0)


def _send(work: Work, request: Request, patience: Patience, *, is_checked: bool = False) -> None:
    """A gallery of another hand may be one that we only read: then its versions stay unmarked."""
    environment = work.azure.environment
    inside = f"{gallery_id(environment)}/".lower()
    is_elsewhere = not environment.gallery.managed and str(request.target).lower().startswith(
        inside
    )
    try:
        work.send(request, patience, is_checked=is_checked)
    except AzureRefused as refusal:
        if not (is_elsewhere and refusal.status == HTTPStatus.FORBIDDEN):
            raise
        work.session.output.say(f"{refusal}: this is not written down on the version")


def _read(step: RecordSwap, work: Work) -> _Found:
    """All that is written, by id; the claim is looked at beside."""
    written = (step.serves, step.left, step.rolled_back, step.promoted_again)
    wanted = [step.load_balancer, *(one for one in written if one)]
    work.azure.clients.prepare()
    reads: dict[ResourceId | None, Callable[[], Body | None]] = {
        one: partial(work.azure.get, one) for one in wanted
    }
    found = each_by_name({None: work.run.check, **reads})
    return {one: found[one] for one in wanted}


def _move(step: RecordSwap, work: Work, since: str, run: str, by: str) -> Move:
    return Move(
        at=since,
        image=step.image,
        environment=work.session.environment.name,
        direction=step.direction,
        before=step.before,
        after=step.after,
        run=run,
        actor=Actor.of_tag(by),
        why=step.why,
    )


def _took(seconds: float | None) -> dict[str, str]:
    return {} if seconds is None else {Tag.SWAP_SECONDS: f"{seconds:.1f}"}


def _none(tag: str) -> dict[str, str]:
    return {tag: ""}


def _on_scale_set(
    resource: ResourceId | None, found: _Found, wanted: Mapping[str, str]
) -> _Mark | None:
    """A scale set's tags: nothing else of it is sent."""
    tags = _missing(resource, found, wanted)
    return (patch(resource, {"tags": tags}), SCALE_SET) if resource and tags is not None else None


def _on_version(
    resource: ResourceId | None, found: _Found, wanted: Mapping[str, str]
) -> _Mark | None:
    """An image version's tags, in all that it is."""
    tags = _missing(resource, found, wanted)
    if resource is None or tags is None:
        return None
    return put(resource, retagged(found[resource] or {}, tags)), GALLERY


def mark_version(work: Work, resource: ResourceId | None, tags: Mapping[str, str]) -> None:
    """Write tags on an image version, where they are not there; nothing without one."""
    body = work.azure.get(resource) if resource else None
    if resource and body and (mark := _on_version(resource, {resource: body}, tags)):
        _send(work, *mark)


def _missing(
    resource: ResourceId | None, found: _Found, wanted: Mapping[str, str]
) -> dict[str, str] | None:
    """All tags of what was read just now; None where they are there and its write did not fail."""
    body = found.get(resource) if resource else None
    if body is None:
        return None
    tags = with_tags(body, wanted)
    is_there = tags == (body.get("tags") or {}) and not has_failed(body)
    return None if is_there else tags


def with_tags(body: Body, wanted: Mapping[str, str]) -> dict[str, str]:
    """All tags of a resource with these written; a tag with "" is removed."""
    tags = {**(body.get("tags") or {}), **wanted}
    return {name: value for name, value in tags.items() if value}
