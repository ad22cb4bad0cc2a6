"""Network presences, and the seam between what ARM's documents say about traffic and its carrier.

A network interface or scale set instance has one `Endpoint`. The network provider says which pools
it is in, the compute provider which machine is reached there; a provider that changed one of both
awaits `DataPath.refresh`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from pipeline.emulator.arm.ids import ResourceId, key
from pipeline.emulator.arm.store import Internals, Store


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where an IP configuration is reached, and what runs there.

    `pools` are backend pools' ids, as written. `machine` is the handle of the machine that runs
    there, "" for none; `health_port` the guest port that its health is asked at.
    """

    address: str
    ip_configuration: str
    pools: tuple[str, ...] = ()
    machine: str = ""
    health_port: int | None = None

    @property
    def pool_keys(self) -> frozenset[str]:
        """The pools' ids, comparable."""
        return frozenset(map(key, self.pools))


@dataclass(frozen=True, kw_only=True)
class Connected(Internals):
    """What is kept of a resource that has a network presence."""

    endpoint: Endpoint

    @property
    def machines(self) -> tuple[str, ...]:
        """The machine behind the endpoint."""
        return (self.endpoint.machine,) if self.endpoint.machine else ()


@dataclass(frozen=True, slots=True)
class Presence:
    """An endpoint with the resource that it belongs to."""

    owner: ResourceId
    endpoint: Endpoint
    is_being_deleted: bool

    @property
    def is_running(self) -> bool:
        """Whether traffic may be sent there."""
        return bool(self.endpoint.machine) and not self.is_being_deleted


def presences(store: Store) -> Iterator[Presence]:
    """All network presences, in the order their owners were made."""
    for record in store.peek():
        if isinstance(record.internal, Connected):
            is_being_deleted = record.properties.get("provisioningState") == "Deleting"
            yield Presence(record.id, record.internal.endpoint, is_being_deleted)


@dataclass(frozen=True, slots=True)
class ProbedMember:
    """What the probe of a rule last found at one member; `reason` is Azure's word for it."""

    endpoint: Endpoint
    is_up: bool
    reason: str


class DataPath(Protocol):
    """Carries the traffic of all load balancers in the store."""

    async def refresh(self) -> None:
        """Make rules, pools, probes and membership as the store says.

        Also serves the guest ports that they need. Returns when new connections follow the new
        state; established ones are not dropped. Raises ArmError when it cannot.
        """

    async def probed(self, rule: ResourceId) -> tuple[ProbedMember, ...]:
        """What the probe of a load balancing rule finds at the running members of its pool."""
