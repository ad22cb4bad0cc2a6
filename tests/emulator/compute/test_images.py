"""Managed images, galleries, definitions and versions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pipeline.emulator.arm.errors import ArmError
from pipeline.emulator.arm.ids import ResourceId
from pipeline.emulator.arm.providers import Providers
from tests.emulator.compute.bodies import COMPUTE, version_properties, vm_properties
from tests.emulator.compute.emulated_compute import EmulatedCompute, emulated_compute

GALLERY = f"{COMPUTE}/galleries/gallery"
WEB = f"{GALLERY}/images/web"


async def version_of_a_new_machine(arm: EmulatedCompute, name: str, image: str) -> str:
    """The version that a machine made from an image id tells about itself."""
    properties = vm_properties(await arm.nic(name))
    properties["storageProfile"]["imageReference"] = {"id": image}
    vm = f"{COMPUTE}/virtualMachines/{name}"
    await arm.put(vm, properties)
    return str(arm.machine(vm).source.version)


async def test_an_image_is_made_of_a_generalized_machine_only(arm: EmulatedCompute) -> None:
    vm = await arm.vm()
    image = f"{COMPUTE}/images/image"
    body = {"sourceVirtualMachine": {"id": vm}, "storageProfile": {"zoneResilient": False}}
    with pytest.raises(ArmError, match="requires the Virtual Machine 'vm' to be Generalized"):
        await arm.put(image, body)
    await arm.act(vm, "deallocate")
    await arm.act(vm, "generalize")
    document = await arm.put(image, body)
    assert document["properties"]["storageProfile"]["osDisk"]["osState"] == "Generalized"
    await arm.delete(vm)
    assert await version_of_a_new_machine(arm, "next", image) == ""
    await arm.delete(image)
    with pytest.raises(ArmError, match="cannot be found in 'westeurope' region"):
        await version_of_a_new_machine(arm, "late", image)


@pytest.mark.parametrize(
    "shape",
    [
        lambda source: {"storageProfile": {"source": {"virtualMachineId": source}}},
        lambda source: {"storageProfile": {"source": {"id": source}}},
        lambda source: {"publishingProfile": {"source": {"managedImage": {"id": source}}}},
    ],
    ids=["plugin 2.x", "plugin 1.4.5", "api of 2019"],
)
async def test_a_version_is_published_from_a_machine_in_every_spelling(
    arm: EmulatedCompute, shape: Any
) -> None:
    await arm.definition()
    properties = shape(await arm.generalized_vm())
    properties.setdefault("publishingProfile", {})["targetRegions"] = [{"name": "westeurope"}]
    document = await arm.put(f"{WEB}/versions/1.0.0", properties)
    profile = document["properties"]["publishingProfile"]
    assert profile["targetRegions"] == [
        {
            "name": "West Europe",
            "regionalReplicaCount": 1,
            "storageAccountType": "Standard_LRS",
        }
    ]
    assert profile["excludeFromLatest"] is False
    assert await version_of_a_new_machine(arm, "next", f"{WEB}/versions/1.0.0") == "1.0.0"


async def test_a_version_can_be_made_from_a_managed_image_or_another_version(
    arm: EmulatedCompute,
) -> None:
    await arm.definition()
    vm = await arm.generalized_vm()
    image = f"{COMPUTE}/images/image"
    await arm.put(image, {"sourceVirtualMachine": {"id": vm}})
    for name, source in (("1.0.0", image), ("1.0.1", f"{WEB}/versions/1.0.0")):
        body = {"storageProfile": {"source": {"id": source}}}
        await arm.put(f"{WEB}/versions/{name}", body)
        version = f"{WEB}/versions/{name}"
        assert await version_of_a_new_machine(arm, f"vm{name[-1]}", version) == name


async def test_a_published_version_keeps_its_source_and_its_place_in_time(
    arm: EmulatedCompute,
) -> None:
    version = await arm.version("1.0.0", excludeFromLatest=True)
    before = arm.get(version)["properties"]
    other = await arm.generalized_vm("other")
    with pytest.raises(ArmError) as refusal:
        await arm.put(version, version_properties(other))
    assert (refusal.value.status, refusal.value.code) == (409, "PropertyChangeNotAllowed")
    await arm.put(version, {"publishingProfile": {"excludeFromLatest": False}})
    await arm.put(version, {"storageProfile": {}}, tags={"check": "passed"})
    after = arm.get(version)
    assert after["tags"] == {"check": "passed"}
    assert after["properties"]["storageProfile"] == before["storageProfile"]
    profile = {**before["publishingProfile"], "excludeFromLatest": False}
    assert after["properties"]["publishingProfile"] == profile


async def test_a_version_keeps_its_storage_and_mode_and_takes_other_counts_of_replicas(
    arm: EmulatedCompute,
) -> None:
    both = [{"name": "westeurope"}, {"name": "northeurope", "storageAccountType": "Premium_LRS"}]
    version = await arm.version(
        "1.0.0",
        replicaCount=2,
        storageAccountType="Standard_ZRS",
        replicationMode="Full",
        targetRegions=both,
    )
    made = arm.get(version)["properties"]["publishingProfile"]
    assert (made["replicaCount"], made["replicationMode"]) == (2, "Full")
    west, north = made["targetRegions"]
    assert (west["storageAccountType"], west["regionalReplicaCount"]) == ("Standard_ZRS", 2)
    assert (north["storageAccountType"], north["regionalReplicaCount"]) == ("Premium_LRS", 2)

    counted = [west, {"name": "northeurope", "regionalReplicaCount": 5}]
    await arm.put(version, {"publishingProfile": {"targetRegions": counted}})
    profile = arm.get(version)["properties"]["publishingProfile"]
    assert profile["targetRegions"] == [west, {**north, "regionalReplicaCount": 5}]

    other = [{**west, "storageAccountType": "Standard_LRS"}]
    for change in (
        {"storageAccountType": "Standard_LRS"},
        {"replicationMode": "Shallow"},
        {"targetRegions": other},
    ):
        with pytest.raises(ArmError, match=r"publishingProfile\.\w+") as refusal:
            await arm.put(version, {"publishingProfile": change})
        assert (refusal.value.status, refusal.value.code) == (409, "PropertyChangeNotAllowed")
    assert arm.get(version)["properties"]["publishingProfile"] == profile


async def test_a_source_that_is_gone_is_not_sent_again(arm: EmulatedCompute) -> None:
    version = await arm.version("1.0.0")
    echo = version_properties(f"{COMPUTE}/virtualMachines/vm-1-0-0")
    await arm.put(version, echo)
    await arm.delete(f"{COMPUTE}/virtualMachines/vm-1-0-0")
    with pytest.raises(ArmError, match="virtualMachines/vm-1-0-0' under resource group") as refusal:
        await arm.put(version, echo)
    assert (refusal.value.status, refusal.value.code) == (404, "ResourceNotFound")
    await arm.put(version, {"storageProfile": {}})


async def test_another_machine_of_the_same_name_is_another_source(arm: EmulatedCompute) -> None:
    version = await arm.version("1.0.0")
    source = f"{COMPUTE}/virtualMachines/vm-1-0-0"
    await arm.put(version, version_properties(source))
    await arm.delete(source)
    await arm.generalized_vm("vm-1-0-0")
    with pytest.raises(ArmError, match="is not allowed"):
        await arm.put(version, version_properties(source))


async def test_latest_is_the_highest_number_that_is_not_excluded_and_in_the_region(
    arm: EmulatedCompute,
) -> None:
    await arm.version("1.10.0")
    await arm.version("1.9.0")
    await arm.version("2.0.0", excludeFromLatest=True)
    await arm.version("3.0.0", targetRegions=[{"name": "North Europe"}])
    assert await version_of_a_new_machine(arm, "one", WEB) == "1.10.0"
    patch = {"properties": {"publishingProfile": {"excludeFromLatest": False}}}
    await arm.patch(f"{WEB}/versions/2.0.0", patch)
    assert await version_of_a_new_machine(arm, "two", f"{WEB}/versions/latest") == "2.0.0"
    with pytest.raises(ArmError) as refusal:
        await version_of_a_new_machine(arm, "three", f"{WEB}/versions/3.0.0")
    assert (refusal.value.status, refusal.value.code) == (404, "GalleryImageNotFound")


async def test_files_on_a_disk_are_part_of_the_version_made_from_it(
    arm: EmulatedCompute, tmp_path: Path
) -> None:
    await arm.definition()
    vm = await arm.vm()
    disk = tmp_path / "simulated" / "disks" / arm.machine(vm).disk
    (disk / "root/var/page").write_text("v2")
    await arm.act(vm, "deallocate")
    await arm.act(vm, "generalize")
    await arm.put(f"{WEB}/versions/1.0.0", version_properties(vm))
    await version_of_a_new_machine(arm, "next", WEB)
    copy = arm.machine(f"{COMPUTE}/virtualMachines/next").disk
    assert (tmp_path / "simulated" / "disks" / copy / "root/var/page").read_text() == "v2"


@pytest.mark.parametrize("name", ["1.0", "1.0.0.0", "1.0.x", "1.0.2147483648"])
async def test_a_version_has_three_numbers_of_32_bits(arm: EmulatedCompute, name: str) -> None:
    await arm.definition()
    vm = await arm.generalized_vm()
    with pytest.raises(ArmError, match="galleryImageVersionName"):
        await arm.put(f"{WEB}/versions/{name}", version_properties(vm))


async def test_a_version_wants_a_machine_in_the_state_of_its_definition(
    arm: EmulatedCompute,
) -> None:
    await arm.definition()
    vm = await arm.vm()
    await arm.act(vm, "deallocate")
    with pytest.raises(ArmError, match=r"different OS state \['Specialized'\]") as refusal:
        await arm.put(f"{WEB}/versions/1.0.0", version_properties(vm))
    assert (refusal.value.status, refusal.value.code) == (400, "BadRequest")


async def test_a_specialized_version_takes_no_os_profile(arm: EmulatedCompute) -> None:
    definition = await arm.definition("special", osState="Specialized")
    vm = await arm.vm()
    await arm.act(vm, "deallocate")
    await arm.put(f"{definition}/versions/1.0.0", version_properties(vm))
    with pytest.raises(ArmError, match="Parameter 'osProfile' is not allowed"):
        await version_of_a_new_machine(arm, "next", definition)
    properties = vm_properties(await arm.nic("next"))
    del properties["osProfile"]
    properties["storageProfile"]["imageReference"] = {"id": definition}
    await arm.put(f"{COMPUTE}/virtualMachines/next", properties)
    assert arm.states(f"{COMPUTE}/virtualMachines/next")[-1] == "PowerState/running"


async def test_replication_status_is_shown_on_request(arm: EmulatedCompute) -> None:
    version = await arm.version("1.0.0")
    assert "replicationStatus" not in arm.get(version)["properties"]
    shown = arm.get(version, expand="ReplicationStatus")["properties"]["replicationStatus"]
    assert shown["aggregatedState"] == "Completed"
    assert shown["summary"][0]["region"] == "West Europe"


async def test_parents_stay_while_they_have_children(arm: EmulatedCompute) -> None:
    version = await arm.version("1.0.0")
    for parent in (WEB, GALLERY):
        with pytest.raises(ArmError) as refusal:
            await arm.delete(parent)
        assert (refusal.value.status, refusal.value.code) == (409, "CannotDeleteResource")
    for path in (version, WEB, GALLERY):
        await arm.delete(path)
        assert not arm.exists(path)


async def test_a_definition_is_unique_and_fixed(arm: EmulatedCompute) -> None:
    definition = await arm.definition()
    properties = arm.get(definition)["properties"]
    with pytest.raises(ArmError, match="is already used by"):
        await arm.put(f"{GALLERY}/images/other", properties)
    with pytest.raises(ArmError) as refusal:
        await arm.put(definition, properties | {"osState": "Specialized"})
    assert refusal.value.code == "PropertyChangeNotAllowed"
    await arm.put(definition, properties | {"description": "the web server"})
    assert arm.get(definition)["properties"]["description"] == "the web server"


async def test_a_version_under_a_missing_definition_is_refused(arm: EmulatedCompute) -> None:
    vm = await arm.generalized_vm()
    with pytest.raises(ArmError) as refusal:
        await arm.put(f"{WEB}/versions/1.0.0", version_properties(vm))
    assert refusal.value.code == "ParentResourceNotFound"


async def test_marketplace_versions_are_listed_newest_first_on_request(
    arm: EmulatedCompute,
) -> None:
    path = (
        "subscriptions/s/providers/Microsoft.Compute/locations/West Europe/publishers/debian"
        "/ArtifactTypes/VMImage/offers/debian-12/skus/12-gen2/versions"
    )
    found = await arm.ask(path, {"$top": "1", "$orderby": "name desc"})
    assert [(one["name"], one["location"]) for one in found] == [("0.20260101.1", "westeurope")]
    one = await arm.ask(f"{path}/0.20260101.1", {})
    assert one["properties"]["osDiskImage"]["operatingSystem"] == "Linux"
    assert one["id"] == found[0]["id"]
    with pytest.raises(ArmError, match="VMImage was not found"):
        await arm.ask(f"{path}/9.9.9", {})
    assert Providers([arm.compute]).route("GET", path.split("/")[:8]) is None


async def test_a_version_that_was_being_published_is_finished_after_a_restart(
    tmp_path: Path,
) -> None:
    version = ResourceId.parse(f"{WEB}/versions/1.0.0")

    async with emulated_compute(tmp_path) as arm:
        await arm.definition()
        properties = version_properties(await arm.generalized_vm())
        await arm.manager.put(version, {"location": "westeurope", "properties": properties})
    async with emulated_compute(tmp_path) as arm:
        arm.manager.operations.resume()
        for operation in arm.manager.operations.under_way(version):
            await arm.manager.operations.ended(operation, 60)
        assert arm.get(str(version))["properties"]["provisioningState"] == "Succeeded"
        assert await version_of_a_new_machine(arm, "next", WEB) == "1.0.0"
