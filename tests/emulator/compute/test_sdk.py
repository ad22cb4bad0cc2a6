"""Microsoft.Compute through the real SDK, over HTTPS, with the whole emulator behind it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceNotFoundError
from azure.mgmt.compute import ComputeManagementClient
from azure.mgmt.network import NetworkManagementClient

from tests.conftest import Emulator
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
        subnets = [{"name": "snet", "properties": {"addressPrefix": "10.0.0.0/24"}}]
        space = {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}, "subnets": subnets}
        vnet = network.virtual_networks.begin_create_or_update(
            group, "vnet", HERE | {"properties": space}
        ).result()
        self.subnet = str(vnet["properties"]["subnets"][0]["id"])
        identity = {"publisher": "us", "offer": "images", "sku": "web"}
        definition = {"osType": "Linux", "osState": "Generalized", "identifier": identity}
        compute.galleries.begin_create_or_update(group, "gallery", HERE).result()
        compute.gallery_images.begin_create_or_update(
            group, "gallery", "web", HERE | {"properties": definition}
        ).result()

    def vm(self, name: str, image: dict[str, Any]) -> dict[str, Any]:
        """A running VM, as `check-image` makes it."""
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
            self.group, name, HERE | {"properties": properties}
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
            self.group, "gallery", "web", name, HERE | {"properties": properties}
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


@pytest.fixture
def zone(
    group: str, compute: ComputeManagementClient, network: NetworkManagementClient
) -> Iterator[Zone]:
    """A landing zone of the test's own."""
    yield Zone(group, compute, network)


def test_a_bake_a_check_and_a_stage_work_through_the_sdk(zone: Zone, emulator: Emulator) -> None:
    version = zone.version("1.0.0")
    assert version["properties"]["provisioningState"] == "Succeeded"
    assert version["properties"]["publishingProfile"]["targetRegions"][0]["name"] == "West Europe"
    change: Any = {
        "tags": {"check": "passed"},
        "properties": {"publishingProfile": {"excludeFromLatest": False}},
    }
    changed = zone.compute.gallery_image_versions.begin_update(
        zone.group,
        "gallery",
        "web",
        "1.0.0",
        change,
    ).result()
    assert changed["tags"] == {"check": "passed"}

    check = zone.vm("check", {"id": version["id"]})
    view = zone.compute.virtual_machines.instance_view(zone.group, "check")
    assert view["statuses"][-1]["displayStatus"] == "VM running"
    disk = check["properties"]["storageProfile"]["osDisk"]["name"]
    zone.compute.virtual_machines.begin_delete(zone.group, "check").result()
    with pytest.raises(ResourceNotFoundError):
        zone.compute.disks.get(zone.group, disk)

    pool = zone.balancer()["properties"]["backendAddressPools"][0]["id"]
    scale_set = zone.scale_set("web-1-0-0", version["id"], 2, pool)
    assert scale_set["properties"]["provisioningState"] == "Succeeded"
    instances = list(zone.compute.virtual_machine_scale_set_vms.list(zone.group, "web-1-0-0"))
    assert [instance["instanceId"] for instance in instances] == ["0", "1"]
    balancer = zone.network.load_balancers.get(zone.group, "lb")
    members = balancer["properties"]["backendAddressPools"][0]["properties"]
    assert len(members["backendIPConfigurations"]) == 2


def test_an_instance_is_healthy_until_it_has_a_fault(zone: Zone, emulator: Emulator) -> None:
    version = zone.version("1.0.0")
    pool = zone.balancer()["properties"]["backendAddressPools"][1]["id"]
    zone.scale_set("web", version["id"], 1, pool)
    wait_until(lambda: zone.health("web") == ["HealthState/healthy"])
    instance = f"{version['id'].split('/galleries/')[0]}/virtualMachineScaleSets/web"
    path = f"/emulator/machines{instance}/virtualMachines/0/sicken"
    assert emulator.call("POST", path, {"sickness": "unhealthy"}).status == 204
    wait_until(lambda: zone.health("web") == ["HealthState/unknown"])


