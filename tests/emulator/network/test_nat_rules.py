"""Inbound NAT rules and pools: which port leads to whom, in documents and in live traffic."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.emulator.arm.ids import ResourceId
from pipeline.emulator.network import nat_rules
from pipeline.emulator.network.data_path import derive
from tests.emulator.balancer.members import free_port, get
from tests.emulator.conftest import entered
from tests.emulator.network.emulated_network import (
    BALANCER,
    NETWORK,
    SUBNET,
    Body,
    EmulatedNetwork,
    balancer,
    emulated_network,
    pool_id,
    rule,
)
from tests.emulator.network.test_data_path import PORT, LiveNetwork, front

FRONT = {"id": f"{BALANCER}/frontendIPConfigurations/front"}
RULE = f"{BALANCER}/inboundNatRules/ssh"


def nat(**more: object) -> Body:
    """The properties of a NAT rule to port 22, spelled as az's templates do."""
    return {
        "frontendIPConfiguration": FRONT,
        "protocol": "tcp",
        "backendPort": 22,
        "idleTimeoutInMinutes": 5,
        **more,
    }


def of_range(first: int, last: int, **more: object) -> Body:
    """One that leads a range of ports to the members of a pool."""
    ports = {"frontendPortRangeStart": str(first), "frontendPortRangeEnd": str(last)}
    return nat(backendAddressPool={"id": pool_id("blue")}, **ports, **more)


def ports(arm: EmulatedNetwork) -> list[tuple[int, str]]:
    """Port and member of every NAT rule, after a look at who is there."""
    nat_rules.assign(arm.store)
    record = arm.store.get(ResourceId.parse(BALANCER))
    assert record is not None
    found = nat_rules.mapped(arm.store, record)
    return [(each.port, each.endpoint.machine) for each in found]


async def test_a_nat_rule_leads_a_port_to_the_interface_that_names_it(arm: EmulatedNetwork) -> None:
    await arm.put(BALANCER, balancer())
    shown = await arm.put(RULE, {"properties": nat(frontendPort="50022")})
    assert shown["properties"]["protocol"] == "Tcp"
    assert shown["properties"]["frontendPort"] == 50022
    assert arm.names(BALANCER, "inboundNatRules") == ["ssh"]
    named = {"subnet": {"id": SUBNET}, "loadBalancerInboundNatRules": [{"id": RULE}]}
    nic = f"{NETWORK}/networkInterfaces/nic"
    configurations = [{"name": "ipconfig", "properties": named}]
    await arm.put(nic, {"properties": {"ipConfigurations": configurations}})
    target = {"id": f"{nic}/ipConfigurations/ipconfig"}
    assert arm.get(RULE)["properties"]["backendIPConfiguration"] == target
    arm.change_endpoint(ResourceId.parse(nic), lambda kept: replace(kept, machine="vm"))
    (carried,) = derive(arm.store).traffic.rules
    assert (carried.address, carried.port, carried.backend.port) == (front(arm), 50022, 2222)
    (echoed,) = (await arm.put(BALANCER, arm.get(BALANCER)))["properties"]["inboundNatRules"]
    assert echoed["properties"] == arm.get(RULE)["properties"]
    await arm.delete(RULE)
    assert arm.names(BALANCER, "inboundNatRules") == []
    assert derive(arm.store).traffic.rules == frozenset()


async def test_a_range_gives_each_member_a_port_that_it_keeps(arm: EmulatedNetwork) -> None:
    await arm.put(BALANCER, balancer())
    await arm.put(RULE, {"properties": of_range(50000, 50001)})
    scale_set = arm.make_scale_set("web", "blue")
    instances = [arm.make_instance(scale_set, number, "blue") for number in range(2)]
    assert ports(arm) == [(50000, "machine-0"), (50001, "machine-1")]
    arm.make_instance(scale_set, 2, "blue")
    assert ports(arm) == [(50000, "machine-0"), (50001, "machine-1")]  # the range is used up
    arm.store.delete(instances[0])
    assert ports(arm) == [(50001, "machine-1"), (50000, "machine-2")]
    (pool, _) = arm.get(BALANCER)["properties"]["backendAddressPools"]
    members = pool["properties"]["loadBalancerBackendAddresses"]
    mappings = [each["properties"]["inboundNatRulesPortMapping"] for each in members]
    assert [[each["frontendPort"] for each in listed] for listed in mappings] == [[50001], [50000]]
    assert pool["properties"]["inboundNatRules"] == [{"id": RULE}]
    asked = await arm.manager.act(
        ResourceId.parse(pool_id("blue")), "queryInboundNatRulePortMapping", {}
    )
    listed = asked.body["inboundNatRulePortMappings"]
    assert [each["frontendPort"] for each in listed] == [50001, 50000]


