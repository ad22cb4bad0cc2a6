"""Virtual machines: documents, life, disks and refusals."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from pipeline.emulator.arm.errors import ArmError
from pipeline.emulator.arm.ids import ResourceId
from tests.emulator.compute.bench import (
    BASE,
    COMPUTE,
    LINUX,
    NETWORK,
    Bench,
    vm_properties,
    with_bench,
)

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


def test_a_virtual_machine_runs_and_says_so(tmp_path: Path) -> None:
    async def test(bench: Bench) -> None:
        vm = await bench.vm()
        document = bench.get(vm)
        assert document["properties"]["provisioningState"] == "Succeeded"
        reference = document["properties"]["storageProfile"]["imageReference"]
        assert reference == BASE | {"exactVersion": "0.20260101.1"}
        assert bench.states(vm) == ["ProvisioningState/succeeded", "PowerState/running"]
        nic = bench.get(f"{NETWORK}/networkInterfaces/vm-nic")
        assert nic["properties"]["virtualMachine"]["id"] == vm
        endpoint = bench.endpoint(nic["id"])
        assert endpoint.machine
        assert bench.machines.is_running(endpoint.machine)

    with_bench(tmp_path, test)


def test_no_secret_of_a_virtual_machine_is_answered(tmp_path: Path) -> None:
    async def test(bench: Bench) -> None:
        data = "aGVsbG8="
        vm = await bench.vm(userData=data)
        document = json.dumps(bench.get(vm, expand="instanceView"))
        assert "never-told-1" not in document
        assert data not in document
        assert bench.get(vm, expand="userData")["properties"]["userData"] == data

    with_bench(tmp_path, test)


@pytest.mark.parametrize(("changes", "code", "words"), REFUSED)
def test_a_virtual_machine_is_refused(
    tmp_path: Path, changes: dict[str, Any], code: str, words: str
) -> None:
    async def test(bench: Bench) -> None:
        with pytest.raises(ArmError, match=words) as refusal:
            await bench.vm(**changes)
        assert refusal.value.code == code
        assert not bench.exists(f"{COMPUTE}/virtualMachines/vm")

    with_bench(tmp_path, test)


def test_a_network_interface_serves_one_virtual_machine(tmp_path: Path) -> None:
    async def test(bench: Bench) -> None:
        await bench.vm()
        nic = f"{NETWORK}/networkInterfaces/vm-nic"
        with pytest.raises(ArmError, match="is used by existing VM") as refusal:
            await bench.put(f"{COMPUTE}/virtualMachines/other", vm_properties(nic))
        assert refusal.value.code == "NicInUse"

    with_bench(tmp_path, test)


def test_a_deallocated_machine_can_be_started_again_but_a_generalized_one_cannot(
    tmp_path: Path,
) -> None:
    async def test(bench: Bench) -> None:
        vm = await bench.vm()
        with pytest.raises(ArmError, match="'generalize' is not allowed on VM 'vm'"):
            await bench.act(vm, "generalize")
        assert await bench.act(vm, "deallocate") == 202
        assert bench.states(vm)[-1] == "PowerState/deallocated"
        await bench.act(vm, "start")
        assert bench.states(vm)[-1] == "PowerState/running"
        await bench.act(vm, "powerOff")
        assert await bench.act(vm, "generalize") == 200
        assert "OSState/generalized" in bench.states(vm)
        with pytest.raises(ArmError, match="since the VM is generalized") as refusal:
            await bench.act(vm, "start")
        assert (refusal.value.status, refusal.value.code) == (409, "OperationNotAllowed")

    with_bench(tmp_path, test)


def test_deleting_a_machine_leaves_its_disk_and_nic_unless_told_otherwise(tmp_path: Path) -> None:
    async def test(bench: Bench) -> None:
        vm = await bench.vm()
        disk = bench.get(vm)["properties"]["storageProfile"]["osDisk"]["managedDisk"]["id"]
        with pytest.raises(ArmError, match="is attached to VM") as refusal:
            await bench.delete(disk)
        assert refusal.value.code == "OperationNotAllowed"
        await bench.delete(vm)
        assert bench.get(disk)["properties"]["diskState"] == "Unattached"
        assert (
            "virtualMachine" not in bench.get(f"{NETWORK}/networkInterfaces/vm-nic")["properties"]
        )
        await bench.delete(disk)
        assert not bench.exists(disk)

    with_bench(tmp_path, test)


def test_a_delete_option_takes_disk_and_nic_along(tmp_path: Path) -> None:
    async def test(bench: Bench) -> None:
        nic = await bench.nic()
        properties = vm_properties(nic)
        properties["storageProfile"]["osDisk"] |= {"deleteOption": "Delete", "name": "osdisk"}
        interfaces = [{"id": nic, "properties": {"deleteOption": "Delete"}}]
        properties["networkProfile"] = {"networkInterfaces": interfaces}
        vm = f"{COMPUTE}/virtualMachines/vm"
        await bench.put(vm, properties)
        assert bench.exists(f"{COMPUTE}/disks/osdisk")
        await bench.delete(vm)
        assert not bench.exists(f"{COMPUTE}/disks/osdisk")
        assert not bench.exists(nic)

    with_bench(tmp_path, test)


def test_a_kept_disk_can_be_attached_to_a_new_machine(tmp_path: Path) -> None:
    async def test(bench: Bench) -> None:
        vm = await bench.vm()
        disk = bench.get(vm)["properties"]["storageProfile"]["osDisk"]["managedDisk"]["id"]
        await bench.delete(vm)
        properties = vm_properties(await bench.nic("second"))
        del properties["osProfile"]
        properties["storageProfile"] = {
            "osDisk": {"createOption": "Attach", "managedDisk": {"id": disk}}
        }
        again = f"{COMPUTE}/virtualMachines/again"
        await bench.put(again, properties)
        assert bench.get(disk)["managedBy"] == again
        assert bench.states(again)[-1] == "PowerState/running"

    with_bench(tmp_path, test)


def test_a_second_disk_of_the_same_name_is_refused(tmp_path: Path) -> None:
    async def test(bench: Bench) -> None:
        for name in ("one", "two"):
            properties = vm_properties(await bench.nic(name))
            properties["storageProfile"]["osDisk"]["name"] = "osdisk"
            if name == "one":
                await bench.put(f"{COMPUTE}/virtualMachines/one", properties)
        with pytest.raises(ArmError, match="Disk osdisk already exists in resource group RG"):
            await bench.put(f"{COMPUTE}/virtualMachines/two", properties)

    with_bench(tmp_path, test)


def test_tags_and_size_change_but_user_and_image_do_not(tmp_path: Path) -> None:
    async def test(bench: Bench) -> None:
        vm = await bench.vm()
        before = bench.get(vm)["properties"]["vmId"]
        change = {"tags": {"a": "b"}, "properties": {"hardwareProfile": {"vmSize": "Standard_B2s"}}}
        after = await bench.patch(vm, change)
        assert (after["tags"], after["properties"]["vmId"]) == ({"a": "b"}, before)
        assert bench.states(vm)[-1] == "PowerState/running"
        for forbidden in (
            {"osProfile": {"adminUsername": "other"}},
            {"storageProfile": {"imageReference": {"sku": "13"}}},
        ):
            with pytest.raises(ArmError) as refusal:
                await bench.patch(vm, {"properties": forbidden})
            assert refusal.value.code == "PropertyChangeNotAllowed"

    with_bench(tmp_path, test)


def test_an_answer_can_be_put_back_unchanged(tmp_path: Path) -> None:
    async def test(bench: Bench) -> None:
        vm = await bench.vm()
        document = bench.get(vm, expand="instanceView")
        await bench.put(vm, document["properties"])
        assert bench.get(vm)["properties"] == {
            key: value for key, value in document["properties"].items() if key != "instanceView"
        }

    with_bench(tmp_path, test)


def test_the_health_extension_probes_a_single_machine_and_no_other_is_served(
    tmp_path: Path,
) -> None:
    async def test(bench: Bench) -> None:
        vm = await bench.vm()
        health = {
            "publisher": "Microsoft.ManagedServices",
            "type": "ApplicationHealthLinux",
            "typeHandlerVersion": "2.0",
            "settings": {"protocol": "http", "port": 8080},
        }
        await bench.put(f"{vm}/extensions/health", health)
        machine = bench.machine(vm).machine
        assert bench.endpoint(f"{NETWORK}/networkInterfaces/vm-nic").health_port == 8080
        await bench.machines.open_ports(machine, frozenset({8080}))
        await bench.act(vm, "restart")
        async with asyncio.timeout(60):
            while bench.health.state(vm.lower()) != "healthy":
                await bench.health.changes()
        view = bench.get(vm, expand="instanceView")["properties"]["instanceView"]
        assert view["vmHealth"]["status"]["code"] == "HealthState/healthy"
        await bench.delete(f"{vm}/extensions/health")
        assert "vmHealth" not in bench.get(vm, expand="instanceView")["properties"]["instanceView"]
        script = {"publisher": "Microsoft.Compute", "type": "CustomScriptExtension"}
        with pytest.raises(ArmError, match=r"Microsoft\.Compute\.CustomScriptExtension"):
            await bench.put(f"{vm}/extensions/script", script)

    with_bench(tmp_path, test)


def test_a_machine_that_ends_by_itself_is_shown_as_stopped(tmp_path: Path) -> None:
    async def test(bench: Bench) -> None:
        vm = await bench.vm()
        await bench.machines.stop(bench.machine(vm).machine)
        assert bench.states(vm)[-1] == "PowerState/stopped"
        await bench.act(vm, "start")
        assert bench.states(vm)[-1] == "PowerState/running"

    with_bench(tmp_path, test)


def test_machines_run_again_after_a_restart_of_the_emulator(tmp_path: Path) -> None:
    async def before(bench: Bench) -> None:
        await bench.vm("running")
        await bench.act(await bench.vm("stopped"), "powerOff")

    async def after(bench: Bench) -> None:
        running, stopped = (f"{COMPUTE}/virtualMachines/{name}" for name in ("running", "stopped"))
        assert not bench.machines.is_running(bench.machine(running).machine)
        await bench.compute.resume()
        assert bench.machines.is_running(bench.machine(running).machine)
        endpoint = bench.endpoint(f"{NETWORK}/networkInterfaces/running-nic")
        assert endpoint.machine
        assert not bench.machines.is_running(bench.machine(stopped).machine)

    with_bench(tmp_path, before)
    with_bench(tmp_path, after)


def test_a_machine_that_was_being_made_is_finished_after_a_restart(tmp_path: Path) -> None:
    vm = f"{COMPUTE}/virtualMachines/vm"

    async def before(bench: Bench) -> None:
        body = {"location": "westeurope", "properties": vm_properties(await bench.nic())}
        await bench.manager.put(ResourceId.parse(vm), body)

    async def after(bench: Bench) -> None:
        operations = bench.manager.operations
        operations.resume()
        await bench.compute.resume()
        for operation in operations.under_way(ResourceId.parse(vm)):
            await operations.ended(operation, 60)
        assert bench.states(vm) == ["ProvisioningState/succeeded", "PowerState/running"]

    with_bench(tmp_path, before)
    with_bench(tmp_path, after)
