"""The request bodies of the fresh machine that a check boots."""

from __future__ import annotations

from typing import Any

from pipeline.definition.model import Environment, Image
from pipeline.planning import security, traits, windows
from pipeline.planning.build.steps import BootCheckMachine
from pipeline.planning.names import (
    CHECK_MACHINE,
    PRIMARY,
    check_network_id,
    image_version_id,
    subnet_id,
)

OWN_PREFIX = "10.0.0.0/29"
"""The smallest network Azure takes: it is connected with no other."""


def interface(step: BootCheckMachine, environment: Environment) -> dict[str, Any]:
    """A private address in the environment's subnet; or a public one, in a network of its own."""
    own = check_network_id(environment, step.group, "virtualNetworks", step.machine)
    subnet = own.child("subnets", PRIMARY) if step.admitted else subnet_id(environment)
    address: dict[str, Any] = {"subnet": {"id": str(subnet)}, "primary": True}
    if step.admitted:
        public = check_network_id(environment, step.group, "publicIPAddresses", step.machine)
        address["publicIPAddress"] = {"id": str(public)}
    properties = {"ipConfigurations": [{"name": PRIMARY, "properties": address}]}
    return _resource(step, environment, properties)


def public_address(step: BootCheckMachine, environment: Environment) -> dict[str, Any]:
    """What a machine that is reached from outside is reached by: a standard, static address."""
    properties = {"publicIPAllocationMethod": "Static", "publicIPAddressVersion": "IPv4"}
    return {**_resource(step, environment, properties), "sku": {"name": "Standard"}}


def security_group(step: BootCheckMachine, environment: Environment) -> dict[str, Any]:
    """SSH or WinRM for one address; everybody else is refused by Azure's own last rule."""
    is_windows = step.system.is_windows
    rule = {
        "priority": 100,
        "direction": "Inbound",
        "access": "Allow",
        "protocol": "Tcp",
        "sourceAddressPrefix": step.admitted,
        "sourcePortRange": "*",
        "destinationAddressPrefix": "*",
        "destinationPortRange": str(windows.PORT if is_windows else environment.ssh_port),
    }
    protocol = "winrm" if is_windows else "ssh"
    rules = [{"name": f"allow-{protocol}-from-the-runner", "properties": rule}]
    return _resource(step, environment, {"securityRules": rules})


def network(step: BootCheckMachine, environment: Environment) -> dict[str, Any]:
    """One subnet behind that group, in nobody else's way: it goes with its resource group."""
    group = check_network_id(environment, step.group, "networkSecurityGroups", step.machine)
    subnet = {"addressPrefix": OWN_PREFIX, "networkSecurityGroup": {"id": str(group)}}
    properties = {
        "addressSpace": {"addressPrefixes": [OWN_PREFIX]},
        "subnets": [{"name": PRIMARY, "properties": subnet}],
    }
    return _resource(step, environment, properties)


def _resource(
    step: BootCheckMachine, environment: Environment, properties: dict[str, Any]
) -> dict[str, Any]:
    return {
        "location": environment.location,
        "tags": dict(step.tags),
        "properties": properties,
    }


def machine(
    step: BootCheckMachine, image: Image, environment: Environment, credential: str
) -> dict[str, Any]:
    """A machine like an instance of the scale set, from the version by its full id.

    `credential`: the administrator's public key; of Windows the password.
    """
    version = image_version_id(environment, step.image, step.version)
    nic = {
        "id": str(check_network_id(environment, step.group, "networkInterfaces", step.machine)),
        "properties": {"primary": True},
    }
    return {
        "location": environment.location,
        "tags": dict(step.tags),
        **traits.of_made(step.plan),
        "properties": {
            "hardwareProfile": {"vmSize": image.scale_set.sku},
            "storageProfile": {
                "imageReference": {"id": str(version)},
                "osDisk": {
                    "name": step.machine,
                    "createOption": "FromImage",
                    "deleteOption": "Delete",
                },
            },
            # With Azure's own storage: the console tells of a machine that does not boot.
            "diagnosticsProfile": {"bootDiagnostics": {"enabled": True}},
            "osProfile": _os_profile(step, environment.ssh_username, credential),
            "networkProfile": {"networkInterfaces": [nic]},
            **security.of_machines(image.security_type),
        },
    }


def extension(step: BootCheckMachine, environment: Environment) -> dict[str, Any]:
    """What has a machine of Windows listen for the checks."""
    return _resource(step, environment, dict(windows.listening()))


def _os_profile(step: BootCheckMachine, user: str, credential: str) -> dict[str, Any]:
    if step.system.is_windows:
        return {"computerName": CHECK_MACHINE, **windows.access(user, credential)}
    path = f"/home/{user}/.ssh/authorized_keys"
    return {
        "computerName": step.machine,
        "adminUsername": user,
        "linuxConfiguration": {
            "disablePasswordAuthentication": True,
            "ssh": {"publicKeys": [{"path": path, "keyData": credential}]},
        },
    }