async def test_a_nat_pool_shows_a_rule_for_each_instance_that_names_it(
    arm: EmulatedNetwork,
) -> None:
    pool = {"frontendPortRangeStart": 50000, "frontendPortRangeEnd": 50009}
    many = {"name": "many", "properties": nat(**pool)}
    await arm.put(BALANCER, balancer(inboundNatPools=[many]))
    instance = arm.make_instance(arm.make_scale_set("web"), 7)
    record = arm.store.get(instance)
    assert record is not None
    named = {"loadBalancerInboundNatPools": [{"id": f"{BALANCER}/inboundNatPools/many"}]}
    interface = {"properties": {"ipConfigurations": [{"properties": named}]}}
    record.properties["networkProfileConfiguration"] = {
        "networkInterfaceConfigurations": [interface]
    }
    arm.store.put(record)
    assert ports(arm) == [(50000, "machine-7")]
    shown = arm.get(BALANCER)
    (made,) = shown["properties"]["inboundNatRules"]
    assert (made["name"], made["properties"]["frontendPort"]) == ("many.7", 50000)
    await arm.put(BALANCER, shown)
    assert arm.get(BALANCER)["properties"]["inboundNatRules"][0]["name"] == "many.7"
    stored = arm.store.get(ResourceId.parse(BALANCER))
    assert stored is not None
    assert stored.properties["inboundNatRules"] == []  # not written by the PUT that echoed it


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (nat(frontendPort=8080), "RulesUseSameFrontendPortProtocolAndIPConfig"),
        (of_range(8000, 8100), "RulesUseSameFrontendPortProtocolAndIPConfig"),
        (of_range(50001, 50000), "InvalidParameter"),
        (nat(frontendPort=50022, protocol="Udp"), "NotServedByEmulator"),
        (nat(frontendPort=50022, enableFloatingIP=True), "NotServedByEmulator"),
        (nat(frontendPort=50022) | {"frontendIPConfiguration": None}, "InvalidParameter"),
        (
            nat(frontendPort=50022, backendAddressPool={"id": pool_id("none")}),
            "InvalidResourceReference",
        ),
    ],
)
async def test_a_nat_rule_is_refused(arm: EmulatedNetwork, given: Body, code: str) -> None:
    await arm.put(BALANCER, balancer(rule("production", 8080, "blue")))
    refusal = await arm.refusal(arm.put(RULE, {"properties": given}))
    assert refusal.code == code
    assert arm.names(BALANCER, "inboundNatRules") == []


@pytest.fixture
def live(tmp_path: Path, addresses: str, runner: asyncio.Runner) -> Iterator[LiveNetwork]:
    """Microsoft.Network with a real HAProxy."""
    with entered(runner, emulated_network(LiveNetwork(tmp_path, addresses))) as made:
        yield made


async def test_each_port_of_a_range_reaches_its_own_member(live: LiveNetwork) -> None:
    first = free_port("127.0.0.1")
    await live.put(BALANCER, balancer())
    scale_set = live.make_scale_set("web", "blue", "green")
    async with live.instance(scale_set, 0, "blue"), live.instance(scale_set, 1, "green"):
        given = of_range(first, first + 9, backendPort=PORT)
        await live.put(RULE, {"properties": given})
        assert await get(front(live), first) == "blue"
        other = f"{BALANCER}/inboundNatRules/other"
        given = of_range(first + 20, first + 29, backendPort=PORT)
        given["backendAddressPool"] = {"id": pool_id("green")}
        await live.put(other, {"properties": given})
        assert await get(front(live), first + 20) == "green"
        assert await get(front(live), first) == "blue"
        await live.delete(other)
        with pytest.raises(ConnectionRefusedError):
            await get(front(live), first + 20)
