"""Gallery image versions: published once, then immutable but for their regions and tags."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pipeline.emulator.arm.errors import (
    ArmError,
    invalid_reference,
    not_served,
    resource_not_found,
)
from pipeline.emulator.arm.ids import ResourceId, same
from pipeline.emulator.arm.kinds import Kind
from pipeline.emulator.arm.operations import now
from pipeline.emulator.arm.store import Record
from pipeline.emulator.compute import traits
from pipeline.emulator.compute.guests import DISK_SIZE_GB, VM, Guests, host_failures
from pipeline.emulator.compute.internals import VersionInternals, VirtualMachineInternals
from pipeline.emulator.compute.publishing import publishing_profile
from pipeline.emulator.compute.sources import IMAGE, VERSION, ImageInternals, Source, made_source
from pipeline.emulator.compute.timings import OF_VERSIONS
from pipeline.emulator.compute.wares import check_purchase
from pipeline.emulator.compute.wording import (
    at,
    change_not_allowed,
    conflict,
    invalid_name,
    is_true,
    missing,
    not_allowed,
)

_NAME = re.compile(r"^[0-9]+\.[0-9]+\.[0-9]+$")
_LARGEST_PART = 2**31 - 1
_SOURCE_PATH = "galleryImageVersion.properties.storageProfile.source"


class Versions(Kind):
    """`Microsoft.Compute/galleries/images/versions`."""

    type = "Microsoft.Compute/galleries/images/versions"
    operation_path = "capsOperations"
    internals = VersionInternals
    timings = OF_VERSIONS

    def __init__(self, guests: Guests) -> None:
        super().__init__(guests.manager)
        self._guests = guests

    def accept(
        self, identifier: ResourceId, body: dict[str, Any], existing: Record | None
    ) -> Record:
        """A new version, or other regions, replicas, `excludeFromLatest`, end of life and tags.

        A PUT without a source keeps the one it has, as `az` and the SDK rely on.
        """
        _check_name(identifier.name)
        record = self.envelope(identifier, body, existing)
        given = body.get("properties") or {}
        asked = _source_id(given)
        location = record.document["location"]
        properties = dict(existing.properties) if existing else {}
        properties["publishingProfile"] = publishing_profile(given, properties, location)
        if given.get("safetyProfile"):
            properties["safetyProfile"] = given["safetyProfile"]
        record.document["properties"] = properties
        if existing is None or made_source(existing) is None:
            self._take_source(record, asked)
        elif asked:
            self._refuse_other_source(existing, asked)
        return record

    def patched(self, existing: Record, change: dict[str, Any]) -> dict[str, Any]:
        """All but the source: only one that is sent is looked at."""
        kept = {**existing.properties, "storageProfile": {}}
        return {**existing.document, "properties": kept}

    def is_quick(self, record: Record) -> bool:
        """Once published, changes need no copying here."""
        return made_source(record) is not None

    async def realize(self, identifier: ResourceId) -> None:
        """Capture the VM's disk, or copy the managed image or version it is made from."""
        record = self.require(identifier)
        made = record.internals(VersionInternals)
        machines = self._guests.machines
        with host_failures(identifier):
            if made.disk is not None:
                await machines.capture(made.disk, made.handle)
            if made.image is not None:
                await machines.copy_image(made.image, made.handle)
        definition = identifier.parent or identifier
        source = Source(
            made.handle,
            exact_version=identifier.name,
            version=identifier.name,
            name=definition.name,
            is_specialized=self._os_state(identifier) == "Specialized",
            traits=traits.of_definition(self._definition(identifier)),
            plan=made.plan,
        )
        store = self.registry.store
        store.change(identifier, VersionInternals, lambda kept: replace(kept, source=source))

    async def destroy(self, identifier: ResourceId) -> None:
        """Delete the contents; machines made from it stay usable."""
        await self._guests.machines.delete_image(
            self.require(identifier).internals(VersionInternals).handle
        )

    def refuse_delete(self, identifier: ResourceId) -> None:
        """`safetyProfile.blockDeletionBeforeEndOfLife` keeps a version until its end of life."""
        properties = self.require(identifier).properties
        end = at(properties, "publishingProfile", "endOfLifeDate") or ""
        is_blocked = is_true(at(properties, "safetyProfile", "blockDeletionBeforeEndOfLife"))
        if is_blocked and end > now():
            raise not_allowed(
                f"Deletion of gallery image version '{identifier}' is blocked before its end of "
                f"life, {end}."
            )

    def present(self, record: Record, query: Mapping[str, str]) -> dict[str, Any]:
        """With `$expand=ReplicationStatus`: per region, when its copy is there."""
        if query.get("$expand", "").lower() == "replicationstatus":
            state = "Completed" if made_source(record) else "Replicating"
            targets = record.properties["publishingProfile"]["targetRegions"]
            record.properties["replicationStatus"] = {
                "aggregatedState": "Completed" if state == "Completed" else "InProgress",
                "summary": [
                    {
                        "region": target["name"],
                        "state": state,
                        "progress": 100 if state == "Completed" else 0,
                        "details": "",
                    }
                    for target in targets
                ],
            }
        return record.document

    def busy(self, identifier: ResourceId) -> Exception:
        """Azure's conflict."""
        return conflict(identifier)

    # -- sources ---------------------------------------------------------------------------------

    def _take_source(self, record: Record, asked: str | None) -> None:
        if not asked:
            raise missing(_SOURCE_PATH)
        found = self.registry.find(ResourceId.parse(asked))
        kind = found.id.type.lower() if found else ""
        if found is None:
            raise invalid_reference(asked, str(record.id))
        definition = traits.of_definition(self._definition(record.id))
        if kind == VM:
            disk, image = self._disk_of(found, record.id), None
            origin = found.internals(VirtualMachineInternals).source
            given = traits.of_machine(found.properties, origin.traits)
            traits.check_published(found.id, given, definition, is_vm=True)
            plan = origin.plan
        elif kind in {IMAGE, VERSION} and (source := made_source(found)):
            disk, image, plan = None, source.handle, source.plan
            traits.check_published(found.id, source.traits, definition, is_vm=False)
        else:
            raise not_served(f"a gallery image version made from '{kind or asked}'")
        check_purchase(found.id, plan, self._definition(record.id))
        record.internal = VersionInternals(
            handle=f"version-{uuid.uuid4().hex}",
            disk=disk,
            image=image,
            origin=_unique(found),
            plan=plan,
        )
        key = "virtualMachineId" if kind == VM else "id"
        record.properties["storageProfile"] = {
            "source": {key: str(found.id)},
            "osDiskImage": {"sizeInGB": DISK_SIZE_GB, "hostCaching": "ReadWrite", "source": {}},
        }

    def _disk_of(self, vm: Record, version: ResourceId) -> str:
        made = vm.internals(VirtualMachineInternals)
        state = "Generalized" if made.is_generalized else "Specialized"
        wanted = self._os_state(version)
        if state != wanted:
            raise ArmError(
                400,
                "BadRequest",
                f"The resource with id '{vm.id}' has a different OS state ['{state}'] than the "
                f"parent gallery image OS state ['{wanted}'].",
            )
        if not made.is_off:
            raise not_allowed(
                f"The operation 'Create gallery image version' requires the Virtual Machine "
                f"'{vm.id.name}' to be stopped or deallocated."
            )
        return made.disk

    def _os_state(self, version: ResourceId) -> str:
        return str(self._definition(version).get("osState") or "")

    def _definition(self, version: ResourceId) -> dict[str, Any]:
        """The properties of a version's definition."""
        definition = self.registry.store.get(version.parent or version)
        return definition.properties if definition else {}

    def _refuse_other_source(self, existing: Record, asked: str) -> None:
        """The same id counts as another source when another VM or image has it now.

        One that is gone cannot be read, and Azure reads what it is sent (inferred: azure-cli takes
        the source out of its PUT for that).
        """
        current = existing.properties["storageProfile"]["source"]
        is_same = any(same(asked, known) for known in current.values())
        found = self.registry.find(ResourceId.parse(asked)) if is_same else None
        if is_same and found is None:
            raise gone(ResourceId.parse(asked))
        if found is not None:
            is_same = _unique(found) == existing.internals(VersionInternals).origin
        if not is_same:
            raise change_not_allowed(_SOURCE_PATH)


def gone(source: ResourceId) -> ArmError:
    """404 for a source that is sent again and is not there any more."""
    return resource_not_found(f"{source.type}/{source.name}", source.resource_group)


def _unique(source: Record) -> str:
    """A value that differs between two VMs or images that have had the same id."""
    if isinstance(source.internal, ImageInternals):
        return source.internal.handle
    return str(source.properties["vmId"])


def _check_name(name: str) -> None:
    parts = name.split(".") if _NAME.match(name) else []
    if not parts or any(int(part) > _LARGEST_PART for part in parts):
        raise invalid_name("galleryImageVersionName", _NAME.pattern)


def _source_id(given: dict[str, Any]) -> str | None:
    """Every spelling there has been: a VM by 2023's key or as plain id, an image, 2019's shape."""
    source = at(given, "storageProfile", "source") or {}
    old = at(given, "publishingProfile", "source", "managedImage", "id")
    found = source.get("virtualMachineId") or source.get("id") or old
    if not found and (at(given, "storageProfile", "osDiskImage", "source") or {}).get("id"):
        raise not_served("'storageProfile.osDiskImage.source' (a disk or snapshot)")
    return str(found) if found else None
