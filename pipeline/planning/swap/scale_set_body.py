"""The request bodies of a scale set, in Azure's own spelling, as the ARM reference prints it."""

from __future__ import annotations

from typing import Any

from pipeline.planning import security
from pipeline.planning.names import HEALTH_EXTENSION, PRIMARY, Tag, tags_of
from pipeline.planning.swap.steps import CreateScaleSet, ScaleScaleSet

GRACE_PERIOD = 600
"""Seconds an instance may take from its boot to its first healthy response."""


def scale_set(wanted: CreateScaleSet, public_key: str, run: str) -> dict[str, Any]:
    """`PUT …/virtualMachineScaleSets/{name}`: Uniform, its version pinned, upgraded by hand."""
    return {
        "location": wanted.location,
        "tags": {**tags_of(wanted.image, wanted.version), Tag.RUN: run, **_made_from(wanted)},
        "sku": {"name": wanted.sku, "tier": "Standard", "capacity": wanted.capacity},
        "properties": {
            "orchestrationMode": "Uniform",
            "overprovision": False,
            "singlePlacementGroup": False,  # Azure's default, true, ends at 100 instances
            "upgradePolicy": {"mode": "Manual"},
            "virtualMachineProfile": {
                "storageProfile": _storage(wanted),
                "osProfile": _access(wanted, public_key),
                "networkProfile": _network(wanted),
                "extensionProfile": {"extensions": [_application_health(wanted)]},
                **security.of_machines(wanted.security_type),
            },
        },
    }


def capacity(wanted: ScaleScaleSet) -> dict[str, Any]:
    """`PATCH …/virtualMachineScaleSets/{name}`: how many instances, and nothing else."""
    return {"sku": {"capacity": wanted.capacity}}


def _storage(wanted: CreateScaleSet) -> dict[str, Any]:
    return {
        "imageReference": {"id": str(wanted.image_version)},
        "osDisk": {
            "createOption": "FromImage",
            "caching": "ReadWrite",
            "managedDisk": {"storageAccountType": "StandardSSD_LRS"},
        },
    }


def _access(wanted: CreateScaleSet, public_key: str) -> dict[str, Any]:
    path = f"/home/{wanted.username}/.ssh/authorized_keys"
    return {
        "computerNamePrefix": wanted.resource.name,
        "adminUsername": wanted.username,
        "linuxConfiguration": {
            "disablePasswordAuthentication": True,
            "ssh": {"publicKeys": [{"path": path, "keyData": public_key}]},
        },
    }


def _network(wanted: CreateScaleSet) -> dict[str, Any]:
    address = {
        "name": PRIMARY,
        "properties": {
            "primary": True,
            "subnet": {"id": str(wanted.subnet)},
            "loadBalancerBackendAddressPools": [{"id": str(wanted.pool)}],
        },
    }
    interface = {"primary": True, "ipConfigurations": [address]}
    return {"networkInterfaceConfigurations": [{"name": PRIMARY, "properties": interface}]}


def _application_health(wanted: CreateScaleSet) -> dict[str, Any]:
    """Version 2.0: rich states, told by the body of the answer."""
    health = wanted.health
    return {
        "name": HEALTH_EXTENSION,
        "properties": {
            "publisher": "Microsoft.ManagedServices",
            "type": "ApplicationHealthLinux",
            "typeHandlerVersion": "2.0",
            "autoUpgradeMinorVersion": True,
            "settings": {
                "protocol": health.protocol,
                "port": health.port,
                "requestPath": health.path,
                "intervalInSeconds": 5,
                "numberOfProbes": 1,
                "gracePeriod": GRACE_PERIOD,
            },
        },
    }


def _made_from(wanted: CreateScaleSet) -> dict[str, str]:
    return {Tag.IMAGE_RUN: wanted.image_run} if wanted.image_run else {}
