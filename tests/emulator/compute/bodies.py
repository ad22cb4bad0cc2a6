"""Bodies of Microsoft.Compute's resources, and the ids in them."""

from __future__ import annotations

from typing import Any

import asyncssh

GROUP = "/subscriptions/s/resourceGroups/rg"
COMPUTE = f"{GROUP}/providers/Microsoft.Compute"
NETWORK = f"{GROUP}/providers/Microsoft.Network"
BALANCER = f"{NETWORK}/loadBalancers/lb"
SUBNET = f"{NETWORK}/virtualNetworks/vnet/subnets/snet"
BASE = {"publisher": "Debian", "offer": "debian-12", "sku": "12-gen2", "version": "latest"}
KEY = asyncssh.generate_private_key("ssh-ed25519").export_public_key("openssh").decode().strip()
HEALTH = {"protocol": "http", "port": 8080, "requestPath": "/healthz", "intervalInSeconds": 5}
LINUX = {
    "disablePasswordAuthentication": True,
    "ssh": {"publicKeys": [{"path": "/home/packer/.ssh/authorized_keys", "keyData": KEY}]},
}


def vm_properties(nic: str, **changes: Any) -> dict[str, Any]:
    """A VM as Packer's template asks for it."""
    properties = {
        "hardwareProfile": {"vmSize": "Standard_B1s"},
        "networkProfile": {"networkInterfaces": [{"id": nic}]},
        "osProfile": {
            "adminUsername": "packer",
            "adminPassword": "never-shown-1",
            "computerName": "build",
            "linuxConfiguration": LINUX,
        },
        "storageProfile": {
            "imageReference": dict(BASE),
            "osDisk": {"caching": "ReadWrite", "createOption": "fromImage", "osType": "Linux"},
        },
    }
    return properties | changes


def version_properties(source: str, **publishing: Any) -> dict[str, Any]:
    """A version as Packer's plugin 2.x publishes it."""
    profile = {
        "endOfLifeDate": "",
        "excludeFromLatest": False,
        "targetRegions": [{"name": "westeurope", "regionalReplicaCount": 1}],
    }
    return {
        "publishingProfile": profile | publishing,
        "storageProfile": {"source": {"virtualMachineId": source}},
    }


def balancer_properties(*rules: dict[str, Any]) -> dict[str, Any]:
    """A load balancer's properties with these rules."""
    return {"frontendIPConfigurations": [], "loadBalancingRules": list(rules)}


def rule(name: str, pool: str, port: int) -> dict[str, Any]:
    """A load balancing rule."""
    return {
        "id": f"{BALANCER}/loadBalancingRules/{name}",
        "name": name,
        "properties": {
            "protocol": "Tcp",
            "backendPort": port,
            "backendAddressPool": {"id": f"{BALANCER}/backendAddressPools/{pool}"},
            "probe": {"id": f"{BALANCER}/probes/used"},
        },
    }


def sku(capacity: int) -> dict[str, Any]:
    """A size and a capacity."""
    return {"name": "Standard_D2s_v5", "tier": "Standard", "capacity": capacity}


def scale_set_properties(
    image: dict[str, Any] | None = None,
    pools: tuple[str, ...] = ("blue",),
    health: dict[str, Any] | None = None,
    mode: str = "Manual",
    **profile: Any,
) -> dict[str, Any]:
    """A scale set's properties; `health` are the settings of the rich health extension."""
    extension = {
        "name": "health",
        "properties": {
            "publisher": "Microsoft.ManagedServices",
            "type": "ApplicationHealthLinux",
            "typeHandlerVersion": "2.0",
            "settings": health,
            "protectedSettings": {"never": "shown"},
        },
    }
    configuration = {
        "name": "ip",
        "properties": {
            "subnet": {"id": SUBNET},
            "loadBalancerBackendAddressPools": [
                {"id": f"{BALANCER}/backendAddressPools/{pool}"} for pool in pools
            ],
        },
    }
    interface = {"primary": "true", "ipConfigurations": [configuration]}
    return {
        "upgradePolicy": {"mode": mode},
        "singlePlacementGroup": None,
        "virtualMachineProfile": {
            "osProfile": {
                "computerNamePrefix": "web",
                "adminUsername": "azureuser",
                "adminPassword": "never-shown-2",
                "linuxConfiguration": LINUX,
            },
            "storageProfile": {
                "imageReference": dict(image or BASE),
                "osDisk": {"createOption": "FromImage"},
            },
            "networkProfile": {
                "networkInterfaceConfigurations": [{"name": "nic", "properties": interface}]
            },
            **({"extensionProfile": {"extensions": [extension]}} if health else {}),
            **profile,
        },
    }


SET = f"{COMPUTE}/virtualMachineScaleSets/web"
"""The scale set that most tests make."""


def flexible(**profile: Any) -> dict[str, Any]:
    """A set's properties as `az vmss create` sends them by default."""
    properties = scale_set_properties(**profile)
    del properties["upgradePolicy"]
    properties["virtualMachineProfile"]["networkProfile"]["networkApiVersion"] = "2020-11-01"
    return properties | {"orchestrationMode": "Flexible", "platformFaultDomainCount": 1}
