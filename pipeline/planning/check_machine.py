"""The fresh machine that a check boots: its names, and its bodies as Azure takes them."""

from __future__ import annotations

from typing import Any

from pipeline.arm import ResourceId
from pipeline.definition.model import Environment, Image
from pipeline.planning.build_steps import BootCheckMachine
from pipeline.planning.names import image_version_id, subnet_id

NAME = "check"
"""The name of the machine, its network interface and its disk: the group has but one of each."""


def machine_id(environment: Environment, group: str) -> ResourceId:
    """The machine in its resource group."""
    pairs = (("virtualMachines", NAME),)
    return ResourceId(environment.subscription, group, "Microsoft.Compute", pairs)


def interface_id(environment: Environment, group: str) -> ResourceId:
    """Its network interface."""
    pairs = (("networkInterfaces", NAME),)
    return ResourceId(environment.subscription, group, "Microsoft.Network", pairs)


def interface(step: BootCheckMachine, environment: Environment) -> dict[str, Any]:
    """A private address in the environment's subnet, and no public one."""
    address = {"subnet": {"id": str(subnet_id(environment))}, "primary": True}
    return {
        "location": environment.location,
        "tags": dict(step.tags),
        "properties": {"ipConfigurations": [{"name": "primary", "properties": address}]},
    }


def machine(
    step: BootCheckMachine, image: Image, environment: Environment, public_key: str
) -> dict[str, Any]:
    """A machine like an instance of the scale set, from the version by its full id."""
    version = image_version_id(environment, step.image, step.version)
    nic = {"id": str(interface_id(environment, step.group)), "properties": {"primary": True}}
    return {
        "location": environment.location,
        "tags": dict(step.tags),
        "properties": {
            "hardwareProfile": {"vmSize": image.scale_set.sku},
            "storageProfile": {
                "imageReference": {"id": str(version)},
                "osDisk": {"name": NAME, "createOption": "FromImage", "deleteOption": "Delete"},
            },
            "osProfile": _os_profile(environment.ssh_username, public_key),
            "networkProfile": {"networkInterfaces": [nic]},
        },
    }


def _os_profile(user: str, public_key: str) -> dict[str, Any]:
    path = f"/home/{user}/.ssh/authorized_keys"
    return {
        "computerName": NAME,
        "adminUsername": user,
        "linuxConfiguration": {
            "disablePasswordAuthentication": True,
            "ssh": {"publicKeys": [{"path": path, "keyData": public_key}]},
        },
    }
