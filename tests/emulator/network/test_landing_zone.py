"""Networks, groups, gateways, addresses and interfaces: made, shown, and kept while in use."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pipeline.emulator.arm.data_path import Connected, Endpoint
from pipeline.emulator.arm.ids import ResourceId
from pipeline.emulator.arm.store import Record
from tests.emulator.network.world import (
    BALANCER,
    COMPUTE,
    NETWORK,
    SUBNET,
    Body,
    World,
    balancer,
    play,
    pool_id,
    production_and_staging,
)

VNET = f"{NETWORK}/virtualNetworks/vnet"
GROUP = f"{NETWORK}/networkSecurityGroups/nsg"
GATEWAY = f"{NETWORK}/natGateways/nat"
ADDRESS = f"{NETWORK}/publicIPAddresses/pip"
INTERFACE = f"{NETWORK}/networkInterfaces/nic"
STATIC: Body = {
    "sku": {"name": "Standard"},
    "properties": {"publicIPAllocationMethod": "Static"},
}


def interface_with(public_address: str) -> Body:
    """An interface with a public address."""
    properties = {"subnet": {"id": SUBNET}, "publicIPAddress": {"id": public_address}}
    return {"properties": {"ipConfigurations": [{"name": "ipconfig", "properties": properties}]}}


def attach_machine(world: World, name: str = "nic", state: str = "Succeeded") -> ResourceId:
    """A virtual machine behind an interface, as its provider would write it."""
    machine = ResourceId.parse(f"{COMPUTE}/virtualMachines/vm")
    world.store.put(Record(machine, {"properties": {"provisioningState": state}}))
    interface = world.store.get(ResourceId.parse(f"{NETWORK}/networkInterfaces/{name}"))
    assert interface is not None
    interface.properties["virtualMachine"] = {"id": str(machine)}
    world.store.put(interface)
    world.change_endpoint(interface.id, lambda endpoint: replace(endpoint, machine="vm-1"))
    return machine


def test_subnets_are_the_same_seen_from_their_network_and_by_themselves(tmp_path: Path) -> None:
    async def scenario(world: World) -> None:
        body = {"properties": {"addressPrefix": "10.0.2.0/24"}}
        made = await world.begin(f"{VNET}/subnets/more", body)
        assert made.status == 201
        assert world.names(VNET, "subnets") == ["apps", "more"]
        network = world.get(VNET)
        assert network["etag"] == made.body["etag"]
        assert world.get(f"{VNET}/subnets/more") == network["properties"]["subnets"][1]
        await world.delete(f"{VNET}/subnets/more")
        assert [each["name"] for each in world.get(VNET)["properties"]["subnets"]] == ["apps"]

    play(tmp_path, scenario)


def test_a_network_put_without_subnets_keeps_them_and_an_empty_list_removes_them(
    tmp_path: Path,
) -> None:
    async def scenario(world: World) -> None:
        space = {"addressPrefixes": ["10.0.0.0/16"]}
        await world.put(VNET, {"properties": {"addressSpace": space}})
        assert world.names(VNET, "subnets") == ["apps"]
        await world.put(VNET, {"properties": {"addressSpace": space, "subnets": []}})
        assert world.names(VNET, "subnets") == []

    play(tmp_path, scenario)


@pytest.mark.parametrize(
    ("prefix", "code"),
    [
        ("10.9.0.0/24", "NetcfgSubnetRangeOutsideVnet"),
        ("10.0.1.128/25", "NetcfgSubnetRangesOverlap"),
        ("ten", "InvalidParameter"),
    ],
)
def test_a_prefix_that_does_not_fit_is_refused(tmp_path: Path, prefix: str, code: str) -> None:
    async def scenario(world: World) -> None:
        body = {"properties": {"addressPrefix": prefix}}
        refusal = await world.refusal(world.begin(f"{VNET}/subnets/bad", body))
        assert refusal.code == code
        assert world.names(VNET, "subnets") == ["apps"]

    play(tmp_path, scenario)


def test_a_subnet_goes_only_when_nothing_is_in_it(tmp_path: Path) -> None:
    async def scenario(world: World) -> None:
        await world.make_interface("nic")
        empty = {
            "properties": {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}, "subnets": []}
        }
        for refused in (world.delete(SUBNET), world.begin(VNET, empty), world.delete(VNET)):
            refusal = await world.refusal(refused)
            assert refusal.code == "InUseSubnetCannotBeDeleted"
            assert f"Subnet apps is in use by {INTERFACE}/ipConfigurations/ipconfig" in (
                refusal.message
            )
        assert world.get(VNET)["properties"]["provisioningState"] == "Succeeded"
        await world.delete(INTERFACE)
        await world.delete(VNET)

    play(tmp_path, scenario)


def test_scale_sets_and_private_frontends_hold_their_subnet(tmp_path: Path) -> None:
    async def scenario(world: World) -> None:
        await world.put(BALANCER, balancer())
        refusal = await world.refusal(world.delete(SUBNET))
        assert f"{BALANCER}/frontendIPConfigurations/front" in refusal.message
        await world.delete(BALANCER)
        scale_set = world.make_scale_set("web")
        refusal = await world.refusal(world.delete(SUBNET))
        assert scale_set in refusal.message
        instance = world.make_instance(scale_set, 0)
        refusal = await world.refusal(world.delete(SUBNET))
        assert f"{instance}/networkInterfaces/nic/ipConfigurations/ipconfig" in refusal.message

    play(tmp_path, scenario)


def test_security_groups_and_their_rules(tmp_path: Path) -> None:
    async def scenario(world: World) -> None:
        properties: dict[str, Any] = {"priority": 100, "access": "Allow", "direction": "Inbound"}
        await world.put(
            GROUP, {"properties": {"securityRules": [{"name": "web", "properties": properties}]}}
        )
        await world.put(f"{GROUP}/securityRules/ssh", {"properties": properties})
        assert world.names(GROUP, "securityRules") == ["web", "ssh"]
        subnet = {"addressPrefix": "10.0.1.0/24", "networkSecurityGroup": {"id": GROUP}}
        await world.put(SUBNET, {"properties": subnet})
        assert world.get(GROUP)["properties"]["subnets"] == [{"id": SUBNET}]
        refusal = await world.refusal(world.delete(GROUP))
        assert refusal.code == "InUseNetworkSecurityGroupCannotBeDeleted"
        assert f"in use by the following resources: {SUBNET}." in refusal.message
        await world.put(SUBNET, {"properties": {"addressPrefix": "10.0.1.0/24"}})
        await world.delete(GROUP)

    play(tmp_path, scenario)


def test_a_nat_gateway_holds_its_address_and_is_held_by_its_subnets(tmp_path: Path) -> None:
    async def scenario(world: World) -> None:
        await world.put(ADDRESS, STATIC)
        await world.put(GATEWAY, {"properties": {"publicIpAddresses": [{"id": ADDRESS}]}})
        subnet = {"addressPrefix": "10.0.1.0/24", "natGateway": {"id": GATEWAY}}
        await world.put(SUBNET, {"properties": subnet})
        assert world.get(GATEWAY)["properties"]["subnets"] == [{"id": SUBNET}]
        assert world.get(ADDRESS)["properties"]["natGateway"] == {"id": GATEWAY}
        refusal = await world.refusal(world.delete(GATEWAY))
        assert refusal.code == "CannotDeleteNatGatewayAssociatedToSubnet"
        refusal = await world.refusal(world.delete(ADDRESS))
        assert refusal.code == "PublicIPAddressCannotBeDeleted"

    play(tmp_path, scenario)


def test_a_reference_to_nothing_is_refused(tmp_path: Path) -> None:
    async def scenario(world: World) -> None:
        subnet = {"addressPrefix": "10.0.1.0/24", "natGateway": {"id": GATEWAY}}
        for path, body in (
            (SUBNET, {"properties": subnet}),
            (INTERFACE, interface_with(ADDRESS)),
        ):
            refusal = await world.refusal(world.begin(path, body))
            assert (refusal.status, refusal.code) == (400, "InvalidResourceReference")

    play(tmp_path, scenario)


def test_a_static_address_is_there_at_once_and_kept(tmp_path: Path) -> None:
    async def scenario(world: World) -> None:
        first = await world.put(ADDRESS, STATIC)
        assert first["properties"]["ipAddress"].startswith("127.97.")
        again = await world.put(ADDRESS, STATIC | {"tags": {"a": "b"}})
        assert again["properties"]["ipAddress"] == first["properties"]["ipAddress"]
        dynamic = STATIC | {"properties": {"publicIPAllocationMethod": "Dynamic"}}
        refusal = await world.refusal(world.begin(ADDRESS, dynamic))
        assert refusal.code == "StandardSkuPublicIPAddressesCannotHaveDynamicAllocation"

    play(tmp_path, scenario)


def test_packers_dynamic_address_is_its_interfaces_own(tmp_path: Path) -> None:
    async def scenario(world: World) -> None:
        dynamic = {"properties": {"publicIPAllocationMethod": "Dynamic"}}
        shown = await world.put(ADDRESS, dynamic)
        assert "ipAddress" not in shown["properties"]
        interface = await world.put(INTERFACE, interface_with(ADDRESS))
        own = interface["properties"]["ipConfigurations"][0]["properties"]["privateIPAddress"]
        assert own.startswith("127.96.")
        assert world.get(ADDRESS)["properties"]["ipAddress"] == own
        user = {"id": f"{INTERFACE}/ipConfigurations/ipconfig"}
        assert world.get(ADDRESS)["properties"]["ipConfiguration"] == user

    play(tmp_path, scenario)


def test_a_public_address_belongs_to_one_user(tmp_path: Path) -> None:
    async def scenario(world: World) -> None:
        await world.put(ADDRESS, STATIC)
        await world.put(INTERFACE, interface_with(ADDRESS))
        front = {"name": "front", "properties": {"publicIPAddress": {"id": ADDRESS}}}
        refusal = await world.refusal(
            world.begin(BALANCER, balancer(frontendIPConfigurations=[front]))
        )
        assert refusal.code == "PublicIPAddressInUse"
        assert f"allocated to resource {INTERFACE}/ipConfigurations/ipconfig" in refusal.message

    play(tmp_path, scenario)


def test_an_interface_stays_while_its_machine_does(tmp_path: Path) -> None:
    async def scenario(world: World) -> None:
        await world.make_interface("nic")
        machine = attach_machine(world)
        refusal = await world.refusal(world.delete(INTERFACE))
        assert refusal.code == "NicInUse"
        assert f"is used by existing resource {machine}" in refusal.message
        assert world.get(INTERFACE)["properties"]["provisioningState"] == "Succeeded"
        world.store.delete(machine)
        await world.delete(INTERFACE)

    play(tmp_path, scenario)


def test_a_delete_waits_for_users_that_are_being_deleted(tmp_path: Path) -> None:
    async def scenario(world: World) -> None:
        await world.put(ADDRESS, {"properties": {}})
        await world.put(INTERFACE, interface_with(ADDRESS))
        machine = attach_machine(world, state="Deleting")
        answers = [
            await world.manager.delete(ResourceId.parse(path))
            for path in (VNET, ADDRESS, INTERFACE)
        ]
        assert [answer.status for answer in answers] == [202, 202, 202]
        world.store.delete(machine)
        for answer in answers:
            await world.manager.settle(answer)
        assert not [record for record in world.store.everything() if not record.id.is_group]

    play(tmp_path, scenario)


def test_an_interface_keeps_its_machine_through_a_put(tmp_path: Path) -> None:
    async def scenario(world: World) -> None:
        await world.put(BALANCER, production_and_staging())
        first = await world.make_interface("nic")
        machine = attach_machine(world)
        after = await world.make_interface("nic", "blue")
        assert after["properties"]["virtualMachine"] == {"id": str(machine)}
        record = world.store.get(ResourceId.parse(INTERFACE))
        assert record is not None
        own = first["properties"]["ipConfigurations"][0]["properties"]["privateIPAddress"]
        assert record.internals(Connected).endpoint == Endpoint(
            address=own,
            ip_configuration=f"{INTERFACE}/ipConfigurations/ipconfig",
            pools=(pool_id("blue"),),
            machine="vm-1",
        )

    play(tmp_path, scenario)


def test_an_interface_in_two_pools_with_rules_for_one_port_is_refused(tmp_path: Path) -> None:
    async def scenario(world: World) -> None:
        await world.put(BALANCER, production_and_staging())
        refusal = await world.refusal(world.make_interface("nic", "blue", "green"))
        assert refusal.code == "RulesOfSameLoadBalancerTypeUseSameBackendPortProtocolAndIPConfig"

    play(tmp_path, scenario)


def test_a_deleted_load_balancer_leaves_its_interfaces(tmp_path: Path) -> None:
    async def scenario(world: World) -> None:
        await world.put(BALANCER, production_and_staging())
        await world.make_interface("nic", "blue")
        await world.delete(BALANCER)
        configuration = world.get(INTERFACE)["properties"]["ipConfigurations"][0]
        assert configuration["properties"]["loadBalancerBackendAddressPools"] == []

    play(tmp_path, scenario)


def test_interfaces_of_instances_are_listed_by_set_and_by_instance(tmp_path: Path) -> None:
    async def scenario(world: World) -> None:
        await world.put(BALANCER, production_and_staging())
        scale_set = world.make_scale_set("web", "blue")
        for number in (0, 4):
            world.make_instance(scale_set, number, "blue", address=f"127.96.5.{number + 1}")
        lower = scale_set.replace("Microsoft.Compute", "microsoft.compute")
        parent = ResourceId.parse(lower)
        both = world.manager.kind(f"{parent.type}/networkInterfaces").listing(parent)
        assert [str(each.id) for each in both] == [
            f"{scale_set}/virtualMachines/{number}/networkInterfaces/nic" for number in (0, 4)
        ]
        instance = parent.child("virtualMachines", "4")
        kind = world.manager.kind(f"{instance.type}/networkInterfaces")
        (one,) = kind.listing(instance)
        assert kind.find(instance.child("networkInterfaces", "NIC")) == one
        properties = one.properties["ipConfigurations"][0]["properties"]
        assert properties["privateIPAddress"] == "127.96.5.5"
        assert properties["subnet"] == {"id": SUBNET}
        assert properties["loadBalancerBackendAddressPools"] == [{"id": pool_id("blue")}]
        assert one.properties["virtualMachine"] == {"id": f"{scale_set}/virtualMachines/4"}

    play(tmp_path, scenario)
