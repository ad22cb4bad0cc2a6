"""What a swap can meet, through the real SDK: Azure's codes and statuses, and live traffic."""

from __future__ import annotations

import asyncio
import copy
from pathlib import Path
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError
from azure.mgmt.compute import ComputeManagementClient
from azure.mgmt.network import NetworkManagementClient

from tests.conftest import Emulator, StartEmulator
from tests.emulator.balancer.members import get, load
from tests.emulator.network.sdk_zone import (
    Zone,
    code,
    make_zone,
    pools_of,
    scale_set,
    swapped,
)


async def test_a_swap_back_and_forth_loses_no_request(zone: Zone) -> None:
    address = zone.front()
    async with load(address, zone.production, clients=8) as result:
        for _ in range(4):
            before = await asyncio.to_thread(zone.read)
            await asyncio.to_thread(zone.write, swapped(before), If_Match=before["etag"])
            production, staging = pools_of(swapped(before))
            assert production in await get(address, zone.production)
            assert staging in await get(address, zone.staging)
    assert result.lost == []


def test_a_put_with_members_is_an_operation_and_changes_the_etag_twice(zone: Zone) -> None:
    before = zone.read()
    reply = zone.emulator.call("PUT", zone.balancer, before)
    assert reply.status == 200
    assert "azure-asyncoperation" in reply.headers
    assert "etag" not in reply.headers
    assert reply.body["properties"]["provisioningState"] == "Updating"
    poll = reply.headers["azure-asyncoperation"].removeprefix(zone.emulator.base)
    assert zone.emulator.call("GET", poll).body == {"status": "Succeeded"}
    after = zone.emulator.call("GET", zone.balancer)
    assert after.headers["etag"] == after.body["etag"]
    assert len({before["etag"], reply.body["etag"], after.body["etag"]}) == 3


def test_a_stale_etag_meets_412(zone: Zone) -> None:
    stale = zone.read()
    fresh = zone.write(stale)
    refusal = zone.refused(swapped(stale), If_Match=stale["etag"])
    assert refusal.status_code == 412
    assert code(refusal) == "PreconditionFailed"
    assert pools_of(zone.read()) == pools_of(fresh)


def test_one_name_of_a_pool_changed_meets_400(zone: Zone) -> None:
    before = zone.read()
    body = copy.deepcopy(before)
    for each, other in zip(
        body["properties"]["loadBalancingRules"],
        swapped(before)["properties"]["loadBalancingRules"],
        strict=True,
    ):
        each["properties"]["backendAddressPool"] = other["properties"]["backendAddressPool"]
    refusal = zone.refused(body)
    assert refusal.status_code == 400
    assert code(refusal) == (
        "LoadBalancingRuleBackendAdressPoolAndBackendAddressPools"
        "CannotBeSetAtTheSameTimeWithDifferentValue"
    )


def test_a_half_swap_meets_400(zone: Zone) -> None:
    body = zone.read()
    first, second = (each["properties"] for each in body["properties"]["loadBalancingRules"])
    for name in ("backendAddressPool", "backendAddressPools"):
        first[name] = second[name]
    refusal = zone.refused(body)
    assert refusal.status_code == 400
    assert code(refusal) == "RulesUseSameBackendPortProtocolAndPool"


def test_a_rule_to_a_pool_that_is_not_there_meets_400(zone: Zone) -> None:
    body = zone.read()
    missing = {"id": f"{zone.balancer}/backendAddressPools/missing"}
    properties = body["properties"]["loadBalancingRules"][0]["properties"]
    properties |= {"backendAddressPool": missing, "backendAddressPools": [missing]}
    refusal = zone.refused(body)
    assert refusal.status_code == 400
    assert code(refusal) == "InvalidResourceReference"


def test_a_put_of_a_pool_of_instances_meets_400(zone: Zone) -> None:
    empty: Any = {"name": "blue", "properties": {}}
    with pytest.raises(HttpResponseError) as caught:
        zone.network.load_balancer_backend_address_pools.begin_create_or_update(
            zone.group, "lb", "blue", empty
        ).result()
    assert caught.value.status_code == 400
    assert code(caught.value) == "ModificationOfNICIpConfigBackendPoolNotSupported"


