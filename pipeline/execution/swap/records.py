"""Recording a swap in the history, on scale sets and versions, beside the load balancer's tags."""

from __future__ import annotations

from collections.abc import Mapping

from pipeline.arm import ResourceId
from pipeline.execution.azure.requests import Body, patch, put
from pipeline.execution.claims.history import remember
from pipeline.execution.patience import GALLERY, SCALE_SET
from pipeline.execution.run.work import Work
from pipeline.planning.build.version_body import retagged
from pipeline.planning.claims.claim import Actor
from pipeline.planning.claims.history import Move
from pipeline.planning.names import SwapTag, Tag, load_balancer_tag
from pipeline.planning.swap.steps import RecordSwap


def record_swap(step: RecordSwap, work: Work) -> None:
    """A move of the history; tags of the set that serves, the one that was left, and the versions.

    The history comes first: the tag of the set that serves tells later runs that all was recorded.
    """
    balancer: Body = work.azure.get(step.load_balancer) or {}
    tags = balancer.get("tags") or {}
    since, run, by = (
        str(tags.get(load_balancer_tag(step.image, what), ""))
        for what in (SwapTag.SINCE, SwapTag.RUN, SwapTag.BY)
    )
    if since and run and work.session.claims:
        remember(work.session, _move(step, work, since, run, by))
    is_back = step.direction == "rollback"
    took = work.run.swap_seconds
    _tag(step.serves, {Tag.SERVED_SINCE: since, **_took(took), **_none(Tag.ROLLED_BACK)}, work)
    _tag(step.left, {Tag.SERVED_UNTIL: since, Tag.ROLLED_BACK: since if is_back else ""}, work)
    _tag_version(step.rolled_back, {Tag.ROLLED_BACK: since}, work)
    _tag_version(step.promoted_again, _none(Tag.ROLLED_BACK), work)


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


def _tag(scale_set: ResourceId | None, wanted: Mapping[str, str], work: Work) -> None:
    body = work.azure.get(scale_set) if scale_set else None
    if scale_set is None or body is None:
        return
    tags = with_tags(body, wanted)
    if tags != (body.get("tags") or {}):
        work.send(patch(scale_set, {"tags": tags}), SCALE_SET)


def _tag_version(version: ResourceId | None, wanted: Mapping[str, str], work: Work) -> None:
    body = work.azure.get(version) if version else None
    if version is None or body is None:
        return
    tags = with_tags(body, wanted)
    if tags != (body.get("tags") or {}):
        work.send(put(version, retagged(body, tags)), GALLERY)


def with_tags(body: Body, wanted: Mapping[str, str]) -> dict[str, str]:
    """All tags of a resource with these written; a tag with "" is removed."""
    tags = {**(body.get("tags") or {}), **wanted}
    return {name: value for name, value in tags.items() if value}
