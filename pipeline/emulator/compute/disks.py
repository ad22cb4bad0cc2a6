"""Managed disks: only those that come into being with a VM, and outlive it."""

from __future__ import annotations

import uuid
from typing import Any

from pipeline.emulator.arm.errors import not_served
from pipeline.emulator.arm.ids import ResourceId
from pipeline.emulator.arm.kinds import Kind
from pipeline.emulator.arm.operations import now
from pipeline.emulator.arm.store import Record
from pipeline.emulator.compute.guests import DISK_SIZE_GB, Guests
from pipeline.emulator.compute.internals import DiskInternals, MachineInternals
from pipeline.emulator.compute.wording import conflict, not_allowed


class Disks(Kind):
    """`Microsoft.Compute/disks`. Disks made by themselves (Empty, Copy, Import) are not served."""

    type = "Microsoft.Compute/disks"
    operation_path = "DiskOperations"
    created_status = 202
    updated_status = 202
    internals = DiskInternals

    def __init__(self, guests: Guests) -> None:
        super().__init__(guests.manager)
        self._guests = guests

    def accept(
        self, identifier: ResourceId, body: dict[str, Any], existing: Record | None
    ) -> Record:
        """Only tags change."""
        if existing is None:
            option = ((body.get("properties") or {}).get("creationData") or {}).get("createOption")
            raise not_served(f"a disk with createOption '{option}'")
        record = self.envelope(identifier, body, existing)
        record.document = {**existing.document, "tags": record.document["tags"]}
        return record

    def refuse_delete(self, identifier: ResourceId) -> None:
        """Refuse to delete a disk that is attached."""
        owner = self.require(identifier).document.get("managedBy")
        if owner:
            raise not_allowed(f"Disk {identifier.name} is attached to VM {owner}.")

    async def destroy(self, identifier: ResourceId) -> None:
        """Delete the contents too."""
        await self._guests.delete_disk(self.require(identifier).internals(DiskInternals).disk)

    def busy(self, identifier: ResourceId) -> Exception:
        """Azure's conflict."""
        return conflict(identifier)


def attached_disk(identifier: ResourceId, vm: Record, os_disk: dict[str, Any]) -> Record:
    """The record of the OS disk that a VM brings into being."""
    made = vm.internals(MachineInternals)
    managed = os_disk.get("managedDisk") or {}
    properties: dict[str, Any] = {
        "osType": "Linux",
        "hyperVGeneration": "V2",
        "creationData": {"createOption": "FromImage"},
        "diskSizeGB": os_disk.get("diskSizeGB") or DISK_SIZE_GB,
        "diskState": "Attached",
        "timeCreated": now(),
        "uniqueId": str(uuid.uuid4()),
        "provisioningState": "Succeeded",
    }
    document = {
        "name": identifier.name,
        "id": str(identifier),
        "type": Disks.type,
        "location": vm.document["location"],
        "tags": dict(vm.document.get("tags") or {}),
        "managedBy": str(vm.id),
        "sku": {"name": managed.get("storageAccountType") or "Standard_LRS"},
        "properties": properties,
    }
    return Record(identifier, document, DiskInternals(disk=made.disk, source=made.source))