def wait_until(holds: Callable[[], bool]) -> None:
    """Ask again until it holds, a minute at most; each question takes a request's time."""
    patience = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < patience, "it never held"


def test_scaling_and_upgrading_work_through_the_sdk(zone: Zone) -> None:
    first, second = zone.version("1.0.0"), zone.version("1.0.1")
    pool = zone.balancer()["properties"]["backendAddressPools"][0]["id"]
    zone.scale_set("web", first["id"], 1, pool)
    sets = zone.compute.virtual_machine_scale_sets
    capacity: Any = {"sku": {"capacity": 2}}
    sets.begin_update(zone.group, "web", capacity).result()
    image = {"storageProfile": {"imageReference": {"id": second["id"]}}}
    change: Any = {"properties": {"virtualMachineProfile": image}}
    assert sets.begin_update(zone.group, "web", change).result()["sku"]["capacity"] == 2
    chosen: Any = {"instanceIds": ["1"]}
    sets.begin_update_instances(zone.group, "web", chosen).result()
    listed = zone.compute.virtual_machine_scale_set_vms.list(zone.group, "web")
    assert [one["properties"]["latestModelApplied"] for one in listed] == [False, True]
    chosen["instanceIds"] = ["0"]
    sets.begin_delete_instances(zone.group, "web", chosen).result()
    assert sets.get(zone.group, "web")["sku"]["capacity"] == 1
    view = sets.get_instance_view(zone.group, "web")
    counts = {one["code"]: one["count"] for one in view["virtualMachine"]["statusesSummary"]}
    assert counts == {"PowerState/running": 1, "ProvisioningState/succeeded": 1}
    sets.begin_delete(zone.group, "web").result()
    with pytest.raises(ResourceNotFoundError):
        sets.get(zone.group, "web")


def test_azures_refusals_arrive_as_such(zone: Zone) -> None:
    version = zone.version("1.0.0")
    other = zone.vm("other", dict(BASE))
    zone.compute.virtual_machines.begin_deallocate(zone.group, "other").result()
    zone.compute.virtual_machines.generalize(zone.group, "other")
    with pytest.raises(ResourceExistsError) as refusal:
        zone.compute.gallery_image_versions.begin_create_or_update(
            zone.group,
            "gallery",
            "web",
            "1.0.0",
            HERE | {"properties": {"storageProfile": {"source": {"id": other["id"]}}}},
        )
    assert code(refusal.value) == "PropertyChangeNotAllowed"
    with pytest.raises(ResourceExistsError) as refusal:
        zone.compute.virtual_machines.begin_start(zone.group, "other")
    assert code(refusal.value) == "OperationNotAllowed"
    with pytest.raises(ResourceNotFoundError) as missing:
        zone.scale_set("web", version["id"].replace("1.0.0", "9.9.9"), 1, "/none")
    assert code(missing.value) == "GalleryImageNotFound"
    with pytest.raises(ResourceExistsError) as refusal:
        zone.compute.gallery_images.begin_delete(zone.group, "gallery", "web")
    assert code(refusal.value) == "CannotDeleteResource"


def code(error: HttpResponseError) -> str:
    """Azure's code of a refusal."""
    assert error.error is not None
    return str(error.error.code)


def test_the_marketplace_sorts_versions_as_text(
    compute: ComputeManagementClient, emulator: Emulator
) -> None:
    place = ("westeurope", "Debian", "debian-12", "of-this-test")
    offer = {"publisher": "Debian", "offer": "debian-12", "sku": "of-this-test"}
    for version in ("0.20260101.9", "0.20260101.10"):
        emulator.call("POST", "/emulator/marketplace", offer | {"version": version})
    listed = compute.virtual_machine_images.list(*place, top=1, orderby="name desc")
    assert [one["name"] for one in listed] == ["0.20260101.9"]  # sorted as text
    one = compute.virtual_machine_images.get(*place, "0.20260101.9")
    assert one["properties"]["osDiskImage"]["operatingSystem"] == "Linux"
