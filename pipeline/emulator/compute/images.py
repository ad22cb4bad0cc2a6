"""Managed images: captured from a generalized virtual machine."""

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import Any

from pipeline.emulator.arm.errors import invalid_reference, not_served
from pipeline.emulator.arm.ids import ResourceId, same
from pipeline.emulator.arm.kinds import Kind
from pipeline.emulator.arm.store import Record
from pipeline.emulator.compute import traits
from pipeline.emulator.compute.guests import DISK_SIZE_GB, Guests, host_failures
from pipeline.emulator.compute.internals import ManagedImageInternals, VirtualMachineInternals
from pipeline.emulator.compute.sources import Source, made_source
from pipeline.emulator.compute.timings import OF_IMAGES
from pipeline.emulator.compute.virtual_machines import VirtualMachines
from pipeline.emulator.compute.wording import at, change_not_allowed, conflict, not_allowed


class Images(Kind):
    """`Microsoft.Compute/images`."""

    type = "Microsoft.Compute/images"
    internals = ManagedImageInternals
    timings = OF_IMAGES

    def __init__(self, guests: Guests) -> None:
        super().__init__(guests.manager)
        self._guests = guests

    def accept(
        self, identifier: ResourceId, body: dict[str, Any], existing: Record | None
    ) -> Record:
        """A new image of a VM, or other tags."""
        record = self.envelope(identifier, body, existing)
        given = at(body, "properties", "sourceVirtualMachine", "id")
        if existing is not None:
            before = at(existing.properties, "sourceVirtualMachine", "id") or ""
            if given and not same(given, before):
                raise change_not_allowed("sourceVirtualMachine")
            record.document["properties"] = existing.properties
            return record
        if not given:
            raise not_served("a managed image made from anything but 'sourceVirtualMachine'")
        vm = self.registry.find(ResourceId.parse(given))
        if vm is None or vm.id.type.lower() != VirtualMachines.type.lower():
            raise invalid_reference(given, str(identifier))
        made = vm.internals(VirtualMachineInternals)
        if not made.is_generalized:
            raise not_allowed(
                "The operation 'Create Image' requires the Virtual Machine "
                f"'{vm.id.name}' to be Generalized."
            )
        traits.check_captured(vm.properties)
        record.document["properties"] = _properties(vm, body["properties"])
        record.internal = ManagedImageInternals(
            handle=f"image-{uuid.uuid4().hex}", disk=made.disk, origin=made.source
        )
        return record

    def is_quick(self, record: Record) -> bool:
        """Once captured, only tags change."""
        return made_source(record) is not None

    async def realize(self, identifier: ResourceId) -> None:
        """Capture the VM's disk."""
        record = self.require(identifier)
        made = record.internals(ManagedImageInternals)
        with host_failures(identifier):
            await self._guests.machines.capture(made.disk, made.handle)
        kind = replace(made.origin.traits, security_type="")
        source = Source(
            made.handle,
            version=made.origin.version,
            name=made.origin.name,
            traits=kind,
            plan=made.origin.plan,
        )
        record = self.require(identifier)
        record.internal = replace(record.internals(ManagedImageInternals), source=source)
        record.properties["storageProfile"]["osDisk"]["diskSizeGB"] = DISK_SIZE_GB
        self.save(record)

    async def destroy(self, identifier: ResourceId) -> None:
        """Delete the contents; disks made from it stay usable."""
        await self._guests.machines.delete_image(
            self.require(identifier).internals(ManagedImageInternals).handle
        )

    def busy(self, identifier: ResourceId) -> Exception:
        """Azure's conflict."""
        return conflict(identifier)


def _properties(vm: Record, given: dict[str, Any]) -> dict[str, Any]:
    disk = vm.properties["storageProfile"]["osDisk"]
    zone_resilient = at(given, "storageProfile", "zoneResilient")
    return {
        "sourceVirtualMachine": {"id": str(vm.id)},
        "hyperVGeneration": given.get("hyperVGeneration") or "V2",
        "storageProfile": {
            "osDisk": {
                "osType": "Linux",
                "osState": "Generalized",
                "managedDisk": {"id": disk["managedDisk"]["id"]},
                "caching": disk.get("caching") or "ReadWrite",
                "storageAccountType": disk["managedDisk"]["storageAccountType"],
            },
            "dataDisks": [],
            "zoneResilient": bool(zone_resilient),
        },
    }
