"""Microsoft.Compute on a manager of its own, with simulated machines and a stand-in network."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

from pipeline.emulator.arm.addresses import Addresses
from pipeline.emulator.arm.data_path import Connected, Endpoint, ProbedMember
from pipeline.emulator.arm.ids import ResourceId
from pipeline.emulator.arm.kinds import Kind
from pipeline.emulator.arm.manager import ResourceManager
from pipeline.emulator.arm.providers import Call, Providers
from pipeline.emulator.arm.store import Internals, Record, Store
from pipeline.emulator.compute import provider_of
from pipeline.emulator.compute.guests import Guests
from pipeline.emulator.compute.identities import Identities
from pipeline.emulator.compute.internals import MachineInternals
from pipeline.emulator.identity.sealing import Sealer
from pipeline.emulator.machines.simulated import Simulated
from tests.emulator.compute.bodies import (
    BALANCER,
    COMPUTE,
    GROUP,
    NETWORK,
    SUBNET,
    balancer_properties,
    rule,
    scale_set_properties,
    sku,
    version_properties,
    vm_properties,
)
from tests.emulator.loopback import address_block

S = TypeVar("S", bound=Internals)

LARGEST_GROUP = 100
"""Machines in one placement group."""


class NoTraffic:
    """A data path without load balancers."""

    async def refresh(self) -> None:
        """Nothing to carry."""

    async def probed(self, rule: ResourceId) -> tuple[ProbedMember, ...]:
        """Nothing to probe."""
        return ()


class _Stand(Kind):
    """What is stored as it is sent, without a location."""

    tracked = False


class _LoadBalancers(_Stand):
    type = "Microsoft.Network/loadBalancers"


class _Pools(_Stand):
    type = "Microsoft.Network/loadBalancers/backendAddressPools"


class _Probes(_Stand):
    type = "Microsoft.Network/loadBalancers/probes"


class _VirtualNetworks(_Stand):
    type = "Microsoft.Network/virtualNetworks"


class _Subnets(_Stand):
    type = "Microsoft.Network/virtualNetworks/subnets"


class _Interfaces(_Stand):
    """NICs with the endpoint that the network provider gives them."""

    type = "Microsoft.Network/networkInterfaces"
    internals = Connected

    def __init__(self, manager: ResourceManager, addresses: Addresses) -> None:
        super().__init__(manager)
        self._addresses = addresses

    def accept(
        self, identifier: ResourceId, body: dict[str, Any], existing: Record | None
    ) -> Record:
        record = super().accept(identifier, body, existing)
        address = self._addresses.take(identifier.key)
        endpoint = Endpoint(address, f"{identifier}/ipConfigurations/ip")
        record.internal = existing.internal if existing else Connected(endpoint=endpoint)
        return record


class EmulatedCompute:
    """One emulator's compute provider. Used in one event loop."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        self.store = Store(folder / "store.sqlite")
        self.addresses = Addresses(self.store, address_block())
        self.machines = Simulated(folder)
        self.manager = ResourceManager(self.store)
        self.sealer = Sealer(folder / "sealing-key")
        guests = Guests(self.manager, self.addresses, NoTraffic(), self.machines, self.sealer)
        self.health = guests.health
        self.compute = provider_of(guests, Identities("11111111-1111-4111-8111-111111111111"))
        stands = (_LoadBalancers, _Pools, _Probes, _VirtualNetworks, _Subnets)
        self.manager.register(
            *self.compute.kinds,
            _Interfaces(self.manager, self.addresses),
            *(stand(self.manager) for stand in stands),
        )
        group = ResourceId.parse(GROUP)
        self.store.put(Record(group, {"id": GROUP, "name": "rg", "location": "westeurope"}))

    async def close(self) -> None:
        """End like an orderly stop of the emulator."""
        await self.manager.operations.close()
        await self.compute.close()
        await self.machines.close()
        self.store.close()

    # -- requests, each waited for ---------------------------------------------------------------

    async def put(self, path: str, properties: dict[str, Any], **rest: Any) -> dict[str, Any]:
        """PUT and wait; answers the document afterwards."""
        body = {"location": "westeurope", "properties": properties, **rest}
        identifier = ResourceId.parse(path)
        await self.manager.settle(await self.manager.put(identifier, body))
        return self.get(path)

    async def patch(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """PATCH and wait; answers the document afterwards."""
        identifier = ResourceId.parse(path)
        await self.manager.settle(await self.manager.patch(identifier, body))
        return self.get(path)

    async def delete(self, path: str) -> None:
        """DELETE and wait."""
        await self.manager.settle(await self.manager.delete(ResourceId.parse(path)))

    async def act(self, path: str, action: str, **body: Any) -> int:
        """POST and wait; answers the status of the first answer."""
        answer = await self.manager.act(ResourceId.parse(path), action, body)
        await self.manager.settle(answer)
        return answer.status

    def get(self, path: str, **query: str) -> dict[str, Any]:
        """The document; `expand="instanceView"` as `$expand`."""
        asked = {f"${key}": value for key, value in query.items()}
        document: dict[str, Any] = self.manager.get(ResourceId.parse(path), asked).body
        return document

    def exists(self, path: str) -> bool:
        """Whether there is such a resource."""
        return self.manager.find(ResourceId.parse(path)) is not None

    def internals(self, path: str, shape: type[S]) -> S:
        """What is never answered."""
        record = self.manager.find(ResourceId.parse(path))
        assert record is not None
        return record.internals(shape)

    def machine(self, path: str) -> MachineInternals:
        """What is kept of a VM or an instance."""
        return self.internals(path, MachineInternals)

    def endpoint(self, path: str) -> Endpoint:
        """The endpoint of a NIC or an instance."""
        return self.internals(path, Connected).endpoint

    def states(self, path: str) -> list[str]:
        """The codes of a machine's `statuses`."""
        view = self.get(path, expand="instanceView")["properties"]["instanceView"]
        return [status["code"] for status in view["statuses"]]

    async def ask(self, path: str, query: Mapping[str, str]) -> Any:
        """What a route of the provider answers."""
        routed = Providers([self.compute]).route("GET", path.split("/"))
        assert routed is not None
        route, parameters = routed
        return (await route.answer(Call(f"/{path}", parameters, query))).body

    # -- what most tests need --------------------------------------------------------------------

    async def nic(self, name: str = "nic") -> str:
        """A NIC's id."""
        path = f"{NETWORK}/networkInterfaces/{name}"
        await self.put(path, {})
        return path

    async def vm(self, name: str = "vm", **changes: Any) -> str:
        """A running VM's id; `changes` replace properties."""
        path = f"{COMPUTE}/virtualMachines/{name}"
        await self.put(path, vm_properties(await self.nic(f"{name}-nic"), **changes))
        return path

    async def generalized_vm(self, name: str = "vm") -> str:
        """A deallocated and generalized VM's id."""
        path = await self.vm(name)
        await self.act(path, "deallocate")
        await self.act(path, "generalize")
        return path

    async def definition(self, name: str = "web", **changes: Any) -> str:
        """An image definition's id, in a gallery."""
        gallery = f"{COMPUTE}/galleries/gallery"
        await self.put(gallery, {})
        identity = {"publisher": "us", "offer": "images", "sku": name}
        properties = {"osType": "Linux", "osState": "Generalized", "identifier": identity}
        await self.put(f"{gallery}/images/{name}", properties | changes)
        return f"{gallery}/images/{name}"

    async def version(self, name: str, **publishing: Any) -> str:
        """A version's id, of the definition `web`, from a new VM."""
        definition = f"{COMPUTE}/galleries/gallery/images/web"
        if not self.exists(definition):
            await self.definition()
        source = await self.generalized_vm(f"vm-{name.replace('.', '-')}")
        await self.put(f"{definition}/versions/{name}", version_properties(source, **publishing))
        return f"{definition}/versions/{name}"

    async def landing_zone(self) -> None:
        """A subnet, and a load balancer with the pools blue and green behind rules."""
        await self.put(f"{NETWORK}/virtualNetworks/vnet", {})
        await self.put(SUBNET, {})
        await self.put(BALANCER, balancer_properties(rule("http", "blue", 8080)))
        for pool in ("blue", "green"):
            await self.put(f"{BALANCER}/backendAddressPools/{pool}", {})

    async def scale_set(self, name: str = "web", capacity: int = 2, **changes: Any) -> str:
        """A scale set's id, in the pool blue unless `changes` say otherwise."""
        if not self.exists(SUBNET):
            await self.landing_zone()
        path = f"{COMPUTE}/virtualMachineScaleSets/{name}"
        properties = scale_set_properties(**changes)
        if capacity > LARGEST_GROUP:
            properties["singlePlacementGroup"] = False
        await self.put(path, properties, sku=sku(capacity))
        return path

    def numbers(self, scale_set: str) -> list[str]:
        """The ids of a scale set's instances."""
        answer = self.manager.list_children(ResourceId.parse(scale_set), "virtualMachines", {})
        return [instance["instanceId"] for instance in answer.body["value"]]


@asynccontextmanager
async def emulated_compute(folder: Path) -> AsyncIterator[EmulatedCompute]:
    """Microsoft.Compute on a state folder, closed at the end as an emulator closes."""
    made = EmulatedCompute(folder)
    try:
        yield made
    finally:
        await made.close()
