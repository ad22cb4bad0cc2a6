"""What `az vmss update`, `az vmss extension set` and `… identity assign` send, and what is kept."""

from __future__ import annotations

import pytest

from pipeline.emulator.arm.errors import ArmError
from pipeline.emulator.arm.ids import ResourceId
from tests.emulator.compute.bodies import COMPUTE, HEALTH, scale_set_properties, sku, vm_properties
from tests.emulator.compute.emulated_compute import EmulatedCompute


async def test_a_put_without_an_image_keeps_the_stored_one(arm: EmulatedCompute) -> None:
    scale_set = await arm.scale_set(capacity=1)
    before = arm.get(scale_set)
    given = arm.get(scale_set)["properties"]
    del given["virtualMachineProfile"]["storageProfile"]["imageReference"]
    after = await arm.put(scale_set, given, tags={"a": "1"})
    assert after["tags"] == {"a": "1"}
    profiles = [one["properties"]["virtualMachineProfile"] for one in (before, after)]
    assert profiles[0] == profiles[1]
    instance = arm.get(f"{scale_set}/virtualMachines/0")
    assert instance["properties"]["latestModelApplied"] is True


async def test_a_part_of_the_profile_that_is_left_out_stays(arm: EmulatedCompute) -> None:
    scale_set = await arm.scale_set(capacity=0, health=HEALTH)
    given = scale_set_properties()
    assert "extensionProfile" not in given["virtualMachineProfile"]
    after = await arm.put(scale_set, given)
    profile = after["properties"]["virtualMachineProfile"]
    assert [one["name"] for one in profile["extensionProfile"]["extensions"]] == ["health"]
    given["virtualMachineProfile"]["extensionProfile"] = {"extensions": []}
    after = await arm.put(scale_set, given)
    assert after["properties"]["virtualMachineProfile"]["extensionProfile"]["extensions"] == []


async def test_a_profile_without_os_profile_is_refused(arm: EmulatedCompute) -> None:
    scale_set = await arm.scale_set(capacity=0)
    given = arm.get(scale_set)["properties"]
    del given["virtualMachineProfile"]["osProfile"]
    with pytest.raises(ArmError, match="Required parameter 'osProfile' is missing") as refusal:
        await arm.put(scale_set, given)
    assert refusal.value.target == "osProfile"


async def test_a_patch_of_the_storage_profile_loses_the_disks_it_leaves_out(
    arm: EmulatedCompute,
) -> None:
    scale_set = await arm.scale_set(capacity=0)
    storage = arm.get(scale_set)["properties"]["virtualMachineProfile"]["storageProfile"]
    change = {"imageReference": storage["imageReference"]}
    after = await arm.patch(
        scale_set, {"properties": {"virtualMachineProfile": {"storageProfile": change}}}
    )
    profile = after["properties"]["virtualMachineProfile"]
    assert "createOption" in storage["osDisk"]
    assert "createOption" not in profile["storageProfile"].get("osDisk", {})
    assert profile["osProfile"]["computerNamePrefix"] == "web"
    with pytest.raises(ArmError, match="'imageReference' is missing"):
        await arm.patch(
            scale_set,
            {"properties": {"virtualMachineProfile": {"storageProfile": {"dataDisks": []}}}},
        )


async def test_an_identity_has_a_principal_that_stays(arm: EmulatedCompute) -> None:
    scale_set = await arm.scale_set(capacity=0)
    given = await arm.patch(scale_set, {"identity": {"type": "systemAssigned"}})
    assert given["identity"]["type"] == "SystemAssigned"
    assert len(given["identity"]["principalId"]) == len(given["identity"]["tenantId"]) == 36
    user = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.ManagedIdentity/x/web"
    both = {"type": "SystemAssigned, UserAssigned", "userAssignedIdentities": {user: {}}}
    after = await arm.patch(scale_set, {"identity": both})
    assert after["identity"]["principalId"] == given["identity"]["principalId"]
    assert set(after["identity"]["userAssignedIdentities"][user]) == {"principalId", "clientId"}
    assert "identity" not in await arm.patch(scale_set, {"identity": {"type": "None"}})


