"""The request bodies of the fresh machine that a check boots."""

from __future__ import annotations

from typing import Any

from pipeline.definition.model import Environment, Image
from pipeline.planning import security
from pipeline.planning.build.steps import BootCheckMachine
from pipeline.planning.names import (
    CHECK_MACHINE,
    PRIMARY,
    check_interface_id,
    image_version_id,
    subnet_id,
)


def interface(step: BootCheckMachine, environment: Environment) -> dict[str, Any]:
    """A private address in the environment's subnet, and no public one."""
    address = {"subnet": {"id": str(subnet_id(environment))}, "primary": True}
    return {
        "location": environment.location,
        "tags": dict(step.tags),
        "properties": {"ipConfigurations": [{"name": PRIMARY, "properties": address}]},
    }


def machine(
    step: BootCheckMachine, image: Image, environment: Environment, public_key: str
) -> dict[str, Any]:
    """A machine like an instance of the scale set, from the version by its full id."""
    version = image_version_id(environment, step.image, step.version)
    nic = {"id": str(check_interface_id(environment, step.group)), "properties": {"primary": True}}
    return {
        "location": environment.location,
        "tags": dict(step.tags),
        "properties": {
            "hardwareProfile": {"vmSize": image.scale_set.sku},
            "storageProfile": {
                "imageReference": {"id": str(version)},
                "osDisk": {
                    "name": CHECK_MACHINE,
                    "createOption": "FromImage",
                    "deleteOption": "Delete",
                },
            },
            "osProfile": _os_profile(environment.ssh_username, public_key),
            "networkProfile": {"networkInterfaces": [nic]},
            **security.of_machines(image.security_type),
        },
    }


def _os_profile(user: str, public_key: str) -> dict[str, Any]:
    path = f"/home/{user}/.ssh/authorized_keys"
    return {
        "computerName": CHECK_MACHINE,
        "adminUsername": user,
        "linuxConfiguration": {
            "disablePasswordAuthentication": True,
            "ssh": {"publicKeys": [{"path": path, "keyData": public_key}]},
        },
    }
