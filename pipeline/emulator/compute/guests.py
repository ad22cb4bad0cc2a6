"""The machines behind virtual machines and scale set instances: made, started, stopped, discarded.

Both keep `MachineInternals`. The endpoint is the network interface's for a VM, its own for an
instance.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Literal

from pipeline.emulator.arm.addresses import Addresses
from pipeline.emulator.arm.data_path import Connected, DataPath, Endpoint
from pipeline.emulator.arm.errors import ArmError
from pipeline.emulator.arm.ids import ResourceId
from pipeline.emulator.arm.manager import ResourceManager
from pipeline.emulator.arm.operations import now
from pipeline.emulator.arm.store import Record
from pipeline.emulator.compute import os_profile, sizes
from pipeline.emulator.compute.health import Health, Settings
from pipeline.emulator.compute.internals import MachineInternals, Power
from pipeline.emulator.compute.sources import Sources
from pipeline.emulator.compute.views import instance_view
from pipeline.emulator.files import FileError
from pipeline.emulator.identity.sealing import Sealer
from pipeline.emulator.machines.seam import Machine, MachineError, Machines

VM = "microsoft.compute/virtualmachines"
DISK_SIZE_GB = 30
"""What is shown as the size of every disk: sizes are not carried."""

_STARTS_AT_ONCE = {"qemu": 2}
"""A boot keeps a core busy. Kinds that are not named start fifty at a time."""

_log = logging.getLogger(__name__)


class Guests:
    """Everything that the compute kinds need besides ARM's documents."""

    def __init__(
        self,
        manager: ResourceManager,
        addresses: Addresses,
        data_path: DataPath,
        machines: Machines,
        sealer: Sealer,
    ) -> None:
        self.manager = manager
        self.sealer = sealer
        self.addresses = addresses
        self.data_path = data_path
        self.machines = machines
        self.health = Health()
        self.sources = Sources(manager.store, machines)
        self._starting = asyncio.Semaphore(_STARTS_AT_ONCE.get(machines.kind, 50))

    # -- documents -------------------------------------------------------------------------------

    def require(self, identifier: ResourceId) -> Record:
        """The record of a VM or instance, or Azure's 404."""
        return self.manager.kind(identifier.type).require(identifier)

    def internals(self, identifier: ResourceId) -> MachineInternals:
        """What is kept of a VM or instance; raises Azure's 404."""
        return self.require(identifier).internals(MachineInternals)

    def presence(self, record: Record) -> Record | None:
        """The record that holds the endpoint of a VM or instance."""
        if isinstance(record.internal, Connected):
            return record
        interface = network_interface(record)
        return self.manager.find(interface) if interface else None

    def endpoint(self, record: Record) -> Endpoint | None:
        """Where a VM or instance is reached; None when its interface is gone."""
        presence = self.presence(record)
        return presence.internals(Connected).endpoint if presence else None

    async def delete(self, identifier: ResourceId) -> None:
        """Delete a resource that goes with a machine."""
        await self.manager.settle(await self.manager.delete(identifier))

    # -- life ------------------------------------------------------------------------------------

    async def make_disk(self, record: Record) -> None:
        """Make the disk named in the record from its image; repeating it changes nothing."""
        made = record.internals(MachineInternals)
        with host_failures(record.id):
            await made.source.provide(self.machines)
            await self.machines.create_disk(made.disk, made.source.handle)

    async def power_on(self, identifier: ResourceId) -> None:
        """Start a machine; its endpoints carry traffic and its health is probed from then on."""
        self._set_power(identifier, "starting")
        machine = self._machine(self.require(identifier))
        try:
            async with self._starting:
                with host_failures(identifier):
                    await self.machines.start(machine)
        except ArmError:
            self._set_power(identifier, "stopped")
            raise
        self.change(identifier, lambda kept: replace(kept, power="running", provisioned_at=now()))
        self._connect(identifier, machine.name)
        if self.health.state(identifier.key) is None:
            self.watch(identifier)
        await self.data_path.refresh()

    def watch(self, identifier: ResourceId) -> None:
        """Probe a running machine's health from now on as its record says, or no longer."""
        self.health.forget(identifier.key)
        record = self.require(identifier)
        made, endpoint = record.internals(MachineInternals), self.endpoint(record)
        if made.health and endpoint and made.power == "running":
            self.health.watch(identifier.key, endpoint.address, made.health)

    async def follow_health(self, identifier: ResourceId, settings: Settings | None) -> None:
        """Probe a machine's health in another way, or no longer; its port is opened for that."""
        self.change(identifier, lambda kept: replace(kept, health=settings))
        made = self.internals(identifier)
        self._connect(identifier, made.machine if made.power == "running" else "")
        await self.data_path.refresh()
        self.watch(identifier)

    async def power_off(
        self, identifier: ResourceId, power: Literal["stopped", "deallocated"]
    ) -> None:
        """Shut a machine down, and give the hardware back when it is to be deallocated."""
        made = self.internals(identifier)
        self._set_power(identifier, "stopping" if power == "stopped" else "deallocating")
        await self._disconnect(identifier)
        with host_failures(identifier):
            await self.machines.stop(made.machine)
        self._set_power(identifier, power)

    async def discard(self, identifier: ResourceId) -> None:
        """End a machine at once; its disk stays."""
        made = self.internals(identifier)
        await self._disconnect(identifier)
        with host_failures(identifier):
            await self.machines.kill(made.machine)

    async def delete_disk(self, handle: str) -> None:
        """Delete a disk's contents."""
        await self.machines.delete_disk(handle)

    def view(self, record: Record) -> dict[str, Any]:
        """The instance view; a machine that ended by itself is stopped, whatever was asked for."""
        made = record.internals(MachineInternals)
        power = made.power
        if power == "running" and not self.machines.is_running(made.machine):
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
        for record, made in list(self.manager.store.with_internals(MachineInternals)):
            if self.machines.is_running(made.machine):
                continue
            self._connect(record.id, "")
            owner = record.id.parent or record.id
            is_busy = any(self.manager.operations.under_way(one) for one in (record.id, owner))
            if made.is_wanted and not is_busy:
                wanted.append(record.id)
        await self.data_path.refresh()
        await asyncio.gather(*(self._restart(identifier) for identifier in wanted))

    async def _restart(self, identifier: ResourceId) -> None:
        try:
            await self.power_on(identifier)
        except ArmError as failure:
            _log.warning("%s does not start again: %s", identifier, failure)
            record = self.require(identifier)
            record.properties["provisioningState"] = "Failed"
            self.manager.store.put(record)

    def _set_power(self, identifier: ResourceId, power: Power) -> None:
        self.change(identifier, lambda kept: replace(kept, power=power))

    def change(
        self, identifier: ResourceId, how: Callable[[MachineInternals], MachineInternals]
    ) -> None:
        """Write anew what is kept of a VM or instance; no error when it is gone."""
        self.manager.store.change(identifier, MachineInternals, how)

    # -- network ---------------------------------------------------------------------------------

    def _connect(self, identifier: ResourceId, machine: str) -> None:
        """Say which machine is reached at the endpoint; "" for none."""
        record = self.manager.store.get(identifier)
        presence = self.presence(record) if record else None
        if record is None or presence is None:
            return
        health = record.internals(MachineInternals).health
        kept = presence.internals(Connected)
        port = health.port if health else None
        endpoint = replace(kept.endpoint, machine=machine, health_port=port)
        presence.internal = replace(kept, endpoint=endpoint)
        self.manager.kind(presence.id.type).save(presence)

    async def _disconnect(self, identifier: ResourceId) -> None:
        self.health.forget(identifier.key)
        self._connect(identifier, "")
        await self.data_path.refresh()

    def _machine(self, record: Record) -> Machine:
        made, properties = record.internals(MachineInternals), record.properties
        endpoint = self.endpoint(record)
        if endpoint is None:
            raise ArmError(409, "NetworkInterfaceNotFound", f"'{record.id}' has no address.")
        size = (properties.get("hardwareProfile") or {}).get("vmSize", "")
        cores, memory = sizes.cores_and_memory(size)
        profile = properties.get("osProfile")
        return Machine(
            name=made.machine,
            disk=made.disk,
            address=endpoint.address,
            cores=cores,
            memory_mib=memory,
            profile=os_profile.first_boot(profile, made.secrets) if profile else None,
            ports=frozenset({made.health.port} if made.health else ()),
            facts=(("version", made.source.version), ("image", made.source.name)),
        )


def network_interface(vm: Record) -> ResourceId | None:
    """The NIC of a VM."""
    listed = (vm.properties.get("networkProfile") or {}).get("networkInterfaces") or []
    return ResourceId.parse(listed[0]["id"]) if listed else None


def check_disk_size(os_disk: dict[str, Any]) -> None:
    """Raises ArmError for a disk smaller than its image (reported: hitachienergy/epiphany#1049)."""
    size = os_disk.get("diskSizeGB")
    if size is not None and int(size) < DISK_SIZE_GB:
        raise ArmError(
            409,
            "OperationNotAllowed",
            f"The specified disk size {size} GB is smaller than the size of the corresponding disk "
            f"in the VM image: {DISK_SIZE_GB} GB. This is not allowed. Please choose equal or "
            "greater size or do not specify an explicit size.",
            target="osDisk.diskSizeGB",
        )


@contextmanager
def host_failures(identifier: ResourceId) -> Iterator[None]:
    """What the host could not do becomes the operation's error."""
    try:
        yield
    except (MachineError, FileError, OSError) as failure:
        raise ArmError(
            409,
            "OSProvisioningInternalError",
            f"OS Provisioning failed for VM '{identifier.name}' due to an internal error: "
            f"{failure}",
        ) from failure