async def test_an_identity_of_an_unknown_type_is_refused(arm: EmulatedCompute) -> None:
    vm = await arm.vm()
    with pytest.raises(ArmError, match="Managed") as refusal:
        await arm.patch(vm, {"identity": {"type": "Managed"}})
    assert refusal.value.status == 400


async def test_conditions_count_for_machines_and_are_ignored_by_galleries(
    arm: EmulatedCompute,
) -> None:
    scale_set = await arm.scale_set(capacity=1)
    vm, instance = await arm.vm(), f"{scale_set}/virtualMachines/0"
    for path in (scale_set, vm, instance):
        etag = arm.get(path)["etag"]
        with pytest.raises(ArmError) as refusal:
            await changed(arm, path, "invalid")
        assert refusal.value.status == 412
        assert refusal.value.message == (
            f'Etag provided in if-match header "invalid" does not match etag {etag} of resource.'
        )
        await changed(arm, path, etag)
        assert arm.get(path)["etag"] != etag
    await arm.definition()
    await changed(arm, f"{COMPUTE}/galleries/gallery", "invalid")


async def changed(arm: EmulatedCompute, path: str, etag: str) -> None:
    """Write other tags under a condition."""
    identifier = ResourceId.parse(path)
    answer = await arm.manager.patch(identifier, {"tags": {"a": "1"}}, {"if-match": etag})
    await arm.manager.settle(answer)


async def test_a_disk_smaller_than_its_image_is_refused(arm: EmulatedCompute) -> None:
    small = vm_properties(await arm.nic())
    small["storageProfile"]["osDisk"]["diskSizeGB"] = 10
    with pytest.raises(ArmError, match="disk size 10 GB is smaller than") as refusal:
        await arm.vm(storageProfile=small["storageProfile"])
    assert (refusal.value.code, refusal.value.target) == (
        "OperationNotAllowed",
        "osDisk.diskSizeGB",
    )
    await arm.landing_zone()
    properties = scale_set_properties()
    properties["virtualMachineProfile"]["storageProfile"]["osDisk"]["diskSizeGB"] = 29
    with pytest.raises(ArmError, match="disk size 29 GB is smaller than"):
        await arm.put(
            "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Compute"
            "/virtualMachineScaleSets/web",
            properties,
            sku=sku(0),
        )


async def test_a_scale_set_that_never_rolled_has_no_latest_upgrade(arm: EmulatedCompute) -> None:
    scale_set = await arm.scale_set(capacity=0)
    path = scale_set.strip("/")
    with pytest.raises(
        ArmError, match="The entity was not found in this Azure location"
    ) as refusal:
        await arm.ask(f"{path}/rollingUpgrades/latest", {})
    assert (refusal.value.status, refusal.value.code) == (404, "NotFound")
    assert await arm.ask(f"{path}/osUpgradeHistory", {}) == {"value": []}
    with pytest.raises(ArmError, match="was not found"):
        await arm.ask(f"{path}-none/rollingUpgrades/latest", {})


async def test_the_catalogue_is_listed_from_the_publisher_down(arm: EmulatedCompute) -> None:
    place = "subscriptions/s/providers/Microsoft.Compute/locations/westeurope/publishers"

    async def names(path: str) -> list[str]:
        return [one["name"] for one in await arm.ask(f"{place}{path}", {})]

    assert await names("") == [
        "Debian",
        "Contoso",
        "Microsoft.ManagedServices",
        "Microsoft.Azure.Extensions",
    ]
    assert await names("/debian/artifacttypes/vmimage/offers") == ["debian-12"]
    assert await names("/Debian/artifacttypes/vmimage/offers/debian-12/skus") == [
        "12-gen2",
        "12",
        "12-arm64",
    ]
    assert await names("/Microsoft.ManagedServices/artifacttypes/vmimage/offers") == []
    types = "/Microsoft.ManagedServices/artifacttypes/vmextension/types"
    assert await names(types) == ["ApplicationHealthLinux"]
    assert await names(f"{types}/ApplicationHealthLinux/versions") == ["1.0.0.0", "2.0.0.0"]
