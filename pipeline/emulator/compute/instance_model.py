"""The record of one scale set instance, as the scale set's model makes it."""

from __future__ import annotations

import re
import string
import uuid
from dataclasses import replace
from typing import Any

from pipeline.emulator.arm.addresses import Addresses
from pipeline.emulator.arm.data_path import Endpoint
from pipeline.emulator.arm.ids import ResourceId
from pipeline.emulator.arm.operations import now
from pipeline.emulator.arm.store import Record
from pipeline.emulator.compute import scale_set_network as network
from pipeline.emulator.compute.guests import DISK_SIZE_GB
from pipeline.emulator.compute.internals import InstanceInternals, ScaleSetInternals
from pipeline.emulator.compute.scale_set_model import boot_digest
from pipeline.emulator.compute.sources import Source
from pipeline.emulator.compute.wording import at, counted_etag

TYPE = "Microsoft.Compute/virtualMachineScaleSets/virtualMachines"
_DIGITS = string.digits + string.ascii_uppercase


def new_instance(scale_set: Record, number: int, source: Source, addresses: Addresses) -> Record:
    """An instance as the scale set's model says, made from an image."""
    identifier = scale_set.id.child("virtualMachines", str(number))
    handle = f"{re.sub('[^a-z0-9-]', '-', scale_set.id.name.lower())[:24]}-{number}"
    handle = f"{handle}-{uuid.uuid4().hex[:8]}"
    document = {
        "name": f"{scale_set.id.name}_{number}",
        "id": str(identifier),
        "type": TYPE,
        "etag": counted_etag(None),
        "instanceId": str(number),
        "location": scale_set.document["location"],
        "tags": dict(scale_set.document.get("tags") or {}),
        "properties": {
            "modelDefinitionApplied": "VirtualMachineScaleSet",
            "vmId": str(uuid.uuid4()),
            "timeCreated": now(),
            "provisioningState": "Creating",
        },
    }
    endpoint = Endpoint(addresses.take(identifier.key), "")
    internals = InstanceInternals(
        machine=f"vm-{handle}", disk=f"disk-{handle}", source=source, endpoint=endpoint
    )
    instance = Record(identifier, document, internals)
    apply_model(scale_set, instance)
    choose_image(scale_set, instance, source)
    return instance


def apply_model(scale_set: Record, instance: Record) -> None:
    """Give the instance the model's network and health: what needs no reboot."""
    profile = scale_set.properties["virtualMachineProfile"]
    interface = network.interface(profile)
    nic = instance.id.child("networkInterfaces", interface["name"])
    configuration = network.ip_configuration(profile)["name"]
    instance.document["sku"] = {
        key: value for key, value in scale_set.document["sku"].items() if key != "capacity"
    }
    instance.properties["networkProfile"] = {"networkInterfaces": [{"id": str(nic)}]}
    instance.properties["networkProfileConfiguration"] = profile["networkProfile"]
    model, made = scale_set.internals(ScaleSetInternals), instance.internals(InstanceInternals)
    endpoint = replace(
        made.endpoint,
        ip_configuration=str(nic.child("ipConfigurations", configuration)),
        pools=tuple(network.pools(profile)),
        health_port=model.health.port if model.health else None,
    )
    instance.internal = replace(made, model=model.model, health=model.health, endpoint=endpoint)


def choose_image(scale_set: Record, instance: Record, source: Source) -> None:
    """Give the instance what its first boot from an image needs."""
    profile = scale_set.properties["virtualMachineProfile"]
    reference = profile["storageProfile"]["imageReference"]
    exact = {"exactVersion": source.exact_version} if source.exact_version else {}
    instance.properties["hardwareProfile"] = {"vmSize": scale_set.document["sku"]["name"]}
    instance.properties["storageProfile"] = {
        "imageReference": {**reference, **exact},
        "osDisk": _os_disk(instance, profile),
        "dataDisks": [],
    }
    if profile.get("osProfile"):
        instance.properties["osProfile"] = _os_profile(instance, profile["osProfile"])
    instance.internal = replace(
        instance.internals(InstanceInternals),
        source=source,
        secrets=scale_set.internals(ScaleSetInternals).secrets,
        boot=boot_digest(scale_set),
        is_made=False,
        extensions={},
    )


def _os_disk(instance: Record, profile: dict[str, Any]) -> dict[str, Any]:
    """Shown as on Azure; the disk is no resource of its own here."""
    given = at(profile, "storageProfile", "osDisk") or {}
    name = f"{instance.document['name']}_OsDisk_1_{instance.internals(InstanceInternals).disk[-8:]}"
    group = ResourceId(
        instance.id.subscription, instance.id.resource_group, "Microsoft.Compute", ()
    )
    storage = (given.get("managedDisk") or {}).get("storageAccountType") or "Standard_LRS"
    return {
        "osType": "Linux",
        "caching": "ReadWrite",
        "diskSizeGB": DISK_SIZE_GB,
        **given,
        "name": name,
        "createOption": "FromImage",
        "managedDisk": {"storageAccountType": storage, "id": str(group.child("disks", name))},
    }


def _os_profile(instance: Record, profile: dict[str, Any]) -> dict[str, Any]:
    kept = {key: value for key, value in profile.items() if key != "computerNamePrefix"}
    number = _base_36(int(instance.document["instanceId"]))
    return {**kept, "computerName": f"{profile['computerNamePrefix']}{number:0>6}"}


def _base_36(number: int) -> str:
    digits = ""
    while number:
        number, digit = divmod(number, len(_DIGITS))
        digits = _DIGITS[digit] + digits
    return digits or "0"
