"""`Microsoft.Compute/virtualMachines`: documents, life and actions of virtual machines."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import replace
from typing import Any

from pipeline.emulator.arm.errors import ArmError
from pipeline.emulator.arm.ids import ResourceId
from pipeline.emulator.arm.kinds import Action, Kind
from pipeline.emulator.arm.operations import now
from pipeline.emulator.arm.store import Record
from pipeline.emulator.compute import flexible
from pipeline.emulator.compute import virtual_machine_model as model
from pipeline.emulator.compute.disks import attached_disk
from pipeline.emulator.compute.guests import Guests, network_interface
from pipeline.emulator.compute.identities import Identities
from pipeline.emulator.compute.internals import DiskInternals, VirtualMachineInternals
from pipeline.emulator.compute.quotas import Quotas
from pipeline.emulator.compute.timings import OF_MACHINES
from pipeline.emulator.compute.wares import check_plan
from pipeline.emulator.compute.wording import (
    at,
    conflict,
    counted_etag,
    not_allowed,
    stale_etag,
)


class VirtualMachines(Kind):
    """Linux VMs with one NIC and one OS disk.

    `zones`, `priority`, `securityProfile`, `diagnosticsProfile`, `plan` and the like
    are kept and answered, and have no effect here.
    """

    type = "Microsoft.Compute/virtualMachines"
    internals = VirtualMachineInternals
    timings = OF_MACHINES

    def __init__(self, guests: Guests, quotas: Quotas, identities: Identities) -> None:
        super().__init__(guests.manager)
        self._guests = guests
        self._quotas = quotas
        self._identities = identities

    # -- documents -------------------------------------------------------------------------------

    def accept(
        self, identifier: ResourceId, body: dict[str, Any], existing: Record | None
    ) -> Record:
        """A new VM, or changes to one: size, tags, delete options and what has no effect here."""
        given = deepcopy(body.get("properties") or {})
        model.check_served(given)
        flexible.require_set(self.registry.store, given)
        record = self.envelope(identifier, body, existing)
        self._identities.grant(record, existing)
        if existing is not None:
            record.document["properties"] = model.updated(existing, given)
            model.check_size(record.properties)
            self._quotas.check(record, existing)
            return record
        model.check_name(identifier)
        record.document["properties"] = given | {
            "storageProfile": given.get("storageProfile") or {}
        }
        self._prepare(record)
        self._quotas.check(record, None)
        return record

    def is_quick(self, record: Record) -> bool:
        """Never: the machine starts behind the answer."""
        return False

    def is_listed(self, record: Record, query: Mapping[str, str]) -> bool:
        """`$filter='virtualMachineScaleSet/id' eq …` chooses a Flexible set's machines."""
        return flexible.is_asked_for(record, query.get("$filter", ""))

    def present(self, record: Record, query: Mapping[str, str]) -> dict[str, Any]:
        """With `$expand`: `instanceView`, `userData` or both."""
        expand = {part.strip().lower() for part in query.get("$expand", "").split(",")}
        if "instanceview" in expand:
            record.properties["instanceView"] = self._guests.view(record)
        user_data = record.internals(VirtualMachineInternals).secrets.user_data
        if "userdata" in expand and user_data:
            record.properties["userData"] = user_data
        return record.document

    def etag(self, previous: str | None) -> str | None:
        """It counts the writes."""
        return counted_etag(previous)

    def etag_mismatch(self, identifier: ResourceId, wanted: str, current: str | None) -> ArmError:
        """Compute's words."""
        return stale_etag(wanted, current)

    def busy(self, identifier: ResourceId) -> Exception:
        """Azure's conflict."""
        return conflict(identifier)

    @property
    def views(self) -> Mapping[str, Callable[[Record], dict[str, Any]]]:
        """`GET …/instanceView`."""
        return {"instanceview": self._guests.view}

    # -- life ------------------------------------------------------------------------------------

    async def realize(self, identifier: ResourceId) -> None:
        """Make the disk, take the NIC, boot; a machine whose size was changed is rebooted."""
        record = self.require(identifier)
        size = record.properties["hardwareProfile"]["vmSize"]
        made = record.internals(VirtualMachineInternals)
        is_new = made.size is None
        if is_new:
            check_plan(identifier, record.document, made.source.plan)
            await self._make_disk(record)
            self._claim_interface(record)
        is_running = self._guests.machines.is_running(made.machine)
        if is_running and made.size != size:
            await self._guests.power_off(identifier, "stopped")
            is_running = False
        if (is_new or made.is_wanted) and not is_running:
            await self._guests.power_on(identifier)
        self._change(identifier, lambda kept: replace(kept, size=size))

    async def destroy(self, identifier: ResourceId) -> None:
        """End the machine, let go of disk and NIC; `deleteOption: Delete` takes them along."""
        record = self.require(identifier)
        flexible.member_left(self.registry.store, record)
        await self._guests.discard(identifier)
        for extension in self.registry.store.children(identifier, "extensions"):
            self.registry.store.delete(extension.id)
        disk = self._disk_id(record)
        self._detach(disk, record)
        self._release_interface(record)
        if self._says_delete(at(record.properties, "storageProfile", "osDisk")):
            await self._guests.delete(disk)
        interface = network_interface(record)
        listed = at(record.properties, "networkProfile", "networkInterfaces") or [{}]
        if interface is not None and self._says_delete(listed[0].get("properties")):
            await self._guests.delete(interface)

    # -- actions ---------------------------------------------------------------------------------

    @property
    def actions(self) -> Mapping[str, Action]:
        """What can be POSTed; `runCommand` is in `guest_access`, the rest is not served."""
        return {
            "start": Action(self._check_start, self._start),
            "restart": Action(self._check_start, self._restart),
            "poweroff": Action(_nothing, self._power_off),
            "deallocate": Action(_nothing, self._deallocate),
            "generalize": Action(self._generalize),
        }

    def _check_start(self, identifier: ResourceId, _: dict[str, Any]) -> None:
        if self._internals(identifier).is_generalized:
            raise not_allowed(
                f"Operation 'start' is not allowed on VM '{identifier.name}' since the VM is "
                "generalized."
            )

    async def _start(self, identifier: ResourceId, _: dict[str, Any]) -> None:
        await self._guests.power_on(identifier)

    async def _restart(self, identifier: ResourceId, _: dict[str, Any]) -> None:
        await self._guests.power_off(identifier, "stopped")
        await self._guests.power_on(identifier)

    async def _power_off(self, identifier: ResourceId, _: dict[str, Any]) -> None:
        await self._guests.power_off(identifier, "stopped")

    async def _deallocate(self, identifier: ResourceId, _: dict[str, Any]) -> None:
        await self._guests.power_off(identifier, "deallocated")

    def _generalize(self, identifier: ResourceId, _: dict[str, Any]) -> None:
        if not self._internals(identifier).is_off:
            raise not_allowed(
                f"Operation 'generalize' is not allowed on VM '{identifier.name}' since the VM is "
                "running. Please power off the VM before generalizing it."
            )
        self._change(identifier, lambda kept: replace(kept, is_generalized=True))

    # -- inside ----------------------------------------------------------------------------------

    def _prepare(self, record: Record) -> None:
        properties = record.properties
        model.check_size(properties)
        model.check_interface(self._guests, record)
        attached = model.attached(self._guests, properties)
        properties.update(vmId=str(uuid.uuid4()), timeCreated=now())
        handle = model.handle(record)
        disk = (
            DiskInternals(disk=f"disk-{handle}", source=model.source(self._guests, record))
            if (attached is None)
            else attached.internals(DiskInternals)
        )
        properties["storageProfile"]["osDisk"] = model.new_os_disk(self._guests, record, attached)
        record.internal = VirtualMachineInternals(
            machine=f"vm-{handle}",
            disk=disk.disk,
            source=disk.source,
            secrets=model.take_secrets(record, bool(attached) or disk.source.is_specialized),
        )

    async def _make_disk(self, record: Record) -> None:
        identifier = self._disk_id(record)
        os_disk = record.properties["storageProfile"]["osDisk"]
        existing = self.registry.store.get(identifier)
        if existing is None:
            await self._guests.make_disk(record)
            existing = attached_disk(identifier, record, os_disk)
        existing.document["managedBy"] = str(record.id)
        existing.properties["diskState"] = "Attached"
        self.registry.store.put(existing)

    def _detach(self, disk: ResourceId, vm: Record) -> None:
        record = self.registry.store.get(disk)
        if record is not None and record.document.get("managedBy") == str(vm.id):
            del record.document["managedBy"]
            record.properties["diskState"] = "Unattached"
            self.registry.store.put(record)

    def _claim_interface(self, record: Record) -> None:
        interface = self._guests.presence(record)
        if interface is not None:
            interface.properties["virtualMachine"] = {"id": str(record.id)}
            self.registry.kind(interface.id.type).save(interface)

    def _release_interface(self, record: Record) -> None:
        interface = self._guests.presence(record)
        if interface is not None:
            interface.properties.pop("virtualMachine", None)
            self.registry.kind(interface.id.type).save(interface)

    def _internals(self, identifier: ResourceId) -> VirtualMachineInternals:
        return self.require(identifier).internals(VirtualMachineInternals)

    def _change(
        self,
        identifier: ResourceId,
        how: Callable[[VirtualMachineInternals], VirtualMachineInternals],
    ) -> None:
        self.registry.store.change(identifier, VirtualMachineInternals, how)

    @staticmethod
    def _disk_id(record: Record) -> ResourceId:
        return ResourceId.parse(record.properties["storageProfile"]["osDisk"]["managedDisk"]["id"])

    @staticmethod
    def _says_delete(holder: dict[str, Any] | None) -> bool:
        return str((holder or {}).get("deleteOption")).lower() == "delete"


def _nothing(_identifier: ResourceId, _body: dict[str, Any]) -> None:
    """Nothing to refuse."""
