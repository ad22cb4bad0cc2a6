"""What a swap can meet, through the real SDK: Azure's codes and statuses, and live traffic."""

from __future__ import annotations

import asyncio
import copy
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError
from azure.mgmt.compute import ComputeManagementClient
from azure.mgmt.network import NetworkManagementClient

from tests.conftest import Emulator, StartEmulator
from tests.emulator.balancer.members import get, load

Body = dict[str, Any]
HTTP = 18280
IMAGE = {"publisher": "Debian", "offer": "debian-12", "sku": "12-gen2", "version": "latest"}


@dataclass(frozen=True, slots=True)
class Zone:
    """A landing zone: blue serves production, green staging, one instance each."""

    network: NetworkManagementClient
    compute: ComputeManagementClient
    emulator: Emulator
    group: str
    prefix: str
    production: int
    staging: int

    @property
    def balancer(self) -> str:
        """The load balancer's id."""
        return f"{self.prefix}/Microsoft.Network/loadBalancers/lb"

    def read(self) -> Body:
        """The load balancer as the SDK gets it, as plain JSON."""
        return dict(self.network.load_balancers.get(self.group, "lb").as_dict())

    def write(self, body: Any, **headers: str) -> Body:
        """PUT of the whole load balancer; `If_Match="…"` is a header."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        poller = self.network.load_balancers.begin_create_or_update(
            self.group, "lb", body, headers=named
        )
        return dict(poller.result().as_dict())

    def refused(self, body: Any, **headers: str) -> HttpResponseError:
        """The refusal a PUT meets; the SDK does not come again by itself."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        with pytest.raises(HttpResponseError) as caught:
            self.network.load_balancers.begin_create_or_update(
                self.group, "lb", body, headers=named, retry_total=0
            ).result()
        return caught.value

    def front(self) -> str:
        """Where the load balancer listens."""
        frontend = self.read()["properties"]["frontendIPConfigurations"][0]
        return str(frontend["properties"]["privateIPAddress"])


def free_port() -> int:
    """A free port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def rule(zone: Zone, name: str, port: int, pool: str) -> Body:
    """A load balancing rule."""
    properties = {
        "frontendIPConfiguration": {"id": f"{zone.balancer}/frontendIPConfigurations/front"},
        "backendAddressPool": {"id": f"{zone.balancer}/backendAddressPools/{pool}"},
        "probe": {"id": f"{zone.balancer}/probes/http"},
        "protocol": "Tcp",
        "frontendPort": port,
        "backendPort": HTTP,
    }
    return {"name": name, "properties": properties}


def balancer(zone: Zone) -> Body:
    """The load balancer's first document."""
    subnet = {"id": f"{zone.prefix}/Microsoft.Network/virtualNetworks/vnet/subnets/apps"}
    probe = {"protocol": "Http", "port": HTTP, "requestPath": "/healthz", "intervalInSeconds": 5}
    properties = {
        "frontendIPConfigurations": [{"name": "front", "properties": {"subnet": subnet}}],
        "backendAddressPools": [{"name": "blue"}, {"name": "green"}],
        "probes": [{"name": "http", "properties": probe}],
        "loadBalancingRules": [
            rule(zone, "production", zone.production, "blue"),
            rule(zone, "staging", zone.staging, "green"),
        ],
    }
    return {"location": "westeurope", "sku": {"name": "Standard"}, "properties": properties}


def scale_set(zone: Zone, pool: str) -> Any:
    """A scale set of one instance in a pool."""
    configuration = {
        "name": "ipconfig",
        "properties": {
            "subnet": {"id": f"{zone.prefix}/Microsoft.Network/virtualNetworks/vnet/subnets/apps"},
            "loadBalancerBackendAddressPools": [
                {"id": f"{zone.balancer}/backendAddressPools/{pool}"}
            ],
        },
    }
    interface = {
        "name": "nic",
        "properties": {"primary": True, "ipConfigurations": [configuration]},
    }
    profile = {
        "osProfile": {
            "computerNamePrefix": pool,
            "adminUsername": "azureuser",
            "adminPassword": "Not-a-secret-1",
        },
        "storageProfile": {"imageReference": IMAGE},
        "networkProfile": {"networkInterfaceConfigurations": [interface]},
    }
    return {
        "location": "westeurope",
        "sku": {"name": "Standard_D2s_v5", "capacity": 1},
        "properties": {
            "orchestrationMode": "Uniform",
            "upgradePolicy": {"mode": "Manual"},
            "overprovision": False,
            "virtualMachineProfile": profile,
        },
    }


@pytest.fixture(scope="module")
def zone(
    emulator: Emulator, network: NetworkManagementClient, compute: ComputeManagementClient
) -> Iterator[Zone]:
    """A landing zone with both scale sets up. Tests put the rules back where they found them."""
    made = make_zone(emulator, network, compute)
    yield made
    emulator.call("DELETE", f"/resourceGroups/{made.group}")


def make_zone(
    emulator: Emulator, network: NetworkManagementClient, compute: ComputeManagementClient
) -> Zone:
    """A resource group with a network, a load balancer and two scale sets behind it."""
    group = f"rg-swaps-{free_port()}"
    path = f"/subscriptions/{emulator.subscription}/resourceGroups/{group}"
    assert emulator.call("PUT", path, {"location": "westeurope"}).status == 201
    prefix = f"{path}/providers"
    made = Zone(network, compute, emulator, group, prefix, free_port(), free_port())
    space = {"addressPrefixes": ["10.0.0.0/16"]}
    subnet = {"name": "apps", "properties": {"addressPrefix": "10.0.1.0/24"}}
    document: Any = {
        "location": "westeurope",
        "properties": {"addressSpace": space, "subnets": [subnet]},
    }
    network.virtual_networks.begin_create_or_update(group, "vnet", document).result()
    made.write(balancer(made))
    pollers = [
        compute.virtual_machine_scale_sets.begin_create_or_update(
            group, pool, scale_set(made, pool)
        )
        for pool in ("blue", "green")
    ]
    for poller in pollers:
        poller.result()
    return made


def swapped(document: Body) -> Body:
    """The same document with the pools of both rules exchanged."""
    body = copy.deepcopy(document)
    first, second = (each["properties"] for each in body["properties"]["loadBalancingRules"])
    for name in ("backendAddressPool", "backendAddressPools"):
        first[name], second[name] = second[name], first[name]
    return body


def pools_of(document: Body) -> list[str]:
    """The pools of production and staging."""
    return [
        each["properties"]["backendAddressPool"]["id"].rsplit("/", 1)[1]
        for each in document["properties"]["loadBalancingRules"]
    ]


def code(refusal: HttpResponseError) -> str:
    """Azure's code."""
    assert refusal.error is not None
    return str(refusal.error.code)


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
