"""A landing zone with two scale sets, made through the SDK."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError
from azure.mgmt.compute import ComputeManagementClient
from azure.mgmt.network import NetworkManagementClient

from tests.conftest import Emulator
from tests.emulator.balancer.members import free_port

Body = dict[str, Any]
HTTP = 18280
IMAGE = {"publisher": "Debian", "offer": "debian-12", "sku": "12-gen2", "version": "latest"}

LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Zone:
    """A landing zone: blue serves production, green staging, one instance each."""

    network: NetworkManagementClient
    compute: ComputeManagementClient
    emulator: Emulator
    group: str
    prefix: str
    production: int
    staging: int

    @property
    def balancer(self) -> str:
        """The load balancer's id."""
        return f"{self.prefix}/Microsoft.Network/loadBalancers/lb"

    def read(self) -> Body:
        """The load balancer as the SDK gets it, as plain JSON."""
        return dict(self.network.load_balancers.get(self.group, "lb").as_dict())

    def write(self, body: Any, **headers: str) -> Body:
        """PUT of the whole load balancer; `If_Match="…"` is a header."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        poller = self.network.load_balancers.begin_create_or_update(
            self.group, "lb", body, headers=named
        )
        return dict(poller.result().as_dict())

    def refused(self, body: Any, **headers: str) -> HttpResponseError:
        """The refusal a PUT meets; the SDK does not come again by itself."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        with pytest.raises(HttpResponseError) as caught:
            self.network.load_balancers.begin_create_or_update(
                self.group, "lb", body, headers=named, retry_total=0
            ).result()
        return caught.value

    def front(self) -> str:
        """Where the load balancer listens."""
        frontend = self.read()["properties"]["frontendIPConfigurations"][0]
        return str(frontend["properties"]["privateIPAddress"])


def rule(zone: Zone, name: str, port: int, pool: str) -> Body:
    """A load balancing rule."""
    properties = {
        "frontendIPConfiguration": {"id": f"{zone.balancer}/frontendIPConfigurations/front"},
        "backendAddressPool": {"id": f"{zone.balancer}/backendAddressPools/{pool}"},
        "probe": {"id": f"{zone.balancer}/probes/http"},
        "protocol": "Tcp",
        "frontendPort": port,
        "backendPort": HTTP,
    }
    return {"name": name, "properties": properties}


def balancer(zone: Zone) -> Body:
    """The load balancer's first document."""
    subnet = {"id": f"{zone.prefix}/Microsoft.Network/virtualNetworks/vnet/subnets/apps"}
    probe = {"protocol": "Http", "port": HTTP, "requestPath": "/healthz", "intervalInSeconds": 5}
    properties = {
        "frontendIPConfigurations": [{"name": "front", "properties": {"subnet": subnet}}],
        "backendAddressPools": [{"name": "blue"}, {"name": "green"}],
        "probes": [{"name": "http", "properties": probe}],
        "loadBalancingRules": [
            rule(zone, "production", zone.production, "blue"),
            rule(zone, "staging", zone.staging, "green"),
        ],
    }
    return {"location": "westeurope", "sku": {"name": "Standard"}, "properties": properties}


def scale_set(zone: Zone, pool: str) -> Any:
    """A scale set of one instance in a pool."""
    configuration = {
        "name": "ipconfig",
        "properties": {
            "subnet": {"id": f"{zone.prefix}/Microsoft.Network/virtualNetworks/vnet/subnets/apps"},
            "loadBalancerBackendAddressPools": [
                {"id": f"{zone.balancer}/backendAddressPools/{pool}"}
            ],
        },
    }
    interface = {
        "name": "nic",
        "properties": {"primary": True, "ipConfigurations": [configuration]},
    }
    profile = {
        "osProfile": {
            "computerNamePrefix": pool,
            "adminUsername": "azureuser",
            "adminPassword": "Not-a-secret-1",
        },
        "storageProfile": {"imageReference": IMAGE},
        "networkProfile": {"networkInterfaceConfigurations": [interface]},
    }
    return {
        "location": "westeurope",
        "sku": {"name": "Standard_D2s_v5", "capacity": 1},
        "properties": {
            "orchestrationMode": "Uniform",
            "upgradePolicy": {"mode": "Manual"},
            "overprovision": False,
            "virtualMachineProfile": profile,
        },
    }


def make_zone(
    emulator: Emulator, network: NetworkManagementClient, compute: ComputeManagementClient
) -> Zone:
    """A resource group with a network, a load balancer and two scale sets behind it."""
    group = f"rg-swaps-{free_port(LOOPBACK)}"
    path = f"/subscriptions/{emulator.subscription}/resourceGroups/{group}"
    assert emulator.call("PUT", path, {"location": "westeurope"}).status == 201
    prefix = f"{path}/providers"
    made = Zone(network, compute, emulator, group, prefix, free_port(LOOPBACK), free_port(LOOPBACK))
    space = {"addressPrefixes": ["10.0.0.0/16"]}
    subnet = {"name": "apps", "properties": {"addressPrefix": "10.0.1.0/24"}}
    document: Any = {
        "location": "westeurope",
        "properties": {"addressSpace": space, "subnets": [subnet]},
    }
    network.virtual_networks.begin_create_or_update(group, "vnet", document).result()
    made.write(balancer(made))
    pollers = [
        compute.virtual_machine_scale_sets.begin_create_or_update(
            group, pool, scale_set(made, pool)
        )
        for pool in ("blue", "green")
    ]
    for poller in pollers:
        poller.result()
    return made


def swapped(document: Body) -> Body:
    """The same document with the pools of both rules exchanged."""
    body = copy.deepcopy(document)
    first, second = (each["properties"] for each in body["properties"]["loadBalancingRules"])
    for name in ("backendAddressPool", "backendAddressPools"):
        first[name], second[name] = second[name], first[name]
    return body


def pools_of(document: Body) -> list[str]:
    """The pools of production and staging."""
    return [
        each["properties"]["backendAddressPool"]["id"].rsplit("/", 1)[1]
        for each in document["properties"]["loadBalancingRules"]
    ]


def code(refusal: HttpResponseError) -> str:
    """Azure's code."""
    assert refusal.error is not None
    return str(refusal.error.code)
