"""The steps of `create-environment`: values without behaviour, in words as printed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

from pipeline.arm import ResourceId


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
    api_version: str = ""
    """"" for the SDK's own."""

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
class DestroyGroup:
    """Delete an environment's resource group and all in it, if all of it is ours."""

    name: str
    environment: str
    resources: int

    def __str__(self) -> str:
        return f"delete the resource group {self.name} and the {self.resources} resources in it"


LandingZoneStep: TypeAlias = CreateGroup | Create | Complete | DestroyGroup
