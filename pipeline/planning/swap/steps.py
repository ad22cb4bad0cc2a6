"""The steps of staging and of swaps: values without behaviour, in words as printed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from pipeline.arm import ResourceId
from pipeline.definition.balancing import Health
from pipeline.definition.model import STANDARD, SecurityType
from pipeline.definition.promotion import Promotion
from pipeline.definition.shape import Attached, ScaleSetShape, Tags
from pipeline.planning.swap.carried import Carried
from pipeline.planning.watch.steps import VerifyRules, VerifyVersion, WatchStep

Direction: TypeAlias = Literal["promote", "rollback"]


@dataclass(frozen=True, slots=True)
class Wish:
    """What was asked for: to plan a swap anew, and see whether it is still the same."""

    direction: Direction
    to: str = ""
    """The version to go back to; "" for the one that served before."""
    again: bool = False
    """Also what was rolled back."""
    force: bool = False
    """Also what is smaller than production, or sick."""
    promotion: Promotion | None = None
    """How it is watched; None as the definition says."""
    why: str = ""
    """For the history; "" where nobody gave a reason."""


@dataclass(frozen=True, slots=True)
class AddPool:
    """Add the pool of a scale set that is to be made, in one write guarded by `If-Match`."""

    load_balancer: ResourceId
    image: str
    pool: str

    def __str__(self) -> str:
        return f"add the pool {self.pool} to {self.load_balancer.name}"


@dataclass(frozen=True, slots=True)
class CreateScaleSet:
    """Create the scale set of a version in a pool, or wait for the one being made."""

    resource: ResourceId
    image: str
    version: str
    image_version: ResourceId
    image_run: str
    """The run that baked the version, "" where nobody knows."""
    location: str
    shape: ScaleSetShape
    capacity: int
    subnet: ResourceId
    pool: ResourceId
    health: Health
    username: str
    security_type: SecurityType = STANDARD
    like: Carried | None = None
    """What it has from the scale set that serves."""

    def __str__(self) -> str:
        return (
            f"create {self.resource.name}: {self.capacity} x {self.shape.sku}"
            f" from {self.image} {self.version}, in {self.pool.name}"
        )


@dataclass(frozen=True, slots=True)
class ScaleScaleSet:
    """Scale a scale set up."""

    resource: ResourceId
    before: int
    capacity: int

    def __str__(self) -> str:
        return f"scale {self.resource.name} from {self.before} to {self.capacity} instances"


@dataclass(frozen=True, slots=True)
class AwaitHealthy:
    """Wait until so many instances run and all are healthy."""

    resource: ResourceId
    count: int

    def __str__(self) -> str:
        return (
            f"wait until {self.count} of {self.count} instances of {self.resource.name} are healthy"
        )


@dataclass(frozen=True, slots=True)
class LeadStaging:
    """Lead the staging rules of an image to a pool, in one write guarded by `If-Match`."""

    load_balancer: ResourceId
    image: str
    rules: tuple[str, ...]
    pool: ResourceId

    def __str__(self) -> str:
        return f"lead {', '.join(self.rules)} to {self.pool.name} in one write"


@dataclass(frozen=True, slots=True)
class SwapPools:
    """Lead production's rules to another pool and staging's to the one that was left.

    One write, guarded by `If-Match`.
    """

    wish: Wish
    load_balancer: ResourceId
    image: str
    production_rules: tuple[str, ...]
    staging_rules: tuple[str, ...]
    production: ResourceId
    """The pool that production's rules lead to afterwards."""
    staging: ResourceId
    """The pool that was left."""
    tags: tuple[tuple[str, str], ...]
    """Written along with it; a tag with "" is removed."""
    followers: tuple[str, ...] = ()
    """Rules that nobody declared and that lead to the pool being left: they move as well."""
    outbound_followers: tuple[str, ...] = ()
    """Outbound rules of the pool being left: they move as well."""
    nat_followers: tuple[str, ...] = ()
    """Inbound NAT rules of the pool being left: they move as well."""

    def __str__(self) -> str:
        moved = (
            *self.production_rules,
            *_named("undeclared rule", self.followers),
            *_named("outbound rule", self.outbound_followers),
            *_named("NAT rule", self.nat_followers),
        )
        return (
            f"swap in one write of {self.load_balancer.name}:"
            f" {', '.join(moved)} -> {self.production.name};"
            f" {', '.join(self.staging_rules)} -> {self.staging.name}"
        )


@dataclass(frozen=True, slots=True)
class RecordSwap:
    """Write on the scale sets, on a version and in the history what the load balancer's tags say.

    So that no role hangs on the load balancer's tags alone, which another tool may replace.
    """

    direction: Direction
    image: str
    load_balancer: ResourceId
    before: str
    """What production left: its version, what another hand made by name, or "" for nothing."""
    after: str
    """What came to serve, likewise."""
    serves: ResourceId | None
    """The scale set that came to serve; None where another hand made it."""
    left: ResourceId | None
    """The scale set that production left; None without one of ours."""
    rolled_back: ResourceId | None = None
    """The image version to mark as rolled back."""
    promoted_again: ResourceId | None = None
    """The image version that is so no longer."""
    why: str = ""
    """The reason that somebody gave."""

    def __str__(self) -> str:
        sets = ", ".join(found.name for found in (self.serves, self.left) if found)
        parts = [f"the swap on {sets}" if sets else "the swap"]
        if self.rolled_back:
            parts.append(f"that {self.image} {self.rolled_back.name} was rolled back")
        if self.promoted_again:
            parts.append(f"that {self.image} {self.promoted_again.name} was promoted again")
        return f"record {' and '.join(parts)}"


@dataclass(frozen=True, slots=True)
class FollowAutoscale:
    """Turn autoscale on for the scale set that came to serve, and off for those that were left."""

    image: str
    location: str
    serves: ResourceId
    left: tuple[ResourceId, ...]
    defined: Attached | None = None
    """The setting that the definition names; None for the one of what was left."""
    tags: Tags = ()
    """Those of the environment."""

    def __str__(self) -> str:
        off = f", off for {', '.join(one.name for one in self.left)}" if self.left else ""
        return f"let autoscale follow: on for {self.serves.name}{off}"


@dataclass(frozen=True, slots=True)
class RewriteLoadBalancer:
    """Write a load balancer again as it is: Microsoft's way out of a failed write."""

    load_balancer: ResourceId

    def __str__(self) -> str:
        return f"write {self.load_balancer.name} again as it is: its last write failed"


def _named(kind: str, rules: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"{kind} {rule}" for rule in rules)


DeploymentStep: TypeAlias = (
    AddPool
    | CreateScaleSet
    | ScaleScaleSet
    | AwaitHealthy
    | LeadStaging
    | SwapPools
    | RecordSwap
    | FollowAutoscale
    | RewriteLoadBalancer
)
"""The kinds of this room: scale sets, and where rules lead. The proofs are those of `watch`."""
StageStep: TypeAlias = (
    AddPool
    | CreateScaleSet
    | ScaleScaleSet
    | AwaitHealthy
    | LeadStaging
    | VerifyVersion
    | VerifyRules
)
SwapStep: TypeAlias = DeploymentStep | WatchStep
