"""The steps of a rehearsal: values without behaviour, in words as printed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from pipeline.arm import ResourceId
from pipeline.planning.watch.steps import WatchStep

Leg: TypeAlias = Literal["away", "back", "home"]
"""From the way back; to it, which is what is measured; to what was staged before."""


@dataclass(frozen=True, slots=True)
class LeadTwins:
    """Lead the staging rules, production's twins, to a pool in one write guarded by `If-Match`."""

    leg: Leg
    load_balancer: ResourceId
    image: str
    rules: tuple[str, ...]
    pool: ResourceId
    home: str = ""
    """The pool that they are led to in the end, written down meanwhile; "" with the last write."""

    def __str__(self) -> str:
        whither = {
            "away": f"to {self.pool.name} for a moment",
            "back": f"to {self.pool.name}, as a rollback leads production's, and take the time",
            "home": f"to {self.pool.name}, where they led before",
        }
        return f"lead {', '.join(self.rules)} {whither[self.leg]}"


@dataclass(frozen=True, slots=True)
class RecordRehearsal:
    """Write on the scale set of the way back when it was rehearsed, and how long that took."""

    scale_set: ResourceId

    def __str__(self) -> str:
        return f"record the rehearsal on {self.scale_set.name}"


RehearseOwnStep: TypeAlias = LeadTwins | RecordRehearsal
"""The kinds of this room."""
RehearseStep: TypeAlias = RehearseOwnStep | WatchStep
