"""Autoscale settings that follow production: what is written when a swap is done.

A setting has one target for life, and a target one setting (Azure Monitor): what follows is a
setting of ours for the scale set that came to serve. The one of the set that was left is turned off
after that, so that no way back is scaled in; both stay, for the way back.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

from pipeline.arm import ResourceId
from pipeline.definition.shape import overlaid
from pipeline.planning.names import SYSTEM, Tag
from pipeline.planning.swap.steps import FollowAutoscale

Write: TypeAlias = tuple[ResourceId, Mapping[str, Any]]
"""A setting's id, and the body of its PUT."""

_READ_ONLY = ("id", "name", "type", "systemData")


@dataclass(frozen=True, slots=True)
class Setting:
    """An autoscale setting; `target` is what it scales, `body` all that Azure answered."""

    resource: ResourceId
    target: ResourceId
    is_enabled: bool
    is_ours: bool
    body: Mapping[str, Any] = field(compare=False, repr=False)

    @property
    def is_predictive(self) -> bool:
        """Whether it scales by what it learnt, for which a new target has no history."""
        policy = self.body["properties"].get("predictiveAutoscalePolicy") or {}
        return str(policy.get("scaleMode")).lower() == "enabled"


def autoscale_id(scale_set: ResourceId) -> ResourceId:
    """The autoscale setting of a scale set, beside it."""
    own = (("autoscaleSettings", scale_set.name),)
    return replace(scale_set, namespace="Microsoft.Insights", segments=own)


def read(bodies: Iterable[Mapping[str, Any]]) -> tuple[Setting, ...]:
    """Settings as Azure lists them; of those that scale nothing, none."""
    return tuple(_setting(body) for body in bodies if body["properties"].get("targetResourceUri"))


def _setting(body: Mapping[str, Any]) -> Setting:
    properties = body["properties"]
    return Setting(
        ResourceId.parse(body["id"]),
        ResourceId.parse(properties["targetResourceUri"]),
        bool(properties.get("enabled")),
        (body.get("tags") or {}).get(Tag.SYSTEM) == SYSTEM,
        body,
    )


def is_due(settings: Iterable[Setting], step: FollowAutoscale, *, has_swapped: bool) -> bool:
    """Whether a swap moves anything; `has_swapped`: whether one has something left to move."""
    known = tuple(settings)
    if _enabled(known, step.left):
        return True
    is_on = bool(_enabled(known, (step.serves,)))
    return step.defined is not None and not (has_swapped and is_on)


def writes(settings: Iterable[Setting], step: FollowAutoscale, run: str) -> tuple[Write, ...]:
    """What is written, in this order: on for what serves, off for what was left."""
    known = tuple(settings)
    return (*_turned_on(known, step, run), *_turned_off(known, step))


def _turned_on(known: tuple[Setting, ...], step: FollowAutoscale, run: str) -> Iterator[Write]:
    there = next((one for one in known if one.target == step.serves), None)
    source = next(iter(_enabled(known, step.left)), None)
    if step.defined is None and (source is None or (there and there.is_enabled)):
        return
    if there and not there.is_ours:
        yield there.resource, _switched(there, is_on=True)
        return
    properties = _retargeted(source, step.serves) if source else {}
    if step.defined:
        properties = json.loads(step.defined.content)
    tags = (source.body.get("tags") or {}) if source else {}
    own = ((Tag.SYSTEM, SYSTEM), (Tag.IMAGE, step.image), (Tag.RUN, run))
    resource = there.resource if there else autoscale_id(step.serves)
    yield (
        resource,
        {
            "location": step.location,
            "tags": dict(overlaid(tuple(tags.items()), step.tags, own)),
            "properties": {
                **_measured(properties, step.serves),
                "name": resource.name,
                "enabled": True,
                "targetResourceUri": str(step.serves),
                "targetResourceLocation": step.location,
            },
        },
    )


def _turned_off(known: tuple[Setting, ...], step: FollowAutoscale) -> Iterator[Write]:
    for one in _enabled(known, step.left):
        yield one.resource, _switched(one, is_on=False)


def _enabled(known: Iterable[Setting], targets: Iterable[ResourceId]) -> tuple[Setting, ...]:
    wanted = set(targets)
    return tuple(one for one in known if one.is_enabled and one.target in wanted)


def _switched(setting: Setting, *, is_on: bool) -> Mapping[str, Any]:
    """A setting as it is, but for whether it scales."""
    kept = {name: value for name, value in setting.body.items() if name not in _READ_ONLY}
    return {**kept, "properties": {**setting.body["properties"], "enabled": is_on}}


def _retargeted(source: Setting, serves: ResourceId) -> dict[str, Any]:
    """A setting's properties with another target: also what its rules measure."""
    replaced: dict[str, Any] = _replaced(
        source.body["properties"], str(source.target).lower(), str(serves)
    )
    return replaced


def _replaced(value: Any, old: str, new: str) -> Any:
    match value:
        case str():
            return new if value.lower() == old else value
        case Mapping():
            return {name: _replaced(inner, old, new) for name, inner in value.items()}
        case list():
            return [_replaced(inner, old, new) for inner in value]
    return value


def _measured(properties: Mapping[str, Any], serves: ResourceId) -> dict[str, Any]:
    """The properties with what each rule measures; one that names nothing measures the set."""
    found = copy.deepcopy(dict(properties))
    for profile in found.get("profiles") or ():
        for rule in profile.get("rules") or ():
            rule.setdefault("metricTrigger", {}).setdefault("metricResourceUri", str(serves))
    return found
