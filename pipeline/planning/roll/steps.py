"""The steps of an in-place roll: values without behaviour, in words as printed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from pipeline.arm import ResourceId
from pipeline.definition.promotion import Promotion
from pipeline.planning.swap.reference import ImageReference
from pipeline.planning.watch.steps import WatchStep, duration

MOST_NAMED = 5
"""Instances of a batch that are named one by one; of more, how many there are."""


@dataclass(frozen=True, slots=True)
class RollWish:
    """What was asked for."""

    version: str = ""
    """Of the image or, where the set is made from a marketplace image, of that; "" for the newest.
    """
    again: bool = False
    """Also what was rolled back."""
    force: bool = False
    """Also with instances that are sick, or with a single one."""
    percent: int = 20
    """How many of its instances are rolled at once, at most; at least one is."""
    promotion: Promotion | None = None
    """How it is watched; None as the definition says."""
    why: str = ""
    """For the history; "" where nobody gave a reason."""
    is_back: bool = False
    """Whether it takes back a roll that failed: then it goes on whatever is lost."""


@dataclass(frozen=True, slots=True)
class PointModel:
    """Change the image that a scale set's model names, in one write guarded by `If-Match`.

    Under the upgrade policy `Manual` its instances stay as they are; under `Rolling` the write
    lasts until Azure has brought all of them to it, in batches of its own.
    """

    resource: ResourceId
    label: str
    """What it names afterwards, for people: `web 1.0.1`."""
    before: ImageReference
    """What it must name still."""
    after: ImageReference
    tags: tuple[tuple[str, str], ...]
    """Written along with it; a tag with "" is removed."""
    is_rolled_by_azure: bool = False

    def __str__(self) -> str:
        then = (
            "Azure brings its instances to it, batch by batch"
            if self.is_rolled_by_azure
            else "its instances stay as they are"
        )
        return f"point the model of {self.resource.name} at {self.label}; {then}"


@dataclass(frozen=True, slots=True)
class RollBatch:
    """Bring some instances to the model: out of the pools, upgraded, healthy, and in again.

    Those that have it are only waited for and let in. Ends badly when one does not become healthy
    in the time, and when production, which is watched, loses more than it may.
    """

    resource: ResourceId
    image: str
    load_balancer: ResourceId
    pools: tuple[ResourceId, ...]
    """The pools of it that the scale set is in."""
    instances: tuple[str, ...]
    """Their numbers; of a Flexible set the names of its machines."""
    domain: int | None
    """Their update domain; None where Azure tells none."""
    to: ImageReference
    rules: tuple[str, ...]
    """The rules of production, whose probes must find them up in the end."""
    drain: float
    """Seconds that connections from before may take to their end."""
    patience: float
    """Seconds until an upgraded instance that is not healthy counts as bad."""
    is_out_first: bool
    """Whether they are healthy before they are let in; else only a probe tells, once they are."""
    reports_health: bool
    """Whether anything reports the health of the instances."""
    by_reimage: bool = False
    """Whether the model stays as it is: it follows the newest version of a marketplace image."""

    def __str__(self) -> str:
        named = ", ".join(self.instances[:MOST_NAMED])
        count = len(self.instances)
        which = (
            f"instance{'' if count == 1 else 's'} {named}"
            if count <= MOST_NAMED
            else f"{count} instances"
        )
        domain = "" if self.domain is None else f" (update domain {self.domain})"
        draining = f", {duration(self.drain)} for old ones" if self.drain else ""
        return (
            f"roll {which} of {self.resource.name}{domain}: no new connections{draining},"
            " upgrade, healthy, in again"
        )


@dataclass(frozen=True, slots=True)
class RecordRoll:
    """Write a roll into the history, and on a version that it was rolled back."""

    image: str
    scale_set: ResourceId
    before: str
    after: str
    rolled_back: ResourceId | None = None
    """The image version to mark as rolled back."""
    promoted_again: ResourceId | None = None
    """The image version that is so no longer."""
    why: str = ""

    def __str__(self) -> str:
        marked = f" and that {self.before} was rolled back" if self.rolled_back else ""
        return f"record the roll of {self.scale_set.name} to {self.after}{marked}"


RollOwnStep: TypeAlias = PointModel | RollBatch | RecordRoll
"""The kinds of this room."""
RollStep: TypeAlias = RollOwnStep | WatchStep
