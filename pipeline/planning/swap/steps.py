"""The steps of staging and of swaps: values without behaviour, in words as printed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from pipeline.arm import ResourceId
from pipeline.definition.model import Health
from pipeline.planning.names import FrontendName


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
    sku: str
    capacity: int
    subnet: ResourceId
    pool: ResourceId
    health: Health
    username: str

    def __str__(self) -> str:
        return (
            f"create {self.resource.name}: {self.capacity} x {self.sku}"
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
class DeleteScaleSet:
    """Delete a scale set of ours that does not serve; done when there is none."""

    resource: ResourceId
    image: str
    because: str

    def __str__(self) -> str:
        return f"delete {self.resource.name} ({self.because})"


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
class VerifyVersion:
    """Ask a frontend over fresh connections until so many consecutive responses name a version."""

    frontend: FrontendName
    url: str
    version: str
    responses: int

    def __str__(self) -> str:
        return (
            f"verify {self.frontend}: {self.responses} consecutive responses from {self.version}"
            f" at {self.url}"
        )


@dataclass(frozen=True, slots=True)
class SwapPools:
    """Exchange two pools under all rule pairs, in one write guarded by `If-Match`."""

    direction: Literal["promote", "rollback"]
    load_balancer: ResourceId
    image: str
    pairs: tuple[tuple[str, str], ...]
    """The rules of each pair: production's, staging's."""
    production: ResourceId
    """The pool that production's rules lead to afterwards."""
    idle: ResourceId
    tags: tuple[tuple[str, str], ...]
    """Written along with it; a tag with "" is removed."""
    followers: tuple[str, ...] = ()
    """Rules that nobody declared and that lead to the pool being left: they move as well."""
    outbound_followers: tuple[str, ...] = ()
    """Outbound rules of the pool being left: they move as well."""

    def __str__(self) -> str:
        rules = ", ".join(f"{rule} <-> {other}" for rule, other in self.pairs)
        return (
            f"swap the pools of {rules}{_moving('undeclared', self.followers)}"
            f"{_moving('outbound', self.outbound_followers)}"
            f" in one write of {self.load_balancer.name}"
        )


@dataclass(frozen=True, slots=True)
class RewriteLoadBalancer:
    """Write a load balancer again as it is: Microsoft's way out of a failed write."""

    load_balancer: ResourceId

    def __str__(self) -> str:
        return f"write {self.load_balancer.name} again as it is: its last write failed"


def _moving(kind: str, rules: tuple[str, ...]) -> str:
    if not rules:
        return ""
    return f", move the {kind} rule{'s' if len(rules) > 1 else ''} {', '.join(rules)}"


StageStep: TypeAlias = (
    DeleteScaleSet | CreateScaleSet | ScaleScaleSet | AwaitHealthy | VerifyVersion
)
SwapStep: TypeAlias = VerifyVersion | SwapPools | RewriteLoadBalancer
