"""Recording a swap in the history, on scale sets and versions, beside the load balancer's tags."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from pipeline.arm import ResourceId
from pipeline.execution.azure.requests import Body, Request, patch, put
from pipeline.execution.azure.resources import has_failed
from pipeline.execution.azure.side_by_side import each_by_name
from pipeline.execution.claims.history import remember
from pipeline.execution.patience import GALLERY, SCALE_SET, Patience
from pipeline.execution.run.work import Work
from pipeline.planning.build.version_body import retagged
from pipeline.planning.claims.claim import Actor
from pipeline.planning.claims.history import Move
from pipeline.planning.names import SwapTag, Tag, load_balancer_tag
from pipeline.planning.swap.steps import RecordSwap


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
    took = work.run.swap_seconds
    marks = _Marks(found, work)
    left = {Tag.SERVED_UNTIL: since, Tag.ROLLED_BACK: since if is_back else ""}
    marks.scale_set(step.left, left)
    marks.version(step.rolled_back, {Tag.ROLLED_BACK: since})
    marks.version(step.promoted_again, _none(Tag.ROLLED_BACK))
    marks.scale_set(step.serves, {Tag.SERVED_SINCE: since, **_took(took), **_none(Tag.ROLLED_BACK)})


def _read(step: RecordSwap, work: Work) -> dict[ResourceId, Body | None]:
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


class _Marks:
    """Tags written on what was read just now, where they are missing or their write failed."""

    def __init__(self, found: Mapping[ResourceId, Body | None], work: Work) -> None:
        self._found = found
        self._work = work
        self._is_checked = True

    def scale_set(self, resource: ResourceId | None, wanted: Mapping[str, str]) -> None:
        """A scale set's: nothing else of it is sent."""
        tags = self._missing(resource, wanted)
        if resource and tags is not None:
            self._send(patch(resource, {"tags": tags}), SCALE_SET)

    def version(self, resource: ResourceId | None, wanted: Mapping[str, str]) -> None:
        """An image version's."""
        tags = self._missing(resource, wanted)
        if resource and tags is not None:
            self._send(put(resource, retagged(self._found[resource] or {}, tags)), GALLERY)

    def _missing(
        self, resource: ResourceId | None, wanted: Mapping[str, str]
    ) -> dict[str, str] | None:
        body = self._found.get(resource) if resource else None
        if body is None:
            return None
        tags = with_tags(body, wanted)
        is_there = tags == (body.get("tags") or {}) and not has_failed(body)
        return None if is_there else tags

    def _send(self, request: Request, patience: Patience) -> None:
        self._work.send(request, patience, is_checked=self._is_checked)
        self._is_checked = False


def with_tags(body: Body, wanted: Mapping[str, str]) -> dict[str, str]:
    """All tags of a resource with these written; a tag with "" is removed."""
    tags = {**(body.get("tags") or {}), **wanted}
    return {name: value for name, value in tags.items() if value}
