"""What az asks about networks besides their documents."""

from __future__ import annotations

import asyncio

from pipeline.emulator.arm.ids import ResourceId
from tests.emulator.network.emulated_network import (
    BALANCER,
    NETWORK,
    EmulatedNetwork,
    balancer,
)

ADDRESS = f"{NETWORK}/publicIPAddresses/pip"
STANDARD = {"sku": {"name": "Standard"}, "properties": {"publicIPAllocationMethod": "Static"}}


async def test_a_new_address_is_updating_and_shown_only_when_it_is_allocated(
    arm: EmulatedNetwork,
) -> None:
    first = await arm.begin(ADDRESS, STANDARD)
    assert first.status == 201
    assert first.body["properties"]["provisioningState"] == "Updating"
    assert "ipAddress" not in first.body["properties"]
    await arm.manager.settle(first)
    after = arm.get(ADDRESS)
    assert after["properties"]["ipAddress"].startswith("127.")
    assert after["etag"] != first.body["etag"]
    again = await arm.begin(ADDRESS, STANDARD)
    assert (again.status, again.operation) == (200, None)
    assert again.body["properties"]["ipAddress"] == after["properties"]["ipAddress"]


async def test_basic_skus_are_refused(arm: EmulatedNetwork) -> None:
    basic = {"sku": {"name": "Basic"}, "properties": {"publicIPAllocationMethod": "Dynamic"}}
    refusal = await arm.refusal(arm.put(ADDRESS, basic))
    assert (refusal.status, refusal.code) == (400, "IPv4BasicSkuPublicIpCountLimitReached")
    refusal = await arm.refusal(arm.put(BALANCER, balancer() | {"sku": {"name": "basic"}}))
    assert (refusal.status, refusal.code) == (400, "BasicSkuLoadBalancerRetired")


async def test_a_security_group_shows_the_rules_that_every_one_has(arm: EmulatedNetwork) -> None:
    group = f"{NETWORK}/networkSecurityGroups/nsg"
    shown = await arm.put(group, {"properties": {}})
    rules = shown["properties"]["defaultSecurityRules"]
    assert [each["properties"]["priority"] for each in rules] == [65000, 65001, 65500] * 2
    again = await arm.put(group, shown)
    assert again["properties"]["securityRules"] == []


async def test_a_load_balancer_lists_the_interfaces_in_its_pools(arm: EmulatedNetwork) -> None:
    await arm.put(BALANCER, balancer())
    await asyncio.gather(arm.make_interface("inside", "green"), arm.make_interface("outside"))
    answer = arm.manager.view(ResourceId.parse(BALANCER), "networkInterfaces")
    assert answer is not None
    assert [each["name"] for each in answer.body["value"]] == ["inside"]
