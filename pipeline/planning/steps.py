"""The steps of landing zones, staging and swaps: values without behaviour, in words as printed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from pipeline.arm import ResourceId
from pipeline.definition.model import Health


@dataclass(frozen=True, slots=True)
class CreateGroup:
    """Create the environment's resource group."""

    name: str
    location: str

    def __str__(self) -> str:
        return f"create the resource group {self.name} in {self.location}"


@dataclass(frozen=True, slots=True)
class Create:
    """Create a resource that is not there, or wait for one that is being made."""

    resource: ResourceId
    body: dict[str, Any]
    words: str

    def __str__(self) -> str:
        return f"create {self.words}"


@dataclass(frozen=True, slots=True)
class Complete:
    """Write a resource again with what it lacks, guarded by the etag it had."""

    resource: ResourceId
    body: dict[str, Any]
    words: str
    etag: str

    def __str__(self) -> str:
        return f"complete {self.words}"


@dataclass(frozen=True, slots=True)
class CreateScaleSet:
    """Create the scale set of a version in a pool, or wait for the one being made."""

    resource: ResourceId
    image: str
    version: str
    image_version: ResourceId
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
    """Let a scale set grow."""

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
        return f"{self.count} of {self.count} instances of {self.resource.name} are healthy"


@dataclass(frozen=True, slots=True)
class ProveVersion:
    """Ask a frontend over fresh connections until so many answers in a row come from a version."""

    frontend: Literal["production", "staging"]
    url: str
    version: str
    answers: int

    def __str__(self) -> str:
        return (
            f"{self.answers} answers in a row from {self.version} at {self.url} ({self.frontend})"
        )


@dataclass(frozen=True, slots=True)
class SwapPools:
    """Exchange two pools under all rule pairs, in one write guarded by `If-Match`."""

    load_balancer: ResourceId
    image: str
    pairs: tuple[tuple[str, str], ...]
    production: ResourceId
    """The pool that production's rules lead to afterwards."""
    idle: ResourceId
    tags: tuple[tuple[str, str], ...]
    """Written along with it; a tag with "" is removed."""

    def __str__(self) -> str:
        rules = ", ".join(f"{rule} <-> {other}" for rule, other in self.pairs)
        return f"swap the pools of {rules} in one write of {self.load_balancer.name}"


@dataclass(frozen=True, slots=True)
class RewriteLoadBalancer:
    """Write a load balancer again as it is: Microsoft's way out of a failed write."""

    load_balancer: ResourceId

    def __str__(self) -> str:
        return f"write {self.load_balancer.name} again as it is: its last write failed"


LandingZoneStep: TypeAlias = CreateGroup | Create | Complete
StageStep: TypeAlias = DeleteScaleSet | CreateScaleSet | ScaleScaleSet | AwaitHealthy | ProveVersion
SwapStep: TypeAlias = ProveVersion | SwapPools | RewriteLoadBalancer
