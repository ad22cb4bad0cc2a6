"""Networks, groups, gateways, addresses and interfaces: made, shown, and kept while in use."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pipeline.emulator.arm.data_path import Connected, Endpoint
from pipeline.emulator.arm.ids import ResourceId
from pipeline.emulator.arm.store import Record
from tests.emulator.network.emulated_network import (
    BALANCER,
    COMPUTE,
    NETWORK,
    SUBNET,
    Body,
    EmulatedNetwork,
    balancer,
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


def attach_machine(arm: EmulatedNetwork, name: str = "nic", state: str = "Succeeded") -> ResourceId:
    """A virtual machine behind an interface, as its provider would write it."""
    machine = ResourceId.parse(f"{COMPUTE}/virtualMachines/vm")
    arm.store.put(Record(machine, {"properties": {"provisioningState": state}}))
    interface = arm.store.get(ResourceId.parse(f"{NETWORK}/networkInterfaces/{name}"))
    assert interface is not None
    interface.properties["virtualMachine"] = {"id": str(machine)}
    arm.store.put(interface)
    arm.change_endpoint(interface.id, lambda endpoint: replace(endpoint, machine="vm-1"))
    return machine


async def test_subnets_are_the_same_seen_from_their_network_and_by_themselves(
    arm: EmulatedNetwork,
) -> None:
    body = {"properties": {"addressPrefix": "10.0.2.0/24"}}
    made = await arm.begin(f"{VNET}/subnets/more", body)
    assert made.status == 201
    assert arm.names(VNET, "subnets") == ["apps", "more"]
    network = arm.get(VNET)
    assert network["etag"] == made.body["etag"]
    assert arm.get(f"{VNET}/subnets/more") == network["properties"]["subnets"][1]
    await arm.delete(f"{VNET}/subnets/more")
    assert [each["name"] for each in arm.get(VNET)["properties"]["subnets"]] == ["apps"]


async def test_a_network_put_without_subnets_keeps_them_and_an_empty_list_removes_them(
    arm: EmulatedNetwork,
) -> None:
    space = {"addressPrefixes": ["10.0.0.0/16"]}
    await arm.put(VNET, {"properties": {"addressSpace": space}})
    assert arm.names(VNET, "subnets") == ["apps"]
    await arm.put(VNET, {"properties": {"addressSpace": space, "subnets": []}})
    assert arm.names(VNET, "subnets") == []


@pytest.mark.parametrize(
    ("prefix", "code"),
    [
        ("10.9.0.0/24", "NetcfgSubnetRangeOutsideVnet"),
        ("10.0.1.128/25", "NetcfgSubnetRangesOverlap"),
        ("ten", "InvalidParameter"),
    ],
)
async def test_a_prefix_that_does_not_fit_is_refused(
    arm: EmulatedNetwork, prefix: str, code: str
) -> None:
    body = {"properties": {"addressPrefix": prefix}}
    refusal = await arm.refusal(arm.begin(f"{VNET}/subnets/bad", body))
    assert refusal.code == code
    assert arm.names(VNET, "subnets") == ["apps"]


async def test_a_subnet_in_use_is_not_deleted(arm: EmulatedNetwork) -> None:
    await arm.make_interface("nic")
    empty = {"properties": {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}, "subnets": []}}
    for refused in (arm.delete(SUBNET), arm.begin(VNET, empty), arm.delete(VNET)):
        refusal = await arm.refusal(refused)
        assert refusal.code == "InUseSubnetCannotBeDeleted"
        assert f"Subnet apps is in use by {INTERFACE}/ipConfigurations/ipconfig" in (
            refusal.message
        )
    assert arm.get(VNET)["properties"]["provisioningState"] == "Succeeded"
    await arm.delete(INTERFACE)
    await arm.delete(VNET)


async def test_scale_sets_and_private_frontends_hold_their_subnet(arm: EmulatedNetwork) -> None:
    await arm.put(BALANCER, balancer())
    refusal = await arm.refusal(arm.delete(SUBNET))
    assert f"{BALANCER}/frontendIPConfigurations/front" in refusal.message
    await arm.delete(BALANCER)
    scale_set = arm.make_scale_set("web")
    refusal = await arm.refusal(arm.delete(SUBNET))
    assert scale_set in refusal.message
    instance = arm.make_instance(scale_set, 0)
    refusal = await arm.refusal(arm.delete(SUBNET))
    assert f"{instance}/networkInterfaces/nic/ipConfigurations/ipconfig" in refusal.message


async def test_security_groups_and_their_rules(arm: EmulatedNetwork) -> None:
    properties: dict[str, Any] = {"priority": 100, "access": "Allow", "direction": "Inbound"}
    await arm.put(
        GROUP, {"properties": {"securityRules": [{"name": "web", "properties": properties}]}}
    )
    ssh = properties | {"priority": 110}
    await arm.put(f"{GROUP}/securityRules/ssh", {"properties": ssh})
    assert arm.names(GROUP, "securityRules") == ["web", "ssh"]
    subnet = {"addressPrefix": "10.0.1.0/24", "networkSecurityGroup": {"id": GROUP}}
    await arm.put(SUBNET, {"properties": subnet})
    assert arm.get(GROUP)["properties"]["subnets"] == [{"id": SUBNET}]
    refusal = await arm.refusal(arm.delete(GROUP))
    assert refusal.code == "InUseNetworkSecurityGroupCannotBeDeleted"
    assert f"in use by the following resources: {SUBNET}." in refusal.message
    await arm.put(SUBNET, {"properties": {"addressPrefix": "10.0.1.0/24"}})
    await arm.delete(GROUP)


async def test_a_nat_gateway_holds_its_address_and_is_held_by_its_subnets(
    arm: EmulatedNetwork,
) -> None:
    await arm.put(ADDRESS, STATIC)
    await arm.put(GATEWAY, {"properties": {"publicIpAddresses": [{"id": ADDRESS}]}})
    subnet = {"addressPrefix": "10.0.1.0/24", "natGateway": {"id": GATEWAY}}
    await arm.put(SUBNET, {"properties": subnet})
    assert arm.get(GATEWAY)["properties"]["subnets"] == [{"id": SUBNET}]
    assert arm.get(ADDRESS)["properties"]["natGateway"] == {"id": GATEWAY}
    refusal = await arm.refusal(arm.delete(GATEWAY))
    assert refusal.code == "CannotDeleteNatGatewayAssociatedToSubnet"
    refusal = await arm.refusal(arm.delete(ADDRESS))
    assert refusal.code == "PublicIPAddressCannotBeDeleted"


async def test_a_reference_to_nothing_is_refused(arm: EmulatedNetwork) -> None:
    subnet = {"addressPrefix": "10.0.1.0/24", "natGateway": {"id": GATEWAY}}
    for path, body in (
        (SUBNET, {"properties": subnet}),
        (INTERFACE, interface_with(ADDRESS)),
    ):
        refusal = await arm.refusal(arm.begin(path, body))
        assert (refusal.status, refusal.code) == (400, "InvalidResourceReference")


async def test_a_static_address_is_there_at_once_and_kept(arm: EmulatedNetwork) -> None:
    first = await arm.put(ADDRESS, STATIC)
    assert first["properties"]["ipAddress"].startswith("127.97.")
    again = await arm.put(ADDRESS, STATIC | {"tags": {"a": "b"}})
    assert again["properties"]["ipAddress"] == first["properties"]["ipAddress"]
    dynamic = STATIC | {"properties": {"publicIPAllocationMethod": "Dynamic"}}
    refusal = await arm.refusal(arm.begin(ADDRESS, dynamic))
    assert refusal.code == "StandardSkuPublicIPAddressesCannotHaveDynamicAllocation"


async def test_packers_dynamic_address_is_its_interfaces_own(arm: EmulatedNetwork) -> None:
    dynamic = {"properties": {"publicIPAllocationMethod": "Dynamic"}}
    shown = await arm.put(ADDRESS, dynamic)
    assert "ipAddress" not in shown["properties"]
    interface = await arm.put(INTERFACE, interface_with(ADDRESS))
    own = interface["properties"]["ipConfigurations"][0]["properties"]["privateIPAddress"]
    assert own.startswith("127.96.")
    assert arm.get(ADDRESS)["properties"]["ipAddress"] == own
    user = {"id": f"{INTERFACE}/ipConfigurations/ipconfig"}
    assert arm.get(ADDRESS)["properties"]["ipConfiguration"] == user


async def test_a_public_address_belongs_to_one_user(arm: EmulatedNetwork) -> None:
    await arm.put(ADDRESS, STATIC)
    await arm.put(INTERFACE, interface_with(ADDRESS))
    front = {"name": "front", "properties": {"publicIPAddress": {"id": ADDRESS}}}
    refusal = await arm.refusal(arm.begin(BALANCER, balancer(frontendIPConfigurations=[front])))
    assert refusal.code == "PublicIPAddressInUse"
    assert f"allocated to resource {INTERFACE}/ipConfigurations/ipconfig" in refusal.message


async def test_an_interface_stays_while_its_machine_does(arm: EmulatedNetwork) -> None:
    await arm.make_interface("nic")
    machine = attach_machine(arm)
    refusal = await arm.refusal(arm.delete(INTERFACE))
    assert refusal.code == "NicInUse"
    assert f"is used by existing resource {machine}" in refusal.message
    assert arm.get(INTERFACE)["properties"]["provisioningState"] == "Succeeded"
    arm.store.delete(machine)
    await arm.delete(INTERFACE)


async def test_a_delete_waits_for_users_that_are_being_deleted(arm: EmulatedNetwork) -> None:
    await arm.put(ADDRESS, {"properties": {}})
    await arm.put(INTERFACE, interface_with(ADDRESS))
    machine = attach_machine(arm, state="Deleting")
    answers = [
        await arm.manager.delete(ResourceId.parse(path)) for path in (VNET, ADDRESS, INTERFACE)
    ]
    assert [answer.status for answer in answers] == [202, 202, 202]
    arm.store.delete(machine)
    for answer in answers:
        await arm.manager.settle(answer)
    assert not [record for record in arm.store.everything() if not record.id.is_group]


async def test_an_interface_keeps_its_machine_through_a_put(arm: EmulatedNetwork) -> None:
    await arm.put(BALANCER, production_and_staging())
    first = await arm.make_interface("nic")
    machine = attach_machine(arm)
    after = await arm.make_interface("nic", "blue")
    assert after["properties"]["virtualMachine"] == {"id": str(machine)}
    record = arm.store.get(ResourceId.parse(INTERFACE))
    assert record is not None
    own = first["properties"]["ipConfigurations"][0]["properties"]["privateIPAddress"]
    assert record.internals(Connected).endpoint == Endpoint(
        address=own,
        ip_configuration=f"{INTERFACE}/ipConfigurations/ipconfig",
        pools=(pool_id("blue"),),
        machine="vm-1",
    )


async def test_an_interface_in_two_pools_with_rules_for_one_port_is_refused(
    arm: EmulatedNetwork,
) -> None:
    await arm.put(BALANCER, production_and_staging())
    refusal = await arm.refusal(arm.make_interface("nic", "blue", "green"))
    assert refusal.code == "RulesOfSameLoadBalancerTypeUseSameBackendPortProtocolAndIPConfig"


async def test_a_deleted_load_balancer_leaves_its_interfaces(arm: EmulatedNetwork) -> None:
    await arm.put(BALANCER, production_and_staging())
    await arm.make_interface("nic", "blue")
    await arm.delete(BALANCER)
    configuration = arm.get(INTERFACE)["properties"]["ipConfigurations"][0]
    assert configuration["properties"]["loadBalancerBackendAddressPools"] == []


async def test_interfaces_of_instances_are_listed_by_set_and_by_instance(
    arm: EmulatedNetwork,
) -> None:
    await arm.put(BALANCER, production_and_staging())
    scale_set = arm.make_scale_set("web", "blue")
    for number in (0, 4):
        arm.make_instance(scale_set, number, "blue", address=f"127.96.5.{number + 1}")
    lower = scale_set.replace("Microsoft.Compute", "microsoft.compute")
    parent = ResourceId.parse(lower)
    both = arm.manager.kind(f"{parent.type}/networkInterfaces").listing(parent)
    assert [str(each.id) for each in both] == [
        f"{scale_set}/virtualMachines/{number}/networkInterfaces/nic" for number in (0, 4)
    ]
    instance = parent.child("virtualMachines", "4")
    kind = arm.manager.kind(f"{instance.type}/networkInterfaces")
    (one,) = kind.listing(instance)
    assert kind.find(instance.child("networkInterfaces", "NIC")) == one
    properties = one.properties["ipConfigurations"][0]["properties"]
    assert properties["privateIPAddress"] == "127.96.5.5"
    assert properties["subnet"] == {"id": SUBNET}
    assert properties["loadBalancerBackendAddressPools"] == [{"id": pool_id("blue")}]
    assert one.properties["virtualMachine"] == {"id": f"{scale_set}/virtualMachines/4"}
