"""Managed images, galleries, definitions and versions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pipeline.emulator.arm.errors import ArmError
from pipeline.emulator.arm.ids import ResourceId
from pipeline.emulator.arm.providers import Providers
from tests.emulator.compute.bench import (
    COMPUTE,
    Bench,
    version_properties,
    vm_properties,
    with_bench,
)

GALLERY = f"{COMPUTE}/galleries/gallery"
WEB = f"{GALLERY}/images/web"


async def version_of_a_new_machine(bench: Bench, name: str, image: str) -> str:
    """The version that a machine made from an image id tells about itself."""
    properties = vm_properties(await bench.nic(name))
    properties["storageProfile"]["imageReference"] = {"id": image}
    vm = f"{COMPUTE}/virtualMachines/{name}"
    await bench.put(vm, properties)
    return str(bench.machine(vm).source.version)


def test_an_image_is_made_of_a_generalized_machine_only(tmp_path: Path) -> None:
    async def test(bench: Bench) -> None:
        vm = await bench.vm()
        image = f"{COMPUTE}/images/image"
        body = {"sourceVirtualMachine": {"id": vm}, "storageProfile": {"zoneResilient": False}}
        with pytest.raises(ArmError, match="requires the Virtual Machine 'vm' to be Generalized"):
            await bench.put(image, body)
        await bench.act(vm, "deallocate")
        await bench.act(vm, "generalize")
        document = await bench.put(image, body)
        assert document["properties"]["storageProfile"]["osDisk"]["osState"] == "Generalized"
        await bench.delete(vm)
        assert await version_of_a_new_machine(bench, "next", image) == ""
        await bench.delete(image)
        with pytest.raises(ArmError, match="cannot be found in 'westeurope' region"):
            await version_of_a_new_machine(bench, "late", image)

    with_bench(tmp_path, test)


@pytest.mark.parametrize(
    "shape",
    [
        lambda source: {"storageProfile": {"source": {"virtualMachineId": source}}},
        lambda source: {"storageProfile": {"source": {"id": source}}},
        lambda source: {"publishingProfile": {"source": {"managedImage": {"id": source}}}},
    ],
    ids=["plugin 2.x", "plugin 1.4.5", "api of 2019"],
)
def test_a_version_is_published_from_a_machine_in_every_spelling(
    tmp_path: Path, shape: Any
) -> None:
    async def test(bench: Bench) -> None:
        await bench.definition()
        properties = shape(await bench.generalized_vm())
        properties.setdefault("publishingProfile", {})["targetRegions"] = [{"name": "westeurope"}]
        document = await bench.put(f"{WEB}/versions/1.0.0", properties)
        profile = document["properties"]["publishingProfile"]
        assert profile["targetRegions"] == [
            {
                "name": "West Europe",
                "regionalReplicaCount": 1,
                "storageAccountType": "Standard_LRS",
            }
        ]
        assert profile["excludeFromLatest"] is False
        assert await version_of_a_new_machine(bench, "next", f"{WEB}/versions/1.0.0") == "1.0.0"

    with_bench(tmp_path, test)


def test_a_version_can_be_made_from_a_managed_image_or_another_version(tmp_path: Path) -> None:
    async def test(bench: Bench) -> None:
        await bench.definition()
        vm = await bench.generalized_vm()
        image = f"{COMPUTE}/images/image"
        await bench.put(image, {"sourceVirtualMachine": {"id": vm}})
        for name, source in (("1.0.0", image), ("1.0.1", f"{WEB}/versions/1.0.0")):
            body = {"storageProfile": {"source": {"id": source}}}
            await bench.put(f"{WEB}/versions/{name}", body)
            version = f"{WEB}/versions/{name}"
            assert await version_of_a_new_machine(bench, f"vm{name[-1]}", version) == name

    with_bench(tmp_path, test)


def test_a_published_version_keeps_its_source_and_its_place_in_time(tmp_path: Path) -> None:
    async def test(bench: Bench) -> None:
        version = await bench.version("1.0.0", excludeFromLatest=True)
        before = bench.get(version)["properties"]
        other = await bench.generalized_vm("other")
        with pytest.raises(ArmError) as refusal:
            await bench.put(version, version_properties(other))
        assert (refusal.value.status, refusal.value.code) == (409, "PropertyChangeNotAllowed")
        await bench.put(version, {"publishingProfile": {"excludeFromLatest": False}})
        await bench.put(version, {"storageProfile": {}}, tags={"check": "passed"})
        after = bench.get(version)
        assert after["tags"] == {"check": "passed"}
        assert after["properties"]["storageProfile"] == before["storageProfile"]
        profile = {**before["publishingProfile"], "excludeFromLatest": False}
        assert after["properties"]["publishingProfile"] == profile

    with_bench(tmp_path, test)


def test_another_machine_of_the_same_name_is_another_source(tmp_path: Path) -> None:
    async def test(bench: Bench) -> None:
        version = await bench.version("1.0.0")
        source = f"{COMPUTE}/virtualMachines/vm-1-0-0"
        await bench.put(version, version_properties(source))
        await bench.delete(source)
        await bench.generalized_vm("vm-1-0-0")
        with pytest.raises(ArmError, match="is not allowed"):
            await bench.put(version, version_properties(source))

    with_bench(tmp_path, test)


def test_latest_is_the_highest_number_that_is_not_excluded_and_in_the_region(
    tmp_path: Path,
) -> None:
    async def test(bench: Bench) -> None:
        await bench.version("1.10.0")
        await bench.version("1.9.0")
        await bench.version("2.0.0", excludeFromLatest=True)
        await bench.version("3.0.0", targetRegions=[{"name": "North Europe"}])
        assert await version_of_a_new_machine(bench, "one", WEB) == "1.10.0"
        patch = {"properties": {"publishingProfile": {"excludeFromLatest": False}}}
        await bench.patch(f"{WEB}/versions/2.0.0", patch)
        assert await version_of_a_new_machine(bench, "two", f"{WEB}/versions/latest") == "2.0.0"
        with pytest.raises(ArmError) as refusal:
            await version_of_a_new_machine(bench, "three", f"{WEB}/versions/3.0.0")
        assert (refusal.value.status, refusal.value.code) == (404, "GalleryImageNotFound")

    with_bench(tmp_path, test)


def test_what_a_machine_left_on_its_disk_travels_with_the_version(tmp_path: Path) -> None:
    async def test(bench: Bench) -> None:
        await bench.definition()
        vm = await bench.vm()
        disk = tmp_path / "simulated" / "disks" / bench.machine(vm).disk
        (disk / "root/var/page").write_text("v2")
        await bench.act(vm, "deallocate")
        await bench.act(vm, "generalize")
        await bench.put(f"{WEB}/versions/1.0.0", version_properties(vm))
        await version_of_a_new_machine(bench, "next", WEB)
        copy = bench.machine(f"{COMPUTE}/virtualMachines/next").disk
        assert (tmp_path / "simulated" / "disks" / copy / "root/var/page").read_text() == "v2"

    with_bench(tmp_path, test)


@pytest.mark.parametrize("name", ["1.0", "1.0.0.0", "1.0.x", "1.0.2147483648"])
def test_a_version_has_three_numbers_of_32_bits(tmp_path: Path, name: str) -> None:
    async def test(bench: Bench) -> None:
        await bench.definition()
        vm = await bench.generalized_vm()
        with pytest.raises(ArmError, match="galleryImageVersionName"):
            await bench.put(f"{WEB}/versions/{name}", version_properties(vm))

    with_bench(tmp_path, test)


def test_a_version_wants_a_machine_in_the_state_of_its_definition(tmp_path: Path) -> None:
    async def test(bench: Bench) -> None:
        await bench.definition()
        vm = await bench.vm()
        await bench.act(vm, "deallocate")
        with pytest.raises(ArmError, match=r"different OS state \['Specialized'\]") as refusal:
            await bench.put(f"{WEB}/versions/1.0.0", version_properties(vm))
        assert (refusal.value.status, refusal.value.code) == (400, "BadRequest")

    with_bench(tmp_path, test)


def test_a_specialized_version_takes_no_os_profile(tmp_path: Path) -> None:
    async def test(bench: Bench) -> None:
        definition = await bench.definition("special", osState="Specialized")
        vm = await bench.vm()
        await bench.act(vm, "deallocate")
        await bench.put(f"{definition}/versions/1.0.0", version_properties(vm))
        with pytest.raises(ArmError, match="Parameter 'osProfile' is not allowed"):
            await version_of_a_new_machine(bench, "next", definition)
        properties = vm_properties(await bench.nic("next"))
        del properties["osProfile"]
        properties["storageProfile"]["imageReference"] = {"id": definition}
        await bench.put(f"{COMPUTE}/virtualMachines/next", properties)
        assert bench.states(f"{COMPUTE}/virtualMachines/next")[-1] == "PowerState/running"

    with_bench(tmp_path, test)


def test_replication_status_is_told_on_request(tmp_path: Path) -> None:
    async def test(bench: Bench) -> None:
        version = await bench.version("1.0.0")
        assert "replicationStatus" not in bench.get(version)["properties"]
        told = bench.get(version, expand="ReplicationStatus")["properties"]["replicationStatus"]
        assert told["aggregatedState"] == "Completed"
        assert told["summary"][0]["region"] == "West Europe"

    with_bench(tmp_path, test)


def test_parents_stay_while_they_have_children(tmp_path: Path) -> None:
    async def test(bench: Bench) -> None:
        version = await bench.version("1.0.0")
        for parent in (WEB, GALLERY):
            with pytest.raises(ArmError) as refusal:
                await bench.delete(parent)
            assert (refusal.value.status, refusal.value.code) == (409, "CannotDeleteResource")
        for path in (version, WEB, GALLERY):
            await bench.delete(path)
            assert not bench.exists(path)

    with_bench(tmp_path, test)


def test_a_definition_is_unique_and_fixed(tmp_path: Path) -> None:
    async def test(bench: Bench) -> None:
        definition = await bench.definition()
        properties = bench.get(definition)["properties"]
        with pytest.raises(ArmError, match="is already used by"):
            await bench.put(f"{GALLERY}/images/other", properties)
        with pytest.raises(ArmError) as refusal:
            await bench.put(definition, properties | {"osState": "Specialized"})
        assert refusal.value.code == "PropertyChangeNotAllowed"
        await bench.put(definition, properties | {"description": "the web server"})
        assert bench.get(definition)["properties"]["description"] == "the web server"

    with_bench(tmp_path, test)


def test_a_version_under_a_missing_definition_is_refused(tmp_path: Path) -> None:
    async def test(bench: Bench) -> None:
        vm = await bench.generalized_vm()
        with pytest.raises(ArmError) as refusal:
            await bench.put(f"{WEB}/versions/1.0.0", version_properties(vm))
        assert refusal.value.code == "ParentResourceNotFound"

    with_bench(tmp_path, test)


def test_marketplace_versions_are_listed_newest_first_on_request(tmp_path: Path) -> None:
    async def test(bench: Bench) -> None:
        path = (
            "subscriptions/s/providers/Microsoft.Compute/locations/West Europe/publishers/debian"
            "/ArtifactTypes/VMImage/offers/debian-12/skus/12-gen2/versions"
        )
        found = await bench.ask(path, {"$top": "1", "$orderby": "name desc"})
        assert [(one["name"], one["location"]) for one in found] == [("0.20260101.1", "westeurope")]
        one = await bench.ask(f"{path}/0.20260101.1", {})
        assert one["properties"]["osDiskImage"]["operatingSystem"] == "Linux"
        assert one["id"] == found[0]["id"]
        with pytest.raises(ArmError, match="VMImage was not found"):
            await bench.ask(f"{path}/9.9.9", {})
        assert Providers([bench.compute]).route("GET", path.split("/")[:8]) is None

    with_bench(tmp_path, test)


def test_a_version_that_was_being_published_is_finished_after_a_restart(tmp_path: Path) -> None:
    version = ResourceId.parse(f"{WEB}/versions/1.0.0")

    async def before(bench: Bench) -> None:
        await bench.definition()
        properties = version_properties(await bench.generalized_vm())
        await bench.manager.put(version, {"location": "westeurope", "properties": properties})

    async def after(bench: Bench) -> None:
        bench.manager.operations.resume()
        for operation in bench.manager.operations.under_way(version):
            await bench.manager.operations.ended(operation, 60)
        assert bench.get(str(version))["properties"]["provisioningState"] == "Succeeded"
        assert await version_of_a_new_machine(bench, "next", WEB) == "1.0.0"

    with_bench(tmp_path, before)
    with_bench(tmp_path, after)
