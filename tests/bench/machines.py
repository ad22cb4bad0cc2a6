"""Virtual machines by the real SDK."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from azure.identity import ClientSecretCredential
from azure.mgmt.compute import ComputeManagementClient
from azure.mgmt.network import NetworkManagementClient


def boot(facts: dict[str, Any], group_id: str, name: str, image: dict[str, str]) -> None:
    """A NIC and a machine in the landing zone's subnet; returns when it is provisioned."""
    group = group_id.rsplit("/", 1)[1]
    network, compute = _clients(facts)
    subnet = f"{group_id}/providers/Microsoft.Network/virtualNetworks/bakeswap/subnets/machines"
    configuration = {"name": "ip", "properties": {"subnet": {"id": subnet}}}
    card: Any = {"location": "westeurope", "properties": {"ipConfigurations": [configuration]}}
    nic = network.network_interfaces.begin_create_or_update(group, name, card).result()
    body: Any = {
        "location": "westeurope",
        "properties": {
            "hardwareProfile": {"vmSize": "Standard_D2s_v5"},
            "storageProfile": {
                "imageReference": image,
                "osDisk": {"name": f"{name}-os", "createOption": "FromImage"},
            },
            "osProfile": {
                "computerName": name,
                "adminUsername": "azureuser",
                "adminPassword": "Bench-only-1",
            },
            "networkProfile": {"networkInterfaces": [{"id": nic["id"]}]},
        },
    }
    compute.virtual_machines.begin_create_or_update(group, name, body).result()


def _clients(facts: dict[str, Any]) -> tuple[NetworkManagementClient, ComputeManagementClient]:
    known = json.loads(Path(facts["credentials_file"]).read_text())
    base, trust = facts["resource_manager"], facts["ca_file"]
    credential = ClientSecretCredential(
        facts["tenant"],
        facts["client_id"],
        known["client_secret"],
        authority=base,
        disable_instance_discovery=True,
        connection_verify=trust,
    )
    options: dict[str, Any] = {
        "base_url": base,
        "credential_scopes": [f"{base}/.default"],
        "connection_verify": trust,
        "polling_interval": 1,
    }
    subscription = facts["subscription"]
    return (
        NetworkManagementClient(credential, subscription, **options),
        ComputeManagementClient(credential, subscription, **options),
    )
