"""Microsoft.Compute through the real SDK, over HTTPS, with the whole emulator behind it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceNotFoundError
from azure.mgmt.compute import ComputeManagementClient

from tests.conftest import Emulator
from tests.emulator.compute.bodies import BASE
from tests.emulator.compute.sdk_zone import HERE, Zone


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
        zone.gallery,
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
            zone.gallery,
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
        zone.compute.gallery_images.begin_delete(zone.group, zone.gallery, "web")
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
