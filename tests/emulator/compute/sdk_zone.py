"""A landing zone through the real SDK's clients."""

from __future__ import annotations

from typing import Any

from azure.mgmt.compute import ComputeManagementClient
from azure.mgmt.network import NetworkManagementClient

from tests.emulator.compute.bodies import BASE, LINUX

HERE: Any = {"location": "westeurope"}  # the SDK takes dicts, its annotations want its own models
HEALTH = {
    "name": "health",
    "properties": {
        "publisher": "Microsoft.ManagedServices",
        "type": "ApplicationHealthLinux",
        "typeHandlerVersion": "2.0",
        "settings": {
            "protocol": "http",
            "port": 8080,
            "requestPath": "/healthz",
            "intervalInSeconds": 5,
            "numberOfProbes": 1,
        },
    },
}


class Zone:
    """A resource group with a network, a load balancer and a gallery, through SDK clients."""

    def __init__(
        self, group: str, compute: ComputeManagementClient, network: NetworkManagementClient
    ) -> None:
        self.group = group
        self.compute = compute
        self.network = network
        self.gallery = f"gallery_{group.replace('-', '_')}"
        subnets = [{"name": "snet", "properties": {"addressPrefix": "10.0.0.0/24"}}]
        space = {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}, "subnets": subnets}
        vnet = network.virtual_networks.begin_create_or_update(
            group, "vnet", HERE | {"properties": space}
        ).result()
        self.subnet = str(vnet["properties"]["subnets"][0]["id"])
        compute.galleries.begin_create_or_update(group, self.gallery, HERE).result()
        self.define("web", api_version="2021-10-01")

    def define(self, name: str, api_version: str = "", **properties: Any) -> dict[str, Any]:
        """An image definition, a standard one of generation 2 by an api-version of its time."""
        identity = {"publisher": "us", "offer": "images", "sku": name}
        fixed = {"osType": "Linux", "osState": "Generalized", "identifier": identity}
        generation = {"hyperVGeneration": "V2"} if api_version else {}
        made = self.compute.gallery_images.begin_create_or_update(
            self.group,
            self.gallery,
            name,
            HERE | {"properties": fixed | generation | properties},
            **({"api_version": api_version} if api_version else {}),
        ).result()
        return dict(made)

    def vm(
        self, name: str, image: dict[str, Any], plan: dict[str, str] | None = None, **changes: Any
    ) -> dict[str, Any]:
        """A running VM, as `check-image` makes it; `changes` replace properties."""
        configuration = {"name": "ip", "properties": {"subnet": {"id": self.subnet}}}
        nic = self.network.network_interfaces.begin_create_or_update(
            self.group, f"{name}-nic", HERE | {"properties": {"ipConfigurations": [configuration]}}
        ).result()
        properties = {
            "hardwareProfile": {"vmSize": "Standard_D2s_v5"},
            "networkProfile": {"networkInterfaces": [{"id": nic["id"]}]},
            "osProfile": {
                "adminUsername": "azureuser",
                "computerName": name,
                "linuxConfiguration": LINUX,
            },
            "storageProfile": {
                "imageReference": image,
                "osDisk": {"createOption": "FromImage", "deleteOption": "Delete"},
            },
        }
        made = self.compute.virtual_machines.begin_create_or_update(
            self.group,
            name,
            HERE | {"properties": properties | changes} | ({"plan": plan} if plan else {}),
        ).result()
        return dict(made)

    def generalized(self, name: str, image: dict[str, Any] | None = None, **changes: Any) -> str:
        """The id of a machine that can be published."""
        made = self.vm(name, dict(image or BASE), **changes)
        self.compute.virtual_machines.begin_deallocate(self.group, name).result()
        self.compute.virtual_machines.generalize(self.group, name)
        return str(made["id"])

    def publish(self, source: str, definition: str, name: str = "1.0.0") -> dict[str, Any]:
        """A version of a machine."""
        properties = {
            "publishingProfile": {"targetRegions": [{"name": "westeurope"}]},
            "storageProfile": {"source": {"virtualMachineId": source}},
        }
        made = self.compute.gallery_image_versions.begin_create_or_update(
            self.group, self.gallery, definition, name, HERE | {"properties": properties}
        ).result()
        return dict(made)

    def version(self, name: str) -> dict[str, Any]:
        """A version, from a machine that was generalized."""
        machines = self.compute.virtual_machines
        vm = self.vm(f"build-{name.replace('.', '-')}", dict(BASE))
        machines.begin_deallocate(self.group, vm["name"]).result()
        machines.generalize(self.group, vm["name"])
        profile = {"excludeFromLatest": True, "targetRegions": [{"name": "westeurope"}]}
        properties = {
            "publishingProfile": profile,
            "storageProfile": {"source": {"virtualMachineId": vm["id"]}},
        }
        made = self.compute.gallery_image_versions.begin_create_or_update(
            self.group, self.gallery, "web", name, HERE | {"properties": properties}
        ).result()
        machines.begin_delete(self.group, vm["name"]).result()
        return dict(made)

    def scale_set(self, name: str, image: str, capacity: int, pool: str) -> dict[str, Any]:
        """A scale set, as `stage` makes it."""
        configuration = {
            "name": "ip",
            "properties": {
                "subnet": {"id": self.subnet},
                "loadBalancerBackendAddressPools": [{"id": pool}],
            },
        }
        interface = {
            "name": "nic",
            "properties": {"primary": True, "ipConfigurations": [configuration]},
        }
        profile = {
            "osProfile": {
                "computerNamePrefix": name,
                "adminUsername": "azureuser",
                "linuxConfiguration": LINUX,
            },
            "storageProfile": {
                "imageReference": {"id": image},
                "osDisk": {"createOption": "FromImage"},
            },
            "networkProfile": {"networkInterfaceConfigurations": [interface]},
            "extensionProfile": {"extensions": [HEALTH]},
        }
        properties = {
            "orchestrationMode": "Uniform",
            "upgradePolicy": {"mode": "Manual"},
            "overprovision": False,
            "virtualMachineProfile": profile,
        }
        sku = {"name": "Standard_D2s_v5", "tier": "Standard", "capacity": capacity}
        made = self.compute.virtual_machine_scale_sets.begin_create_or_update(
            self.group, name, HERE | {"sku": sku, "properties": properties}
        ).result()
        return dict(made)

    def balancer(self) -> dict[str, Any]:
        """An internal load balancer with one rule to the pool blue, and an idle pool green."""
        base = f"{self.subnet.split('/providers/')[0]}/providers/Microsoft.Network/loadBalancers/lb"
        references = {
            "frontendIPConfiguration": {"id": f"{base}/frontendIPConfigurations/front"},
            "backendAddressPool": {"id": f"{base}/backendAddressPools/blue"},
            "probe": {"id": f"{base}/probes/http"},
        }
        ports = {"protocol": "Tcp", "frontendPort": 8080, "backendPort": 8080}
        probe = {"protocol": "Http", "port": 8080, "requestPath": "/", "intervalInSeconds": 5}
        front = {"name": "front", "properties": {"subnet": {"id": self.subnet}}}
        body = HERE | {
            "sku": {"name": "Standard"},
            "properties": {
                "frontendIPConfigurations": [front],
                "backendAddressPools": [{"name": "blue"}, {"name": "green"}],
                "probes": [{"name": "http", "properties": probe}],
                "loadBalancingRules": [{"name": "http", "properties": references | ports}],
            },
        }
        made = self.network.load_balancers.begin_create_or_update(self.group, "lb", body).result()
        return dict(made)

    def health(self, scale_set: str) -> list[str]:
        """The health code of each instance, as the pipeline reads it; "" while there is none."""
        listed = self.compute.virtual_machine_scale_set_vms.list(
            self.group, scale_set, expand="instanceView"
        )
        views = [dict(instance["properties"]["instanceView"]) for instance in listed]
        return [view.get("vmHealth", {}).get("status", {}).get("code", "") for view in views]
