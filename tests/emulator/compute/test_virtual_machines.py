"""Virtual machines: documents, life, disks and refusals."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from pipeline.emulator.arm.errors import ArmError
from pipeline.emulator.arm.ids import ResourceId
from tests.emulator.compute.bodies import BASE, COMPUTE, LINUX, NETWORK, vm_properties
from tests.emulator.compute.emulated_compute import EmulatedCompute, emulated_compute

REFUSED = [
    pytest.param({"hardwareProfile": {"vmSize": "Huge"}}, "InvalidParameter", "Huge", id="size"),
    pytest.param(
        {"osProfile": {"adminUsername": "root", "linuxConfiguration": LINUX}},
        "InvalidParameter",
        "Admin Username",
        id="user",
    ),
    pytest.param(
        {"osProfile": {"adminUsername": "a", "linuxConfiguration": {}}},
        "InvalidParameter",
        "either SSH or by user name and password",
        id="no login",
    ),
    pytest.param(
        {
            "osProfile": {
                "adminUsername": "a",
                "customData": "no base64",
                "linuxConfiguration": LINUX,
            }
        },
        "InvalidParameter",
        "Base64",
        id="custom data",
    ),
    pytest.param(
        {"storageProfile": {"imageReference": BASE | {"version": "1.0.0"}}},
        "PlatformImageNotFound",
        "Debian:debian-12:12-gen2:1.0.0",
        id="image version",
    ),
    pytest.param(
        {"storageProfile": {"imageReference": BASE, "dataDisks": [{"lun": 0}]}},
        "NotServedByEmulator",
        "dataDisks",
        id="data disks",
    ),
    pytest.param(
        {"networkProfile": {"networkInterfaces": [{"id": f"{NETWORK}/networkInterfaces/none"}]}},
        "InvalidResourceReference",
        "networkInterfaces/none",
        id="missing NIC",
    ),
]


async def test_a_virtual_machine_runs_and_shows_it(arm: EmulatedCompute) -> None:
    vm = await arm.vm()
    document = arm.get(vm)
    assert document["properties"]["provisioningState"] == "Succeeded"
    reference = document["properties"]["storageProfile"]["imageReference"]
    assert reference == BASE | {"exactVersion": "0.20260101.1"}
    assert arm.states(vm) == ["ProvisioningState/succeeded", "PowerState/running"]
    nic = arm.get(f"{NETWORK}/networkInterfaces/vm-nic")
    assert nic["properties"]["virtualMachine"]["id"] == vm
    endpoint = arm.endpoint(nic["id"])
    assert endpoint.machine
    assert arm.machines.is_running(endpoint.machine)


async def test_no_secret_of_a_virtual_machine_is_answered(arm: EmulatedCompute) -> None:
    data = "aGVsbG8="
    vm = await arm.vm(userData=data)
    document = json.dumps(arm.get(vm, expand="instanceView"))
    assert "never-shown-1" not in document
    assert data not in document
    assert arm.get(vm, expand="userData")["properties"]["userData"] == data


@pytest.mark.parametrize(("changes", "code", "words"), REFUSED)
async def test_a_virtual_machine_is_refused(
    arm: EmulatedCompute, changes: dict[str, Any], code: str, words: str
) -> None:
    with pytest.raises(ArmError, match=words) as refusal:
        await arm.vm(**changes)
    assert refusal.value.code == code
    assert not arm.exists(f"{COMPUTE}/virtualMachines/vm")


async def test_a_network_interface_serves_one_virtual_machine(arm: EmulatedCompute) -> None:
    await arm.vm()
    nic = f"{NETWORK}/networkInterfaces/vm-nic"
    with pytest.raises(ArmError, match="is used by existing VM") as refusal:
        await arm.put(f"{COMPUTE}/virtualMachines/other", vm_properties(nic))
    assert refusal.value.code == "NicInUse"


async def test_a_deallocated_machine_can_be_started_again_but_a_generalized_one_cannot(
    arm: EmulatedCompute,
) -> None:
    vm = await arm.vm()
    with pytest.raises(ArmError, match="'generalize' is not allowed on VM 'vm'"):
        await arm.act(vm, "generalize")
    assert await arm.act(vm, "deallocate") == 202
    assert arm.states(vm)[-1] == "PowerState/deallocated"
    await arm.act(vm, "start")
    assert arm.states(vm)[-1] == "PowerState/running"
    await arm.act(vm, "powerOff")
    assert await arm.act(vm, "generalize") == 200
    assert "OSState/generalized" in arm.states(vm)
    with pytest.raises(ArmError, match="since the VM is generalized") as refusal:
        await arm.act(vm, "start")
    assert (refusal.value.status, refusal.value.code) == (409, "OperationNotAllowed")


async def test_deleting_a_machine_leaves_its_disk_and_nic_unless_asked_otherwise(
    arm: EmulatedCompute,
) -> None:
    vm = await arm.vm()
    disk = arm.get(vm)["properties"]["storageProfile"]["osDisk"]["managedDisk"]["id"]
    with pytest.raises(ArmError, match="is attached to VM") as refusal:
        await arm.delete(disk)
    assert refusal.value.code == "OperationNotAllowed"
    await arm.delete(vm)
    assert arm.get(disk)["properties"]["diskState"] == "Unattached"
    assert "virtualMachine" not in arm.get(f"{NETWORK}/networkInterfaces/vm-nic")["properties"]
    await arm.delete(disk)
    assert not arm.exists(disk)


async def test_a_delete_option_takes_disk_and_nic_along(arm: EmulatedCompute) -> None:
    nic = await arm.nic()
    properties = vm_properties(nic)
    properties["storageProfile"]["osDisk"] |= {"deleteOption": "Delete", "name": "osdisk"}
    interfaces = [{"id": nic, "properties": {"deleteOption": "Delete"}}]
    properties["networkProfile"] = {"networkInterfaces": interfaces}
    vm = f"{COMPUTE}/virtualMachines/vm"
    await arm.put(vm, properties)
    assert arm.exists(f"{COMPUTE}/disks/osdisk")
    await arm.delete(vm)
    assert not arm.exists(f"{COMPUTE}/disks/osdisk")
    assert not arm.exists(nic)


async def test_a_kept_disk_can_be_attached_to_a_new_machine(arm: EmulatedCompute) -> None:
    vm = await arm.vm()
    disk = arm.get(vm)["properties"]["storageProfile"]["osDisk"]["managedDisk"]["id"]
    await arm.delete(vm)
    properties = vm_properties(await arm.nic("second"))
    del properties["osProfile"]
    properties["storageProfile"] = {
        "osDisk": {"createOption": "Attach", "managedDisk": {"id": disk}}
    }
    again = f"{COMPUTE}/virtualMachines/again"
    await arm.put(again, properties)
    assert arm.get(disk)["managedBy"] == again
    assert arm.states(again)[-1] == "PowerState/running"


async def test_a_second_disk_of_the_same_name_is_refused(arm: EmulatedCompute) -> None:
    for name in ("one", "two"):
        properties = vm_properties(await arm.nic(name))
        properties["storageProfile"]["osDisk"]["name"] = "osdisk"
        if name == "one":
            await arm.put(f"{COMPUTE}/virtualMachines/one", properties)
    with pytest.raises(ArmError, match="Disk osdisk already exists in resource group RG"):
        await arm.put(f"{COMPUTE}/virtualMachines/two", properties)


async def test_tags_and_size_change_but_user_and_image_do_not(arm: EmulatedCompute) -> None:
    vm = await arm.vm()
    before = arm.get(vm)["properties"]["vmId"]
    change = {"tags": {"a": "b"}, "properties": {"hardwareProfile": {"vmSize": "Standard_B2s"}}}
    after = await arm.patch(vm, change)
    assert (after["tags"], after["properties"]["vmId"]) == ({"a": "b"}, before)
    assert arm.states(vm)[-1] == "PowerState/running"
    for forbidden in (
        {"osProfile": {"adminUsername": "other"}},
        {"storageProfile": {"imageReference": {"sku": "13"}}},
    ):
        with pytest.raises(ArmError) as refusal:
            await arm.patch(vm, {"properties": forbidden})
        assert refusal.value.code == "PropertyChangeNotAllowed"


async def test_an_answer_can_be_put_back_unchanged(arm: EmulatedCompute) -> None:
    vm = await arm.vm()
    document = arm.get(vm, expand="instanceView")
    await arm.put(vm, document["properties"])
    assert arm.get(vm)["properties"] == {
        key: value for key, value in document["properties"].items() if key != "instanceView"
    }


async def test_the_health_extension_probes_a_single_machine_and_no_other_is_served(
    arm: EmulatedCompute,
) -> None:
    vm = await arm.vm()
    health = {
        "publisher": "Microsoft.ManagedServices",
        "type": "ApplicationHealthLinux",
        "typeHandlerVersion": "2.0",
        "settings": {"protocol": "http", "port": 8080},
    }
    await arm.put(f"{vm}/extensions/health", health)
    machine = arm.machine(vm).machine
    assert arm.endpoint(f"{NETWORK}/networkInterfaces/vm-nic").health_port == 8080
    await arm.machines.open_ports(machine, frozenset({8080}))
    await arm.act(vm, "restart")
    async with asyncio.timeout(60):
        while arm.health.state(vm.lower()) != "healthy":
            await arm.health.changes()
    view = arm.get(vm, expand="instanceView")["properties"]["instanceView"]
    assert view["vmHealth"]["status"]["code"] == "HealthState/healthy"
    await arm.delete(f"{vm}/extensions/health")
    assert "vmHealth" not in arm.get(vm, expand="instanceView")["properties"]["instanceView"]
    script = {
        "publisher": "Microsoft.Compute",
        "type": "CustomScriptExtension",
        "typeHandlerVersion": "1.10",
    }
    with pytest.raises(ArmError, match=r"Microsoft\.Compute\.CustomScriptExtension"):
        await arm.put(f"{vm}/extensions/script", script)


async def test_a_machine_that_ends_by_itself_is_shown_as_stopped(arm: EmulatedCompute) -> None:
    vm = await arm.vm()
    await arm.machines.stop(arm.machine(vm).machine)
    assert arm.states(vm)[-1] == "PowerState/stopped"
    await arm.act(vm, "start")
    assert arm.states(vm)[-1] == "PowerState/running"


async def test_machines_run_again_after_a_restart_of_the_emulator(tmp_path: Path) -> None:
    async with emulated_compute(tmp_path) as arm:
        await arm.vm("running")
        await arm.act(await arm.vm("stopped"), "powerOff")
    async with emulated_compute(tmp_path) as arm:
        running, stopped = (f"{COMPUTE}/virtualMachines/{name}" for name in ("running", "stopped"))
        assert not arm.machines.is_running(arm.machine(running).machine)
        await arm.compute.resume()
        assert arm.machines.is_running(arm.machine(running).machine)
        endpoint = arm.endpoint(f"{NETWORK}/networkInterfaces/running-nic")
        assert endpoint.machine
        assert not arm.machines.is_running(arm.machine(stopped).machine)


async def test_a_machine_that_was_being_made_is_finished_after_a_restart(tmp_path: Path) -> None:
    vm = f"{COMPUTE}/virtualMachines/vm"

    async with emulated_compute(tmp_path) as arm:
        body = {"location": "westeurope", "properties": vm_properties(await arm.nic())}
        await arm.manager.put(ResourceId.parse(vm), body)
    async with emulated_compute(tmp_path) as arm:
        operations = arm.manager.operations
        operations.resume()
        await arm.compute.resume()
        for operation in operations.under_way(ResourceId.parse(vm)):
            await operations.ended(operation, 60)
        assert arm.states(vm) == ["ProvisioningState/succeeded", "PowerState/running"]
