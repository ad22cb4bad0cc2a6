"""What a PUT of a virtual machine may say, and the document and secrets it leads to."""

from __future__ import annotations

import re
import uuid
from typing import Any

from pipeline.emulator.arm.errors import ArmError, invalid_parameter, invalid_reference, not_served
from pipeline.emulator.arm.ids import ResourceId, same
from pipeline.emulator.arm.store import Record
from pipeline.emulator.compute import os_profile, sizes, traits
from pipeline.emulator.compute.catalogue import capabilities
from pipeline.emulator.compute.disks import Disks
from pipeline.emulator.compute.guests import (
    DISK_SIZE_GB,
    VM,
    Guests,
    check_disk_size,
    network_interface,
)
from pipeline.emulator.compute.sources import Source
from pipeline.emulator.compute.wording import at, change_not_allowed, invalid_name, missing

_NAME = re.compile(r"^[^_\W][\w\-.]{0,63}(?<![-.])$")
_NOT_CARRIED = (
    "availabilitySet",
    "host",
    "hostGroup",
    "capacityReservation",
)
_FIXED = (
    ("osProfile", "computerName"),
    ("osProfile", "adminUsername"),
    ("storageProfile", "osDisk", "name"),
)


def check_name(identifier: ResourceId) -> None:
    """Refuse a name that Azure refuses for a Linux VM."""
    if not _NAME.match(identifier.name):
        raise invalid_name("vmName", _NAME.pattern)


def check_served(properties: dict[str, Any]) -> None:
    """Refuse by name what would matter and is not carried."""
    for key in _NOT_CARRIED:
        if properties.get(key):
            raise not_served(f"'{key}' of a virtual machine")
    storage = properties.get("storageProfile") or {}
    if storage.get("dataDisks"):
        raise not_served("'storageProfile.dataDisks'")
    if at(storage, "osDisk", "managedDisk", "diskEncryptionSet") or at(storage, "osDisk", "vhd"):
        raise not_served("'osDisk.managedDisk.diskEncryptionSet' or 'osDisk.vhd'")
    network = properties.get("networkProfile") or {}
    if network.get("networkInterfaceConfigurations"):
        raise not_served("'networkProfile.networkInterfaceConfigurations' (NICs made with the VM)")
    if len(network.get("networkInterfaces") or []) > 1:
        raise not_served("a second network interface of a virtual machine")


def check_size(properties: dict[str, Any]) -> None:
    """Refuse sizes that are missing or unknown."""
    size = at(properties, "hardwareProfile", "vmSize")
    if not size:
        raise missing("vmSize")
    sizes.cores_and_memory(size)


def check_interface(guests: Guests, record: Record) -> None:
    """The NIC must exist and not belong to another machine."""
    interface = network_interface(record)
    if interface is None:
        raise missing("networkProfile")
    if guests.manager.find(interface) is None:
        raise invalid_reference(str(interface), str(record.id))
    for other in guests.manager.store.of_type(VM):
        if other.id != record.id and network_interface(other) == interface:
            raise ArmError(
                400,
                "NicInUse",
                f"Network Interface {interface} is used by existing VM {other.id}.",
            )


def new_os_disk(guests: Guests, record: Record, attached: Record | None) -> dict[str, Any]:
    """The `osDisk` of a new VM, with the id of its disk."""
    given = record.properties["storageProfile"].get("osDisk") or {}
    unique = uuid.uuid4().hex
    name = attached.id.name if attached else given.get("name")
    name = name or f"{record.id.name}_OsDisk_1_{unique}"
    group = ResourceId(record.id.subscription, record.id.resource_group, "Microsoft.Compute", ())
    identifier = attached.id if attached else group.child("disks", name)
    if attached is None and guests.manager.store.get(identifier) is not None:
        raise ArmError(
            409,
            "ConflictingUserInput",
            f"Disk {name} already exists in resource group {identifier.resource_group.upper()}. "
            "Only CreateOption.Attach is supported.",
        )
    managed = given.get("managedDisk") or {}
    check_disk_size(given)
    return {
        "osType": "Linux",
        "caching": "ReadWrite",
        "diskSizeGB": DISK_SIZE_GB,
        "deleteOption": "Detach",
        **{key: value for key, value in given.items() if value is not None},
        "name": name,
        "createOption": "Attach" if attached else "FromImage",
        "managedDisk": {
            "storageAccountType": managed.get("storageAccountType") or "Standard_LRS",
            "id": str(identifier),
        },
    }


