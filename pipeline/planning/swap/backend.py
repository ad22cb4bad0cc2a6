"""What can be in a backend pool: scale sets, their instances, and members as Azure lists them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pipeline.arm import ResourceId
from pipeline.planning.names import Tag
from pipeline.planning.swap.reference import NO_IMAGE, ImageReference
from pipeline.planning.versions import ImageVersion

HEALTHY = "healthy"
"""The last word of `HealthState/healthy`, the Application Health extension's best verdict."""


@dataclass(frozen=True, slots=True)
class Instance:
    """One instance; `health` is the last word of `HealthState/healthy`, "" where nobody reports."""

    name: str
    health: str = ""
    number: str = ""
    """Its `instanceId`, which is the name of a Flexible set's machine."""
    interfaces: tuple[ResourceId, ...] = ()
    """Of a Flexible set's machine: those that are resources of their own."""
    domain: int | None = None
    """Its update domain; None where Azure tells none."""
    made_from: ImageReference = NO_IMAGE
    is_latest: bool = True
    """Whether it has the model of its scale set; of a Flexible set's machine nobody tells."""

    @property
    def is_healthy(self) -> bool:
        """Whether the Application Health extension calls it healthy."""
        return self.health == HEALTHY


@dataclass(frozen=True, slots=True)
class Member:
    """Whoever has an IP configuration in a pool.

    `owner` is a scale set or a network interface; `instance` the `instanceId`, "" without one.
    """

    owner: ResourceId
    instance: str = ""

    @classmethod
    def of(cls, configuration: ResourceId) -> Member:
        """From an id in `backendIPConfigurations`.

        `…/virtualMachineScaleSets/web/virtualMachines/0/networkInterfaces/nic/ipConfigurations/ip`
        """
        owner = ResourceId(
            configuration.subscription,
            configuration.resource_group,
            configuration.namespace,
            configuration.segments[:1],
        )
        inside = {kind.lower(): name for kind, name in configuration.segments}
        return cls(owner, inside.get("virtualmachines", ""))


@dataclass(frozen=True, slots=True)
class ScaleSet:
    """A scale set and its instances; `pools` are those of its model, where new instances go."""

    name: str
    resource: ResourceId
    tags: Mapping[str, str]
    capacity: int
    provisioning_state: str
    pools: tuple[ResourceId, ...]
    instances: tuple[Instance, ...] = ()
    image_version: ResourceId | None = None
    """The image that its model names; None where that is no version of a gallery."""
    body: Mapping[str, Any] = field(compare=False, default_factory=dict, repr=False)
    """All that Azure answered."""

    @property
    def properties(self) -> Mapping[str, Any]:
        """What Azure answered of it."""
        found: Mapping[str, Any] = self.body.get("properties") or {}
        return found

    @property
    def profile(self) -> Mapping[str, Any]:
        """The model of its instances."""
        found: Mapping[str, Any] = self.properties.get("virtualMachineProfile") or {}
        return found

    @property
    def made_from(self) -> ImageReference:
        """The image that its model names."""
        return ImageReference.read(self.profile)

    def is_made_from(self, version: ImageVersion) -> bool:
        """Whether it was made from this very version, and not from a deleted one of its number."""
        mine, baked = self.tags.get(Tag.IMAGE_RUN), version.tags.get(Tag.RUN)
        return not (mine and baked) or mine == baked

    @property
    def is_ready(self) -> bool:
        """Whether Azure has finished making it."""
        return self.provisioning_state == "Succeeded"

    @property
    def has_failed(self) -> bool:
        """Whether Azure failed to carry out the last change of it."""
        return self.provisioning_state == "Failed"

    @property
    def healthy(self) -> int:
        """How many instances are healthy."""
        return sum(instance.is_healthy for instance in self.instances)

    @property
    def size(self) -> int:
        """How many instances it has or is about to have."""
        return max(self.capacity, len(self.instances))

    @property
    def is_healthy(self) -> bool:
        """Whether it is made, as large as it should be, and every instance is healthy."""
        complete = self.is_ready and len(self.instances) >= self.capacity
        return complete and self.healthy == len(self.instances) > 0


@dataclass(frozen=True, slots=True)
class Backend:
    """A pool and what is in it, whoever made it."""

    pool: ResourceId
    scale_sets: tuple[ScaleSet, ...]
    """Those with members here, and those whose model puts new instances here."""
    members: tuple[Member, ...]
    version: str
    """The image's version that all of it is; "" where there is none, or more than one."""

    @property
    def is_empty(self) -> bool:
        """Whether nothing is here, and nothing is about to be."""
        return not self.members and not self.scale_sets

    @property
    def scale_set(self) -> ScaleSet | None:
        """The scale set, where there is one of the image's version and nothing beside it."""
        return self.scale_sets[0] if self.version and len(self.scale_sets) == 1 else None

    @property
    def owners(self) -> tuple[str, ...]:
        """Whose members are here, by name, in order."""
        names = {found.name for found in self.scale_sets}
        return tuple(sorted(names | {member.owner.name for member in self.members}))

    @property
    def size(self) -> int:
        """How many instances are here, or are about to be."""
        coming = sum(s.size for s in self.scale_sets if self.pool in s.pools)
        return max(len(self.members), coming)

    @property
    def healthy(self) -> int:
        """How many of the members are healthy, as their scale sets report."""
        return sum(health == HEALTHY for health in self._health.values())

    @property
    def sick(self) -> tuple[tuple[str, str], ...]:
        """Members that report, or should report, anything but health: name and what they report."""
        names = {
            Member(found.resource, instance.number): instance.name
            for found in self.scale_sets
            for instance in found.instances
        }
        return tuple(
            (names.get(member, member.owner.name), health)
            for member, health in self._health.items()
            if health not in (HEALTHY, None)
        )

    @property
    def _health(self) -> Mapping[Member, str | None]:
        """By member; None where nobody can know: the owner is no scale set that was surveyed."""
        known = {
            Member(found.resource, instance.number): instance.health
            for found in self.scale_sets
            for instance in found.instances
        }
        return {member: known.get(member) for member in self.members}


def with_owners(
    members: Mapping[ResourceId, tuple[Member, ...]], scale_sets: Iterable[ScaleSet]
) -> dict[ResourceId, tuple[Member, ...]]:
    """Members by pool, interfaces of Flexible sets' machines told as instances of their sets."""
    known = {
        interface: Member(found.resource, instance.number)
        for found in scale_sets
        for instance in found.instances
        for interface in instance.interfaces
    }
    return {
        pool: tuple(known.get(member.owner, member) for member in listed)
        for pool, listed in members.items()
    }
