"""Scale sets: instances, upgrades, scaling, health and refusals."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from pipeline.emulator.arm.errors import ArmError
from pipeline.emulator.arm.ids import ResourceId
from pipeline.emulator.compute.internals import ScaleSetInternals
from tests.emulator.compute.bench import (
    BALANCER,
    BASE,
    COMPUTE,
    NETWORK,
    SUBNET,
    Bench,
    balancer_properties,
    rule,
    scale_set_properties,
    sku,
    with_bench,
)

HEALTH = {"protocol": "http", "port": 8080, "requestPath": "/healthz", "intervalInSeconds": 5}
GALLERY_IMAGE = {"id": f"{COMPUTE}/galleries/gallery/images/web"}


async def health_becomes(bench: Bench, scale_set: str, wanted: list[str]) -> None:
    """Wait until the instances, by number, are in these states; a minute at most."""

    def states() -> list[str]:
        views = (
            bench.get(f"{scale_set}/virtualMachines/{number}", expand="instanceView")
            for number in bench.numbers(scale_set)
        )
        return [view["properties"]["instanceView"]["vmHealth"]["status"]["code"] for view in views]

    health = bench.health
    async with asyncio.timeout(60):
        while states() != [f"HealthState/{state}" for state in wanted]:
            await health.changes()


def test_a_scale_set_has_as_many_running_instances_as_its_capacity(tmp_path: Path) -> None:
    async def test(bench: Bench) -> None:
        scale_set = await bench.scale_set(capacity=3)
        assert bench.numbers(scale_set) == ["0", "1", "2"]
        instance = bench.get(f"{scale_set}/virtualMachines/1", expand="instanceView")
        assert instance["name"] == "web_1"
        assert instance["properties"]["osProfile"]["computerName"] == "web000001"
        assert instance["properties"]["latestModelApplied"] is True
        codes = [one["code"] for one in instance["properties"]["instanceView"]["statuses"]]
        assert codes == ["ProvisioningState/succeeded", "PowerState/running"]
        endpoint = bench.endpoint(f"{scale_set}/virtualMachines/1")
        assert endpoint.pools == (f"{BALANCER}/backendAddressPools/blue",)
        assert endpoint.ip_configuration == (
            f"{scale_set}/virtualMachines/1/networkInterfaces/nic/ipConfigurations/ip"
        )
        assert bench.machines.is_running(endpoint.machine)
        answer = bench.manager.view(ResourceId.parse(scale_set), "instanceView")
        assert answer is not None
        assert answer.body["virtualMachine"]["statusesSummary"] == [
            {"code": "PowerState/running", "count": 3},
            {"code": "ProvisioningState/succeeded", "count": 3},
        ]

    with_bench(tmp_path, test)


def test_no_secret_of_a_scale_set_is_answered_or_lost(tmp_path: Path) -> None:
    async def test(bench: Bench) -> None:
        scale_set = await bench.scale_set(health=HEALTH)
        document = bench.get(scale_set)
        told = json.dumps([document, bench.get(f"{scale_set}/virtualMachines/0")])
        assert "never-told-2" not in told
        assert "protectedSettings" not in told
        await bench.put(scale_set, document["properties"])
        kept = bench.internals(scale_set, ScaleSetInternals)
        assert kept.secrets.password == "never-told-2"
        assert kept.protected == {"health": {"never": "told"}}
        instance = bench.get(f"{scale_set}/virtualMachines/0")
        assert instance["properties"]["latestModelApplied"] is True

    with_bench(tmp_path, test)


def test_a_put_of_size_and_capacity_alone_scales_and_numbers_are_never_reused(
    tmp_path: Path,
) -> None:
    async def test(bench: Bench) -> None:
        scale_set = await bench.scale_set(capacity=3)
        identifier = ResourceId.parse(scale_set)

        async def scale(capacity: int) -> list[str]:
            body = {"location": "westeurope", "sku": sku(capacity)}
            await bench.manager.settle(await bench.manager.put(identifier, body))
            return bench.numbers(scale_set)

        assert await scale(1) == ["0"]
        assert await scale(3) == ["0", "3", "4"]
        assert bench.get(scale_set)["properties"]["upgradePolicy"] == {"mode": "Manual"}
        protected = {"protectionPolicy": {"protectFromScaleIn": True}}
        await bench.put(f"{scale_set}/virtualMachines/4", protected)
        assert await scale(2) == ["0", "4"]

    with_bench(tmp_path, test)


def test_the_oldest_go_first_when_the_policy_says_so(tmp_path: Path) -> None:
    async def test(bench: Bench) -> None:
        scale_set = await bench.scale_set(capacity=3)
        policy = {"scaleInPolicy": {"rules": ["OldestVM"]}}
        await bench.put(scale_set, policy, sku=sku(1))
        assert bench.numbers(scale_set) == ["2"]

    with_bench(tmp_path, test)


def test_a_deleted_instance_is_not_replaced(tmp_path: Path) -> None:
    async def test(bench: Bench) -> None:
        scale_set = await bench.scale_set(capacity=4)
        machine = bench.machine(f"{scale_set}/virtualMachines/1").machine
        await bench.delete(f"{scale_set}/virtualMachines/1")
        assert not bench.machines.is_running(machine)
        assert await bench.act(scale_set, "delete", instanceIds=["0", "2"]) == 202
        assert bench.numbers(scale_set) == ["3"]
        assert bench.get(scale_set)["sku"]["capacity"] == 1
        with pytest.raises(ArmError, match="instanceId 857 is not an active"):
            await bench.act(scale_set, "delete", instanceIds=["857"])

    with_bench(tmp_path, test)


def test_a_new_image_waits_for_a_manual_upgrade(tmp_path: Path) -> None:
    async def test(bench: Bench) -> None:
        await bench.version("1.0.0")
        scale_set = await bench.scale_set(image=GALLERY_IMAGE)
        second = await bench.version("1.0.1")
        await bench.put(scale_set, scale_set_properties(image={"id": second}), sku=sku(2))
        one = f"{scale_set}/virtualMachines/1"
        assert bench.get(one)["properties"]["latestModelApplied"] is False
        assert bench.machine(one).source.version == "1.0.0"
        address = bench.endpoint(one).address
        await bench.act(scale_set, "manualupgrade", instanceIds=["1"])
        assert bench.get(one)["properties"]["latestModelApplied"] is True
        assert bench.machine(one).source.version == "1.0.1"
        assert bench.endpoint(one).address == address
        assert bench.machine(f"{scale_set}/virtualMachines/0").source.version == "1.0.0"

    with_bench(tmp_path, test)


def test_under_automatic_a_new_image_reaches_all_instances(tmp_path: Path) -> None:
    async def test(bench: Bench) -> None:
        first = await bench.version("1.0.0")
        second = await bench.version("1.0.1")
        scale_set = await bench.scale_set(image={"id": first}, mode="Automatic")
        properties = scale_set_properties(image={"id": second}, mode="Automatic")
        await bench.put(scale_set, properties, sku=sku(2))
        for number in bench.numbers(scale_set):
            made = bench.machine(f"{scale_set}/virtualMachines/{number}")
            assert made.source.version == "1.0.1"

    with_bench(tmp_path, test)


def test_a_network_change_is_applied_without_a_reboot(tmp_path: Path) -> None:
    async def test(bench: Bench) -> None:
        scale_set = await bench.scale_set(capacity=1)
        one = f"{scale_set}/virtualMachines/0"
        before = bench.machine(one).provisioned_at
        await bench.put(scale_set, scale_set_properties(pools=("green",)), sku=sku(1))
        assert bench.endpoint(one).pools[0].endswith("/blue")
        await bench.act(scale_set, "manualupgrade", instanceIds=["*"])
        assert bench.endpoint(one).pools[0].endswith("/green")
        assert bench.endpoint(one).machine
        assert bench.machine(one).provisioned_at == before

    with_bench(tmp_path, test)


def test_new_instances_take_the_newest_version_of_a_definition(tmp_path: Path) -> None:
    async def test(bench: Bench) -> None:
        await bench.version("1.0.0")
        scale_set = await bench.scale_set(image=GALLERY_IMAGE, capacity=1)
        await bench.version("1.0.1")
        await bench.patch(scale_set, {"sku": {"capacity": 2}})
        versions = [
            bench.get(f"{scale_set}/virtualMachines/{number}")["properties"]["storageProfile"][
                "imageReference"
            ]["exactVersion"]
            for number in bench.numbers(scale_set)
        ]
        assert versions == ["1.0.0", "1.0.1"]
        model = bench.get(scale_set)["properties"]["virtualMachineProfile"]
        assert model["storageProfile"]["imageReference"] == GALLERY_IMAGE

    with_bench(tmp_path, test)


def test_instances_stop_start_and_are_reimaged(tmp_path: Path) -> None:
    async def test(bench: Bench) -> None:
        scale_set = await bench.scale_set(capacity=2)
        one = f"{scale_set}/virtualMachines/0"
        await bench.act(scale_set, "deallocate", instanceIds=["0"])
        assert bench.states(one)[-1] == "PowerState/deallocated"
        assert not bench.endpoint(one).machine
        await bench.patch(scale_set, {"tags": {"a": "b"}})
        assert bench.states(one)[-1] == "PowerState/deallocated"
        await bench.act(one, "start")
        disk = tmp_path / "simulated/disks" / bench.machine(one).disk
        (disk / "root/var/trace").write_text("used")
        await bench.act(one, "reimage")
        assert bench.states(one)[-1] == "PowerState/running"
        assert not (disk / "root/var/trace").exists()

    with_bench(tmp_path, test)


def test_instances_become_healthy_and_a_stopped_one_has_no_health(tmp_path: Path) -> None:
    async def test(bench: Bench) -> None:
        scale_set = await bench.scale_set(health=HEALTH)
        await health_becomes(bench, scale_set, ["healthy", "healthy"])
        machine = bench.machine(f"{scale_set}/virtualMachines/0").machine
        bench.machines.set_fault(machine, "unhealthy")
        await bench.act(scale_set, "restart", instanceIds=["0"])
        await health_becomes(bench, scale_set, ["initializing", "healthy"])
        await bench.act(scale_set, "deallocate", instanceIds=["1"])
        view = bench.get(f"{scale_set}/virtualMachines/1", expand="instanceView")
        assert "vmHealth" not in view["properties"]["instanceView"]

    with_bench(tmp_path, test)


def test_a_deleted_scale_set_leaves_nothing(tmp_path: Path) -> None:
    async def test(bench: Bench) -> None:
        scale_set = await bench.scale_set(capacity=3)
        instances = [bench.machine(f"{scale_set}/virtualMachines/{n}") for n in range(3)]
        await bench.delete(scale_set)
        assert not bench.exists(scale_set)
        for number, instance in enumerate(instances):
            assert not bench.exists(f"{scale_set}/virtualMachines/{number}")
            assert not bench.machines.is_running(instance.machine)
            assert not (tmp_path / "simulated/disks" / instance.disk).exists()

    with_bench(tmp_path, test)


def test_an_instance_that_does_not_start_fails_the_operation_and_is_tried_again(
    tmp_path: Path,
) -> None:
    async def test(bench: Bench) -> None:
        await bench.landing_zone()
        path = f"{COMPUTE}/virtualMachineScaleSets/web"
        taken = bench.addresses.take(f"{path}/virtualMachines/1")
        blocker = await asyncio.start_server(lambda reader, writer: writer.close(), taken, 2222)
        async with blocker:
            with pytest.raises(ArmError, match="1 of 2 instances failed") as refusal:
                await bench.scale_set(capacity=2)
        assert refusal.value.details[0].code == "OSProvisioningInternalError"
        states = [
            bench.get(f"{path}/virtualMachines/{n}")["properties"]["provisioningState"]
            for n in range(2)
        ]
        assert states == ["Succeeded", "Failed"]
        await bench.scale_set(capacity=2)
        assert bench.states(f"{path}/virtualMachines/1")[-1] == "PowerState/running"

    with_bench(tmp_path, test)


def test_the_etag_counts_and_guards_a_write(tmp_path: Path) -> None:
    async def test(bench: Bench) -> None:
        scale_set = ResourceId.parse(await bench.scale_set(capacity=1))
        etag = bench.get(str(scale_set))["etag"]
        assert etag.strip('"').isdigit()
        body = {"location": "westeurope", "sku": sku(1)}
        await bench.manager.settle(await bench.manager.put(scale_set, body, {"if-match": etag}))
        with pytest.raises(ArmError) as refusal:
            await bench.manager.put(scale_set, body, {"if-match": etag})
        assert refusal.value.status == 412

    with_bench(tmp_path, test)


REFUSED = [
    pytest.param({"mode": "Rolling"}, "NotServedByEmulator", "Rolling", id="rolling"),
    pytest.param(
        {"image": BASE | {"sku": "x"}}, "PlatformImageNotFound", "debian-12:x", id="image"
    ),
    pytest.param(
        {"image": GALLERY_IMAGE}, "GalleryImageNotFound", "galleries/gallery", id="gallery image"
    ),
    pytest.param(
        {"pools": ("none",)}, "InvalidResourceReference", "backendAddressPools/none", id="pool"
    ),
    pytest.param(
        {"health": HEALTH | {"protocol": "udp"}}, "InvalidParameter", "http, https", id="protocol"
    ),
    pytest.param(
        {
            "extensionProfile": {
                "extensions": [
                    {"name": "s", "properties": {"publisher": "M", "type": "CustomScript"}}
                ]
            }
        },
        "NotServedByEmulator",
        r"M\.CustomScript",
        id="extension",
    ),
    pytest.param(
        {"networkProfile": {"networkInterfaceConfigurations": []}},
        "InvalidParameter",
        "networkInterfaceConfigurations",
        id="no network",
    ),
    pytest.param(
        {"osProfile": None}, "InvalidParameter", "'osProfile' is missing", id="no profile"
    ),
]


@pytest.mark.parametrize(("changes", "code", "words"), REFUSED)
def test_a_scale_set_is_refused(
    tmp_path: Path, changes: dict[str, Any], code: str, words: str
) -> None:
    async def test(bench: Bench) -> None:
        with pytest.raises(ArmError, match=words) as refusal:
            await bench.scale_set(**changes)
        assert refusal.value.code == code
        assert not bench.exists(f"{COMPUTE}/virtualMachineScaleSets/web")

    with_bench(tmp_path, test)


@pytest.mark.parametrize("name", ["web-1.0.0", "-web", "web_1"])
def test_a_scale_set_has_letters_digits_and_hyphens_in_its_name(tmp_path: Path, name: str) -> None:
    async def test(bench: Bench) -> None:
        with pytest.raises(ArmError, match="vmScaleSetName"):
            await bench.scale_set(name)

    with_bench(tmp_path, test)


def test_the_kind_of_image_cannot_change(tmp_path: Path) -> None:
    async def test(bench: Bench) -> None:
        await bench.version("1.0.0")
        scale_set = await bench.scale_set(capacity=0)
        with pytest.raises(
            ArmError, match="The Image type for a Virtual Machine Scale Set may not"
        ):
            await bench.put(scale_set, scale_set_properties(image=GALLERY_IMAGE), sku=sku(0))

    with_bench(tmp_path, test)


def test_a_capacity_beyond_a_placement_group_is_refused(tmp_path: Path) -> None:
    async def test(bench: Bench) -> None:
        await bench.landing_zone()
        properties = scale_set_properties() | {"singlePlacementGroup": True}
        with pytest.raises(ArmError, match="not between 0 and 100"):
            path = f"{COMPUTE}/virtualMachineScaleSets/web"
            await bench.put(path, properties, sku=sku(101))

    with_bench(tmp_path, test)


def test_two_pools_whose_rules_share_a_backend_port_are_refused_together(tmp_path: Path) -> None:
    async def test(bench: Bench) -> None:
        await bench.landing_zone()
        await bench.scale_set("both", capacity=0, pools=("blue", "green"))
        rules = (rule("http", "blue", 8080), rule("http-staging", "green", 8080))
        await bench.put(BALANCER, balancer_properties(*rules))
        with pytest.raises(ArmError) as refusal:
            await bench.scale_set("again", capacity=0, pools=("blue", "green"))
        assert refusal.value.code == (
            "RulesOfSameLoadBalancerTypeUseSameBackendPortProtocolAndVmssIPConfig"
        )

    with_bench(tmp_path, test)


@pytest.mark.parametrize(
    ("probe", "pools", "code"),
    [
        ("idle", ("blue",), "CannotUseInactiveHealthProbe"),
        ("used", (), "CannotUseHealthProbeWithoutLoadBalancing"),
    ],
)
def test_a_health_probe_must_be_in_use_and_reachable(
    tmp_path: Path, probe: str, pools: tuple[str, ...], code: str
) -> None:
    async def test(bench: Bench) -> None:
        await bench.landing_zone()
        for name in ("idle", "used"):
            settings = {"protocol": "Http", "port": 8080, "requestPath": "/"}
            await bench.put(f"{BALANCER}/probes/{name}", settings)
        properties = scale_set_properties(pools=pools)
        network = properties["virtualMachineProfile"]["networkProfile"]
        network["healthProbe"] = {"id": f"{BALANCER}/probes/{probe}"}
        with pytest.raises(ArmError) as refusal:
            path = f"{COMPUTE}/virtualMachineScaleSets/web"
            await bench.put(path, properties, sku=sku(0))
        assert refusal.value.code == code

    with_bench(tmp_path, test)


def test_a_flexible_scale_set_is_refused_by_name(tmp_path: Path) -> None:
    async def test(bench: Bench) -> None:
        await bench.landing_zone()
        properties = scale_set_properties() | {"orchestrationMode": "Flexible"}
        with pytest.raises(ArmError, match="orchestrationMode 'Flexible'"):
            await bench.put(f"{COMPUTE}/virtualMachineScaleSets/web", properties, sku=sku(1))

    with_bench(tmp_path, test)


def test_instances_run_again_after_a_restart_of_the_emulator(tmp_path: Path) -> None:
    scale_set = f"{COMPUTE}/virtualMachineScaleSets/web"

    async def before(bench: Bench) -> None:
        await bench.scale_set(health=HEALTH, capacity=2)
        await bench.act(scale_set, "poweroff", instanceIds=["0"])

    async def after(bench: Bench) -> None:
        await bench.compute.resume()
        running = [
            bench.machines.is_running(bench.machine(f"{scale_set}/virtualMachines/{n}").machine)
            for n in range(2)
        ]
        assert running == [False, True]

    with_bench(tmp_path, before)
    with_bench(tmp_path, after)


def test_a_scale_set_that_was_being_made_is_finished_after_a_restart(tmp_path: Path) -> None:
    scale_set = ResourceId.parse(f"{COMPUTE}/virtualMachineScaleSets/web")

    async def before(bench: Bench) -> None:
        await bench.landing_zone()
        body = {"location": "westeurope", "properties": scale_set_properties(), "sku": sku(5)}
        await bench.manager.put(scale_set, body)

    async def after(bench: Bench) -> None:
        bench.manager.operations.resume()
        await bench.compute.resume()
        for operation in bench.manager.operations.under_way(scale_set):
            await bench.manager.operations.ended(operation, 60)
        assert bench.numbers(str(scale_set)) == ["0", "1", "2", "3", "4"]
        assert bench.states(f"{scale_set}/virtualMachines/4")[-1] == "PowerState/running"

    with_bench(tmp_path, before)
    with_bench(tmp_path, after)


def test_what_a_scale_set_refers_to_is_checked_in_its_network(tmp_path: Path) -> None:
    async def test(bench: Bench) -> None:
        await bench.landing_zone()
        await bench.delete(SUBNET)
        with pytest.raises(ArmError) as refusal:
            path = f"{COMPUTE}/virtualMachineScaleSets/web"
            await bench.put(path, scale_set_properties(), sku=sku(1))
        assert refusal.value.code == "InvalidResourceReference"
        assert f"{NETWORK}/virtualNetworks/vnet/subnets/snet" in refusal.value.message

    with_bench(tmp_path, test)


@pytest.mark.slow
def test_a_thousand_instances_fit(tmp_path: Path) -> None:
    async def test(bench: Bench) -> None:
        scale_set = await bench.scale_set(capacity=1000)
        assert len(bench.numbers(scale_set)) == 1000

    with_bench(tmp_path, test)