def attached(guests: Guests, properties: dict[str, Any]) -> Record | None:
    """The existing disk that `createOption: Attach` names; None for a disk made from an image."""
    given = at(properties, "storageProfile", "osDisk") or {}
    option = str(given.get("createOption") or "FromImage").lower()
    if option == "fromimage":
        return None
    identifier = at(given, "managedDisk", "id")
    if option != "attach" or not identifier:
        raise not_served(f"osDisk.createOption '{given.get('createOption')}' without a disk's id")
    disk = guests.manager.store.get(ResourceId.parse(identifier))
    if disk is None or disk.id.type.lower() != Disks.type.lower():
        raise invalid_reference(identifier, "the virtual machine")
    if disk.document.get("managedBy"):
        raise ArmError(
            409,
            "AttachDiskWhileBeingDetached",
            f"Disk {disk.id.name} is attached to VM {disk.document['managedBy']}.",
        )
    return disk


def source(guests: Guests, record: Record) -> Source:
    """Resolve the image of a new VM and write its exact version into the document."""
    storage = record.properties["storageProfile"]
    reference = storage.get("imageReference")
    if not reference:
        raise missing("imageReference")
    found = guests.sources.resolve(reference, record.document["location"])
    size = str(at(record.properties, "hardwareProfile", "vmSize"))
    traits.check_machine(record.properties, found.traits, size, capabilities(size))
    if found.exact_version:
        storage["imageReference"] = {**reference, "exactVersion": found.exact_version}
    return found


def take_secrets(record: Record, is_specialized: bool) -> os_profile.Secrets:
    """Take the secrets out of the document; a specialized disk has no `osProfile`."""
    properties = record.properties
    given = properties.get("osProfile")
    shown, secrets = os_profile.without_secrets(given or {}, properties.pop("userData", None))
    if is_specialized:
        if given:
            raise invalid_parameter("osProfile", "Parameter 'osProfile' is not allowed.")
        return secrets
    if not given:
        raise missing("osProfile")
    shown.setdefault("computerName", record.id.name)
    os_profile.check(shown, secrets)
    properties["osProfile"] = shown
    return secrets


def updated(existing: Record, given: dict[str, Any]) -> dict[str, Any]:
    """The properties after a PUT of an existing VM; refuses changes that Azure refuses."""
    before = existing.properties
    for path in _FIXED:
        wanted = at(given, *path)
        if wanted is not None and wanted != at(before, *path):
            raise change_not_allowed(".".join(path))
    _refuse_other_image(before, given)
    wanted_nics = at(given, "networkProfile", "networkInterfaces")
    if wanted_nics and not same(wanted_nics[0]["id"], str(network_interface(existing))):
        raise not_served("another network interface for an existing virtual machine")
    merged = {**before, **given}
    merged["storageProfile"] = {
        **before["storageProfile"],
        "osDisk": _os_disk(before["storageProfile"]["osDisk"], given),
    }
    for key in ("osProfile", "vmId", "timeCreated"):
        if key in before:
            merged[key] = before[key]
    merged.pop("instanceView", None)
    return merged


def handle(record: Record) -> str:
    """A name for a new VM behind the seam."""
    return f"{re.sub(r'[^a-z0-9-]', '-', record.id.name.lower())[:24]}-{uuid.uuid4().hex[:8]}"


def _refuse_other_image(before: dict[str, Any], given: dict[str, Any]) -> None:
    wanted = at(given, "storageProfile", "imageReference")
    current = at(before, "storageProfile", "imageReference") or {}
    if wanted and any(
        str(value).lower() != str(current.get(key)).lower() for key, value in wanted.items()
    ):
        raise change_not_allowed("imageReference")


def _os_disk(before: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    wanted = at(given, "storageProfile", "osDisk") or {}
    kept = {key: before[key] for key in ("managedDisk", "name", "createOption")}
    return {**before, **{key: value for key, value in wanted.items() if value is not None}, **kept}
