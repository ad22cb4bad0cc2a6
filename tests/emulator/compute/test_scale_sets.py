"""Scale sets: instances, upgrades, scaling, health and refusals."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from pipeline.emulator.arm.errors import ArmError
from pipeline.emulator.arm.ids import ResourceId
from pipeline.emulator.compute.internals import ScaleSetInternals
from tests.emulator.compute.bodies import (
    BALANCER,
    COMPUTE,
    HEALTH,
    scale_set_properties,
    sku,
)
from tests.emulator.compute.emulated_compute import EmulatedCompute, emulated_compute

GALLERY_IMAGE = {"id": f"{COMPUTE}/galleries/gallery/images/web"}


def health_states(arm: EmulatedCompute, scale_set: str) -> list[str]:
    """The health of the instances, by number."""
    views = (
        arm.get(f"{scale_set}/virtualMachines/{number}", expand="instanceView")
        for number in arm.numbers(scale_set)
    )
    return [view["properties"]["instanceView"]["vmHealth"]["status"]["code"] for view in views]


async def scaled(arm: EmulatedCompute, scale_set: str, capacity: int) -> list[str]:
    """The numbers of the instances after a PUT of size and capacity alone."""
    body = {"location": "westeurope", "sku": sku(capacity)}
    await arm.manager.settle(await arm.manager.put(ResourceId.parse(scale_set), body))
    return arm.numbers(scale_set)


async def health_becomes(arm: EmulatedCompute, scale_set: str, wanted: list[str]) -> None:
    """Wait until the instances, by number, are in these states; a minute at most."""
    health = arm.health
    async with asyncio.timeout(60):
        while health_states(arm, scale_set) != [f"HealthState/{state}" for state in wanted]:
            await health.changes()


async def test_a_scale_set_has_as_many_running_instances_as_its_capacity(
    arm: EmulatedCompute,
) -> None:
    scale_set = await arm.scale_set(capacity=3)
    assert arm.numbers(scale_set) == ["0", "1", "2"]
    instance = arm.get(f"{scale_set}/virtualMachines/1", expand="instanceView")
    assert instance["name"] == "web_1"
    assert instance["properties"]["osProfile"]["computerName"] == "web000001"
    assert instance["properties"]["latestModelApplied"] is True
    codes = [one["code"] for one in instance["properties"]["instanceView"]["statuses"]]
    assert codes == ["ProvisioningState/succeeded", "PowerState/running"]
    endpoint = arm.endpoint(f"{scale_set}/virtualMachines/1")
    assert endpoint.pools == (f"{BALANCER}/backendAddressPools/blue",)
    assert endpoint.ip_configuration == (
        f"{scale_set}/virtualMachines/1/networkInterfaces/nic/ipConfigurations/ip"
    )
    assert arm.machines.is_running(endpoint.machine)
    answer = arm.manager.view(ResourceId.parse(scale_set), "instanceView")
    assert answer is not None
    assert answer.body["virtualMachine"]["statusesSummary"] == [
        {"code": "PowerState/running", "count": 3},
        {"code": "ProvisioningState/succeeded", "count": 3},
    ]


async def test_no_secret_of_a_scale_set_is_answered_or_lost(arm: EmulatedCompute) -> None:
    scale_set = await arm.scale_set(health=HEALTH)
    document = arm.get(scale_set)
    shown = json.dumps([document, arm.get(f"{scale_set}/virtualMachines/0")])
    assert "never-shown-2" not in shown
    assert "protectedSettings" not in shown
    await arm.put(scale_set, document["properties"])
    kept = arm.internals(scale_set, ScaleSetInternals)
    assert kept.secrets.password == "never-shown-2"
    assert {name: arm.sealer.open(one) for name, one in kept.protected.items()} == {
        "health": {"never": "shown"}
    }
    assert "never" not in kept.protected["health"]
    instance = arm.get(f"{scale_set}/virtualMachines/0")
    assert instance["properties"]["latestModelApplied"] is True


async def test_a_put_of_size_and_capacity_alone_scales_and_numbers_are_never_reused(
    arm: EmulatedCompute,
) -> None:
    scale_set = await arm.scale_set(capacity=3)
    assert await scaled(arm, scale_set, 1) == ["0"]
    assert await scaled(arm, scale_set, 3) == ["0", "3", "4"]
    assert arm.get(scale_set)["properties"]["upgradePolicy"] == {"mode": "Manual"}
    protected = {"protectionPolicy": {"protectFromScaleIn": True}}
    await arm.put(f"{scale_set}/virtualMachines/4", protected)
    assert await scaled(arm, scale_set, 2) == ["0", "4"]


async def test_the_oldest_are_removed_first_when_the_policy_says_so(arm: EmulatedCompute) -> None:
    scale_set = await arm.scale_set(capacity=3)
    policy = {"scaleInPolicy": {"rules": ["OldestVM"]}}
    await arm.put(scale_set, policy, sku=sku(1))
    assert arm.numbers(scale_set) == ["2"]


async def test_a_deleted_instance_is_not_replaced(arm: EmulatedCompute) -> None:
    scale_set = await arm.scale_set(capacity=4)
    machine = arm.machine(f"{scale_set}/virtualMachines/1").machine
    await arm.delete(f"{scale_set}/virtualMachines/1")
    assert not arm.machines.is_running(machine)
    assert await arm.act(scale_set, "delete", instanceIds=["0", "2"]) == 202
    assert arm.numbers(scale_set) == ["3"]
    assert arm.get(scale_set)["sku"]["capacity"] == 1
    with pytest.raises(ArmError, match="instanceId 857 is not an active"):
        await arm.act(scale_set, "delete", instanceIds=["857"])


async def test_a_new_image_waits_for_a_manual_upgrade(arm: EmulatedCompute) -> None:
    await arm.version("1.0.0")
    scale_set = await arm.scale_set(image=GALLERY_IMAGE)
    second = await arm.version("1.0.1")
    await arm.put(scale_set, scale_set_properties(image={"id": second}), sku=sku(2))
    one = f"{scale_set}/virtualMachines/1"
    assert arm.get(one)["properties"]["latestModelApplied"] is False
    assert arm.machine(one).source.version == "1.0.0"
    address = arm.endpoint(one).address
    await arm.act(scale_set, "manualupgrade", instanceIds=["1"])
    assert arm.get(one)["properties"]["latestModelApplied"] is True
    assert arm.machine(one).source.version == "1.0.1"
    assert arm.endpoint(one).address == address
    assert arm.machine(f"{scale_set}/virtualMachines/0").source.version == "1.0.0"


async def test_under_automatic_a_new_image_reaches_all_instances(arm: EmulatedCompute) -> None:
    first = await arm.version("1.0.0")
    second = await arm.version("1.0.1")
    scale_set = await arm.scale_set(image={"id": first}, mode="Automatic")
    properties = scale_set_properties(image={"id": second}, mode="Automatic")
    await arm.put(scale_set, properties, sku=sku(2))
    for number in arm.numbers(scale_set):
        made = arm.machine(f"{scale_set}/virtualMachines/{number}")
        assert made.source.version == "1.0.1"


async def test_a_network_change_is_applied_without_a_reboot(arm: EmulatedCompute) -> None:
    scale_set = await arm.scale_set(capacity=1)
    one = f"{scale_set}/virtualMachines/0"
    before = arm.machine(one).provisioned_at
    await arm.put(scale_set, scale_set_properties(pools=("green",)), sku=sku(1))
    assert arm.endpoint(one).pools[0].endswith("/blue")
    await arm.act(scale_set, "manualupgrade", instanceIds=["*"])
    assert arm.endpoint(one).pools[0].endswith("/green")
    assert arm.endpoint(one).machine
    assert arm.machine(one).provisioned_at == before


async def test_new_instances_take_the_newest_version_of_a_definition(arm: EmulatedCompute) -> None:
    await arm.version("1.0.0")
    scale_set = await arm.scale_set(image=GALLERY_IMAGE, capacity=1)
    await arm.version("1.0.1")
    await arm.patch(scale_set, {"sku": {"capacity": 2}})
    versions = [
        arm.get(f"{scale_set}/virtualMachines/{number}")["properties"]["storageProfile"][
            "imageReference"
        ]["exactVersion"]
        for number in arm.numbers(scale_set)
    ]
    assert versions == ["1.0.0", "1.0.1"]
    model = arm.get(scale_set)["properties"]["virtualMachineProfile"]
    assert model["storageProfile"]["imageReference"] == GALLERY_IMAGE


async def test_instances_stop_start_and_are_reimaged(arm: EmulatedCompute, tmp_path: Path) -> None:
    scale_set = await arm.scale_set(capacity=2)
    one = f"{scale_set}/virtualMachines/0"
    await arm.act(scale_set, "deallocate", instanceIds=["0"])
    assert arm.states(one)[-1] == "PowerState/deallocated"
    assert not arm.endpoint(one).machine
    await arm.patch(scale_set, {"tags": {"a": "b"}})
    assert arm.states(one)[-1] == "PowerState/deallocated"
    await arm.act(one, "start")
    disk = tmp_path / "simulated/disks" / arm.machine(one).disk
    (disk / "root/var/trace").write_text("used")
    await arm.act(one, "reimage")
    assert arm.states(one)[-1] == "PowerState/running"
    assert not (disk / "root/var/trace").exists()


async def test_instances_become_healthy_and_a_stopped_one_has_no_health(
    arm: EmulatedCompute,
) -> None:
    scale_set = await arm.scale_set(health=HEALTH)
    await health_becomes(arm, scale_set, ["healthy", "healthy"])
    machine = arm.machine(f"{scale_set}/virtualMachines/0").machine
    arm.machines.set_fault(machine, "unhealthy")
    await arm.act(scale_set, "restart", instanceIds=["0"])
    await health_becomes(arm, scale_set, ["initializing", "healthy"])
    await arm.act(scale_set, "deallocate", instanceIds=["1"])
    view = arm.get(f"{scale_set}/virtualMachines/1", expand="instanceView")
    assert "vmHealth" not in view["properties"]["instanceView"]


async def test_a_deleted_scale_set_leaves_nothing(arm: EmulatedCompute, tmp_path: Path) -> None:
    scale_set = await arm.scale_set(capacity=3)
    instances = [arm.machine(f"{scale_set}/virtualMachines/{n}") for n in range(3)]
    await arm.delete(scale_set)
    assert not arm.exists(scale_set)
    for number, instance in enumerate(instances):
        assert not arm.exists(f"{scale_set}/virtualMachines/{number}")
        assert not arm.machines.is_running(instance.machine)
        assert not (tmp_path / "simulated/disks" / instance.disk).exists()


async def test_an_instance_that_does_not_start_fails_the_operation_and_is_tried_again(
    arm: EmulatedCompute,
) -> None:
    await arm.landing_zone()
    path = f"{COMPUTE}/virtualMachineScaleSets/web"
    taken = arm.addresses.take(f"{path}/virtualMachines/1")
    blocker = await asyncio.start_server(lambda reader, writer: writer.close(), taken, 2222)
    async with blocker:
        with pytest.raises(ArmError, match="1 of 2 instances failed") as refusal:
            await arm.scale_set(capacity=2)
    assert refusal.value.details[0].code == "OSProvisioningInternalError"
    states = [
        arm.get(f"{path}/virtualMachines/{n}")["properties"]["provisioningState"] for n in range(2)
    ]
    assert states == ["Succeeded", "Failed"]
    await arm.scale_set(capacity=2)
    assert arm.states(f"{path}/virtualMachines/1")[-1] == "PowerState/running"


async def test_the_etag_counts_and_guards_a_write(arm: EmulatedCompute) -> None:
    scale_set = ResourceId.parse(await arm.scale_set(capacity=1))
    etag = arm.get(str(scale_set))["etag"]
    assert etag.strip('"').isdigit()
    body = {"location": "westeurope", "sku": sku(1)}
    await arm.manager.settle(await arm.manager.put(scale_set, body, {"if-match": etag}))
    with pytest.raises(ArmError) as refusal:
        await arm.manager.put(scale_set, body, {"if-match": etag})
    assert refusal.value.status == 412


async def test_instances_run_again_after_a_restart_of_the_emulator(tmp_path: Path) -> None:
    scale_set = f"{COMPUTE}/virtualMachineScaleSets/web"

    async with emulated_compute(tmp_path) as arm:
        await arm.scale_set(health=HEALTH, capacity=2)
        await arm.act(scale_set, "poweroff", instanceIds=["0"])
    async with emulated_compute(tmp_path) as arm:
        await arm.compute.resume()
        running = [
            arm.machines.is_running(arm.machine(f"{scale_set}/virtualMachines/{n}").machine)
            for n in range(2)
        ]
        assert running == [False, True]


async def test_a_scale_set_that_was_being_made_is_finished_after_a_restart(tmp_path: Path) -> None:
    scale_set = ResourceId.parse(f"{COMPUTE}/virtualMachineScaleSets/web")

    async with emulated_compute(tmp_path) as arm:
        await arm.landing_zone()
        body = {"location": "westeurope", "properties": scale_set_properties(), "sku": sku(5)}
        await arm.manager.put(scale_set, body)
    async with emulated_compute(tmp_path) as arm:
        arm.manager.operations.resume()
        await arm.compute.resume()
        for operation in arm.manager.operations.under_way(scale_set):
            await arm.manager.operations.ended(operation, 60)
        assert arm.numbers(str(scale_set)) == ["0", "1", "2", "3", "4"]
        assert arm.states(f"{scale_set}/virtualMachines/4")[-1] == "PowerState/running"


@pytest.mark.nightly
@pytest.mark.slow
async def test_a_thousand_instances_fit(arm: EmulatedCompute) -> None:
    scale_set = await arm.scale_set(capacity=1000)
    assert len(arm.numbers(scale_set)) == 1000
