"""The machines behind virtual machines and scale set instances: made, started, stopped, discarded.

Both keep in their record's `internal`: `machine` and `disk` (handles), `source` (see `sources`),
`secrets`, `power` (the word after `PowerState/`) and, where asked for, `health` (see `health`).
Their network presence is `internal["endpoints"]`, of the NIC for a VM, their own for an instance.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

from pipeline.emulator.arm.addresses import Addresses
from pipeline.emulator.arm.data_path import DataPath
from pipeline.emulator.arm.errors import ArmError
from pipeline.emulator.arm.ids import ResourceId
from pipeline.emulator.arm.manager import ResourceManager
from pipeline.emulator.arm.operations import now
from pipeline.emulator.arm.store import Record
from pipeline.emulator.compute import os_profile, sizes
from pipeline.emulator.compute.health import Health, Settings
from pipeline.emulator.compute.sources import Source, Sources
from pipeline.emulator.compute.views import instance_view
from pipeline.emulator.machines.seam import Machine, MachineError, Machines

VM = "microsoft.compute/virtualmachines"
INSTANCE = "microsoft.compute/virtualmachinescalesets/virtualmachines"
DISK_SIZE_GB = 30
"""What is told as the size of every disk: sizes are not carried."""

_STARTS_AT_ONCE = {"qemu": 2}
"""A boot keeps a core busy. Kinds that are not named start fifty at a time."""


class Guests:
    """Everything that the compute kinds need besides ARM's documents."""

    def __init__(
        self,
        manager: ResourceManager,
        addresses: Addresses,
        data_path: DataPath,
        machines: Machines,
    ) -> None:
        self.manager = manager
        self.addresses = addresses
        self.data_path = data_path
        self.machines = machines
        self.health = Health()
        self.sources = Sources(manager.store, machines)
        self._starting = asyncio.Semaphore(_STARTS_AT_ONCE.get(machines.kind, 50))

    # -- documents -------------------------------------------------------------------------------

    def update(self, identifier: ResourceId, **internal: Any) -> None:
        """Change entries of a record's `internal`; no error when the record is gone."""
        record = self.manager.store.get(identifier)
        if record is not None:
            record.internal.update(internal)
            self.manager.store.put(record)

    def require(self, identifier: ResourceId) -> Record:
        """The record of a VM or instance, or Azure's 404."""
        return self.manager.kind(identifier.type).require(identifier)

    def presence(self, record: Record) -> Record | None:
        """The record that holds the endpoints of a VM or instance."""
        if record.id.type.lower() == INSTANCE:
            return record
        interface = network_interface(record)
        return self.manager.find(interface) if interface else None

    async def delete(self, identifier: ResourceId) -> None:
        """Delete a resource that goes with a machine."""
        await self.manager.settle(await self.manager.delete(identifier))

    # -- life ------------------------------------------------------------------------------------

    async def make_disk(self, record: Record) -> None:
        """Make the disk named in the record from its image; repeating it changes nothing."""
        source = Source.from_json(record.internal["source"])
        with host_failures(record.id):
            await source.provide(self.machines)
            await self.machines.create_disk(record.internal["disk"], source.handle)

    async def power_on(self, identifier: ResourceId) -> None:
        """Start a machine; its endpoints carry traffic and its health is probed from then on."""
        self.update(identifier, power="starting")
        record = self.require(identifier)
        machine = self._machine(record)
        try:
            async with self._starting:
                with host_failures(identifier):
                    await self.machines.start(machine)
        except ArmError:
            self.update(identifier, power="stopped")
            raise
        self.update(identifier, power="running", provisioned_at=now())
        self._connect(identifier, machine.name)
        if self.health.state(identifier.key) is None:
            self.watch(identifier)
        await self.data_path.refresh()

    def watch(self, identifier: ResourceId) -> None:
        """Probe a running machine's health from now on as its record says, or no longer."""
        self.health.forget(identifier.key)
        record = self.require(identifier)
        presence, settings = self.presence(record), record.internal.get("health")
        if settings and presence and record.internal.get("power") == "running":
            address = presence.internal["endpoints"][0]["address"]
            self.health.watch(identifier.key, address, Settings(**settings))

    async def follow_health(self, identifier: ResourceId, settings: Settings | None) -> None:
        """Probe a machine's health in another way, or no longer; its port is opened for that."""
        self.update(identifier, health=asdict(settings) if settings else None)
        record = self.require(identifier)
        is_running = record.internal.get("power") == "running"
        self._connect(identifier, record.internal["machine"] if is_running else None)
        await self.data_path.refresh()
        self.watch(identifier)

    async def power_off(self, identifier: ResourceId, power: str) -> None:
        """Shut a machine down; `power` is `stopped` or `deallocated`."""
        record = self.require(identifier)
        transition = "stopping" if power == "stopped" else "deallocating"
        self.update(identifier, power=transition)
        await self._disconnect(identifier)
        with host_failures(identifier):
            await self.machines.stop(record.internal["machine"])
        self.update(identifier, power=power)

    async def discard(self, identifier: ResourceId) -> None:
        """End a machine at once; its disk stays."""
        record = self.require(identifier)
        await self._disconnect(identifier)
        with host_failures(identifier):
            await self.machines.kill(record.internal["machine"])

    async def delete_disk(self, handle: str) -> None:
        """Delete a disk's contents."""
        await self.machines.delete_disk(handle)

    def view(self, record: Record) -> dict[str, Any]:
        """The instance view; a machine that ended by itself is stopped, whatever was asked for."""
        power = record.internal.get("power")
        if power == "running" and not self.machines.is_running(record.internal["machine"]):
            power = "stopped"
        return instance_view(record, power, self.health.state(record.id.key))

    async def close(self) -> None:
        """Stop probing."""
        await self.health.close()

    async def resume(self) -> None:
        """After a restart of the emulator: start again what was running.

        What an operation is at work on is left to that operation, which is itself resumed.
        """
        wanted = []
        for record in list(self.manager.store.of_type(VM, INSTANCE)):
            if self.machines.is_running(record.internal.get("machine", "")):
                continue
            self._connect(record.id, None)
            owner = record.id.parent or record.id
            is_busy = any(self.manager.operations.under_way(one) for one in (record.id, owner))
            if record.internal.get("power") in {"running", "starting"} and not is_busy:
                wanted.append(record.id)
        await self.data_path.refresh()
        await asyncio.gather(*(self._restart(identifier) for identifier in wanted))

    async def _restart(self, identifier: ResourceId) -> None:
        try:
            await self.power_on(identifier)
        except ArmError as failure:
            record = self.require(identifier)
            record.properties["provisioningState"] = "Failed"
            record.internal["failure"] = failure.error()
            self.manager.store.put(record)

    # -- network ---------------------------------------------------------------------------------

    def _connect(self, identifier: ResourceId, machine: str | None) -> None:
        """Mark the endpoints as carried by a machine, or by none."""
        record = self.manager.store.get(identifier)
        presence = self.presence(record) if record else None
        if record is None or presence is None:
            return
        health = record.internal.get("health")
        presence.internal["health_port"] = health["port"] if health else None
        for endpoint in presence.internal.get("endpoints", []):
            endpoint["machine"] = machine or ""
            endpoint["running"] = machine is not None
        self.manager.kind(presence.id.type).save(presence)

    async def _disconnect(self, identifier: ResourceId) -> None:
        self.health.forget(identifier.key)
        self._connect(identifier, None)
        await self.data_path.refresh()

    def _machine(self, record: Record) -> Machine:
        internal, properties = record.internal, record.properties
        presence = self.presence(record)
        source = Source.from_json(internal["source"])
        size = (properties.get("hardwareProfile") or {}).get("vmSize", "")
        cores, memory = sizes.cores_and_memory(size)
        profile = properties.get("osProfile")
        health = internal.get("health")
        facts = (("version", source.version), ("image", source.name))
        if presence is None or not presence.internal.get("endpoints"):
            raise ArmError(409, "NetworkInterfaceNotFound", f"'{record.id}' has no address.")
        return Machine(
            name=internal["machine"],
            disk=internal["disk"],
            address=presence.internal["endpoints"][0]["address"],
            cores=cores,
            memory_mib=memory,
            profile=os_profile.first_boot(profile, internal["secrets"]) if profile else None,
            ports=frozenset({health["port"]} if health else ()),
            facts=facts,
        )


def network_interface(vm: Record) -> ResourceId | None:
    """The NIC of a VM."""
    listed = (vm.properties.get("networkProfile") or {}).get("networkInterfaces") or []
    return ResourceId.parse(listed[0]["id"]) if listed else None


@contextmanager
def host_failures(identifier: ResourceId) -> Iterator[None]:
    """What the host could not do becomes the operation's error."""
    try:
        yield
    except MachineError as failure:
        raise ArmError(
            409,
            "OSProvisioningInternalError",
            f"OS Provisioning failed for VM '{identifier.name}' due to an internal error: "
            f"{failure}",
        ) from failure
