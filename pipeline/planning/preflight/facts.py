"""What Azure says about everything that a stage depends on: frozen values.

A read that Azure refused is `Unknown`: it keeps nobody from staging.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias, TypeVar

from pipeline.arm import ResourceId
from pipeline.planning.denials import Denial
from pipeline.planning.hardware import Size
from pipeline.planning.preflight.wanted import Wanted
from pipeline.planning.traits import Traits
from pipeline.planning.versions import ImageVersion


@dataclass(frozen=True, slots=True)
class Unknown:
    """What could not be read; `why` is Azure's code and sentence."""

    why: str


T = TypeVar("T")
Known: TypeAlias = T | Unknown


@dataclass(frozen=True, slots=True)
class Replica:
    """A version's copy in a region; `progress` in per cent."""

    state: str
    progress: int = 0


@dataclass(frozen=True, slots=True)
class Version:
    """An image version, and its copies by the region's name (`westeurope`)."""

    image_version: ImageVersion
    replicas: Mapping[str, Replica]


@dataclass(frozen=True, slots=True)
class Usage:
    """How much of a quota is used; `title` is what Azure calls it for people."""

    name: str
    title: str
    used: int
    limit: int


@dataclass(frozen=True, slots=True)
class Space:
    """Addresses of a subnet: taken, and in all (without those that Azure keeps)."""

    used: int
    limit: int

    @property
    def free(self) -> int:
        """How many can be taken."""
        return self.limit - self.used


@dataclass(frozen=True, slots=True)
class Lock:
    """A management lock; `scope` is the id of what is locked, `level` ReadOnly or CanNotDelete."""

    name: str
    scope: str
    level: str


@dataclass(frozen=True, slots=True)
class SecurityRule:
    """A rule for incoming TCP; prefixes may be addresses, ranges, tags or `*`."""

    name: str
    priority: int
    is_allowed: bool
    sources: tuple[str, ...]
    destinations: tuple[str, ...]
    ports: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SecurityGroup:
    """A network security group with its rules for incoming TCP, the default ones included."""

    name: str
    rules: tuple[SecurityRule, ...]


@dataclass(frozen=True, slots=True)
class Subnet:
    """The subnet of the instances, and the group that guards it, if any."""

    prefixes: tuple[str, ...]
    group: SecurityGroup | None


@dataclass(frozen=True, slots=True)
class ScaleSetFacts:
    """A scale set of the resource group; `is_serving`: production's rules lead to it.

    `upgrades_itself`: an automatic OS upgrade is on. `is_pinned`: its image is one exact version.
    """

    resource: ResourceId
    size: str
    capacity: int
    is_serving: bool = False
    upgrades_itself: bool = False
    is_pinned: bool = True


@dataclass(frozen=True, slots=True)
class Autoscale:
    """An autoscale setting; the figures are those of its default profile."""

    name: str
    resource_group: str
    target: str
    is_enabled: bool
    minimum: str
    maximum: str


@dataclass(frozen=True, slots=True)
class Credential:
    """What signs in: seconds until its token ends, and until what proves it (None: no end known).

    `proof` is the file of a federated assertion, "" for any other credential.
    """

    seconds: float
    proof: str = ""
    proof_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Registration:
    """Whether the subscription is registered for a resource provider: Azure's word."""

    namespace: str
    state: str


@dataclass(frozen=True, slots=True)
class Facts:
    """All that was asked; None where Azure has no such thing."""

    wanted: Wanted
    version: Known[Version | None]
    definition: Known[Traits | None]
    size: Known[Size | None]
    usages: Known[tuple[Usage, ...]]
    space: Known[Space | None]
    subnet: Known[Subnet | None]
    locks: Known[tuple[Lock, ...]]
    policies: Known[tuple[Denial, ...] | None]
    """None where nothing is to be made."""
    scale_sets: Known[tuple[ScaleSetFacts, ...]]
    autoscale: Known[tuple[Autoscale, ...]]
    credential: Known[Credential]
    providers: tuple[Known[Registration], ...]
    refusal: str = ""
    """Why there is no plan; "" when there is one."""
    locks_above: Known[None] = field(default=None)
    """Unknown where only the locks of the resource group could be read."""
