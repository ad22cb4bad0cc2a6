"""Microsoft.Network, as much as a landing zone, Packer and a swap of backend pools need."""

from __future__ import annotations

from pipeline.emulator.arm.addresses import Addresses
from pipeline.emulator.arm.data_path import DataPath
from pipeline.emulator.arm.kinds import Kind, Registry
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


def kinds(registry: Registry, addresses: Addresses, data_path: DataPath) -> list[Kind]:
    """Every kind this package serves, among them the interfaces of scale set instances."""
    return [
        VirtualNetworks(registry),
        Subnets(registry),
        NetworkSecurityGroups(registry),
        SecurityRules(registry),
        NatGateways(registry),
        PublicIPAddresses(registry, addresses),
        NetworkInterfaces(registry, addresses, data_path),
        LoadBalancers(registry, addresses, data_path),
        BackendAddressPools(registry, data_path),
        FrontendIPConfigurations(registry),
        InboundNatRules(registry),
        LoadBalancingRules(registry),
        OutboundRules(registry),
        Probes(registry),
        ScaleSetInterfaces(registry),
        InstanceInterfaces(registry),
    ]