def test_a_pool_in_use_by_a_scale_set_stays(zone: Zone) -> None:
    body = zone.read()
    properties = body["properties"]
    properties["loadBalancingRules"] = properties["loadBalancingRules"][:1]
    used = pools_of(body)[0]
    properties["backendAddressPools"] = [
        pool for pool in properties["backendAddressPools"] if pool["name"] == used
    ]
    refusal = zone.refused(body)
    assert refusal.status_code == 400
    assert "in use by virtual machine scale set" in refusal.message


def test_a_load_balancer_in_use_by_a_scale_set_stays(zone: Zone) -> None:
    with pytest.raises(HttpResponseError) as caught:
        zone.network.load_balancers.begin_delete(zone.group, "lb").result()
    assert caught.value.status_code == 400
    assert code(caught.value) == "LoadBalancerInUseByVirtualMachineScaleSet"


def test_members_are_the_instances_and_their_interfaces_are_listed(zone: Zone) -> None:
    pool = zone.network.load_balancer_backend_address_pools.get(zone.group, "lb", "blue")
    (member,) = pool.as_dict()["properties"]["backendIPConfigurations"]
    assert "/virtualMachineScaleSets/blue/virtualMachines/0/networkInterfaces/nic/" in member["id"]
    interfaces = zone.network.network_interfaces
    (of_set,) = interfaces.list_virtual_machine_scale_set_network_interfaces(zone.group, "blue")
    (of_instance,) = interfaces.list_virtual_machine_scale_set_vm_network_interfaces(
        zone.group, "blue", "0"
    )
    assert of_set.as_dict() == of_instance.as_dict()
    configuration = of_set.as_dict()["properties"]["ipConfigurations"][0]
    assert configuration["id"] == member["id"]
    assert configuration["properties"]["privateIPAddress"].startswith("127.")


def test_an_empty_pool_is_made_and_deleted_as_the_cli_does(zone: Zone) -> None:
    pools = zone.network.load_balancer_backend_address_pools
    third: Any = {"name": "third"}
    pools.begin_create_or_update(zone.group, "lb", "third", third).result()
    names = [pool["name"] for pool in zone.read()["properties"]["backendAddressPools"]]
    assert names == ["blue", "green", "third"]
    pools.begin_delete(zone.group, "lb", "third").result()
    assert [pool.name for pool in pools.list(zone.group, "lb")] == ["blue", "green"]


def test_a_scale_set_of_both_pools_is_refused(zone: Zone) -> None:
    body = scale_set(zone, "blue")
    profile = body["properties"]["virtualMachineProfile"]["networkProfile"]
    configuration = profile["networkInterfaceConfigurations"][0]["properties"]["ipConfigurations"][
        0
    ]
    configuration["properties"]["loadBalancerBackendAddressPools"] = [
        {"id": f"{zone.balancer}/backendAddressPools/{pool}"} for pool in ("blue", "green")
    ]
    with pytest.raises(HttpResponseError) as caught:
        zone.compute.virtual_machine_scale_sets.begin_create_or_update(
            zone.group, "both", body
        ).result()
    assert code(caught.value) == (
        "RulesOfSameLoadBalancerTypeUseSameBackendPortProtocolAndVmssIPConfig"
    )


def test_traffic_flows_again_after_the_emulator_was_killed(start_emulator: StartEmulator) -> None:
    killed = start_emulator()
    options = killed.client_options()
    network = NetworkManagementClient(killed.credential(), killed.subscription, **options)
    compute = ComputeManagementClient(killed.credential(), killed.subscription, **options)
    with network, compute:
        zone = make_zone(killed, network, compute)
        address = zone.front()
        serving = asyncio.run(get(address, zone.production))
    before = balancers_of(killed)
    killed.kill()
    assert balancers_of(killed) == before
    again = start_emulator()

    async def flows() -> str:
        async with asyncio.timeout(60):
            while True:
                try:
                    return await get(address, zone.production)
                except OSError:
                    await asyncio.sleep(0.1)

    assert asyncio.run(flows()) == serving
    assert not before & balancers_of(again)


def balancers_of(emulator: Emulator) -> set[int]:
    """The HAProxy processes of an emulator, by the run-time folder it remembers."""
    runtime = (Path(emulator.facts["state"]) / "balancer" / "runtime").read_text()
    found = set()
    for command in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if f"{runtime}/".encode() in command.read_bytes():
                found.add(int(command.parent.name))
        except OSError:
            continue  # it ended while we looked
    return found
