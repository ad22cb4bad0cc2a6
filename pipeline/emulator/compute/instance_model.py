"""The record of one scale set instance, as the scale set's model makes it."""

from __future__ import annotations

import re
import string
import uuid
from typing import Any

from pipeline.emulator.arm.addresses import Addresses
from pipeline.emulator.arm.ids import ResourceId
from pipeline.emulator.arm.operations import now
from pipeline.emulator.arm.store import Record
from pipeline.emulator.compute import scale_set_network as network
from pipeline.emulator.compute.guests import DISK_SIZE_GB
from pipeline.emulator.compute.scale_set_model import boot_print
from pipeline.emulator.compute.sources import Sources
from pipeline.emulator.compute.wording import at

TYPE = "Microsoft.Compute/virtualMachineScaleSets/virtualMachines"
_DIGITS = string.digits + string.ascii_uppercase


def new_instance(scale_set: Record, number: int) -> Record:
    """An instance without a model yet; `apply_model` and `choose_image` complete it."""
    identifier = scale_set.id.child("virtualMachines", str(number))
    name = f"{scale_set.id.name}_{number}"
    handle = f"{re.sub('[^a-z0-9-]', '-', scale_set.id.name.lower())[:24]}-{number}"
    handle = f"{handle}-{uuid.uuid4().hex[:8]}"
    document = {
        "name": name,
        "id": str(identifier),
        "type": TYPE,
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
    return Record(identifier, document, {"machine": f"vm-{handle}", "disk": f"disk-{handle}"})


def apply_model(scale_set: Record, instance: Record, addresses: Addresses) -> None:
    """Give the instance the model's network and health: what needs no reboot."""
    profile = scale_set.properties["virtualMachineProfile"]
    interface = network.interface(profile)
    nic = instance.id.child("networkInterfaces", interface["name"])
    configuration = network.ip_configuration(profile)["name"]
    running = (instance.internal.get("endpoints") or [{}])[0]
    health = scale_set.internal.get("health")
    instance.document["sku"] = {
        key: value for key, value in scale_set.document["sku"].items() if key != "capacity"
    }
    instance.properties["networkProfile"] = {"networkInterfaces": [{"id": str(nic)}]}
    instance.properties["networkProfileConfiguration"] = profile["networkProfile"]
    instance.internal |= {
        "model": scale_set.internal["model"],
        "health": health,
        "health_port": health["port"] if health else None,
        "endpoints": [
            {
                "address": addresses.take(instance.id.key),
                "machine": running.get("machine", ""),
                "running": running.get("running", False),
                "ip_configuration": str(nic.child("ipConfigurations", configuration)),
                "pools": network.pools(profile),
            }
        ],
    }


def choose_image(scale_set: Record, instance: Record, sources: Sources) -> None:
    """Resolve the model's image now, and give the instance what its first boot needs."""
    profile = scale_set.properties["virtualMachineProfile"]
    reference = profile["storageProfile"]["imageReference"]
    source = sources.resolve(reference, scale_set.document["location"])
    exact = {"exactVersion": source.exact_version} if source.exact_version else {}
    instance.properties["hardwareProfile"] = {"vmSize": scale_set.document["sku"]["name"]}
    instance.properties["storageProfile"] = {
        "imageReference": {**reference, **exact},
        "osDisk": _os_disk(instance, profile),
        "dataDisks": [],
    }
    if profile.get("osProfile"):
        instance.properties["osProfile"] = _os_profile(instance, profile["osProfile"])
    instance.internal |= {
        "source": source.to_json(),
        "secrets": scale_set.internal["secrets"],
        "boot": boot_print(scale_set),
        "is_made": False,
    }


def _os_disk(instance: Record, profile: dict[str, Any]) -> dict[str, Any]:
    """Told as on Azure; but the disk is no resource that can be asked for."""
    given = at(profile, "storageProfile", "osDisk") or {}
    name = f"{instance.document['name']}_OsDisk_1_{instance.internal['disk'][-8:]}"
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
