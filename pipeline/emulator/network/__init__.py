"""Microsoft.Network, as much as a landing zone, Packer and a swap of backend pools need."""

from __future__ import annotations

from pipeline.emulator.arm.addresses import Addresses
from pipeline.emulator.arm.data_path import DataPath
from pipeline.emulator.arm.kinds import Kind
from pipeline.emulator.arm.manager import ResourceManager
from pipeline.emulator.network.interfaces import NetworkInterfaces
from pipeline.emulator.network.load_balancer_children import (
    BackendAddressPools,
    FrontendIPConfigurations,
    InboundNatRules,
    LoadBalancingRules,
    OutboundRules,
    Probes,
)
from pipeline.emulator.network.load_balancers import LoadBalancers
from pipeline.emulator.network.nat_gateways import NatGateways
from pipeline.emulator.network.public_addresses import PublicIPAddresses
from pipeline.emulator.network.scale_set_interfaces import InstanceInterfaces, ScaleSetInterfaces
from pipeline.emulator.network.security_groups import NetworkSecurityGroups, SecurityRules
from pipeline.emulator.network.virtual_networks import Subnets, VirtualNetworks


def kinds(manager: ResourceManager, addresses: Addresses, data_path: DataPath) -> list[Kind]:
    """Every kind this package serves, among them the interfaces of scale set instances."""
    return [
        VirtualNetworks(manager),
        Subnets(manager),
        NetworkSecurityGroups(manager),
        SecurityRules(manager),
        NatGateways(manager),
        PublicIPAddresses(manager, addresses),
        NetworkInterfaces(manager, addresses, data_path),
        LoadBalancers(manager, addresses, data_path),
        BackendAddressPools(manager, data_path),
        FrontendIPConfigurations(manager),
        InboundNatRules(manager),
        LoadBalancingRules(manager),
        OutboundRules(manager),
        Probes(manager),
        ScaleSetInterfaces(manager),
        InstanceInterfaces(manager),
    ]
