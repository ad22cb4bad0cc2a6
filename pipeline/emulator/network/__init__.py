"""The resource provider Microsoft.Network: what a landing zone, Packer and a swap need."""

from __future__ import annotations

from pipeline.emulator.arm.providers import Polling, Provider, Services
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
from pipeline.emulator.network.private_dns import PrivateDnsZones, TextRecordSets
from pipeline.emulator.network.public_addresses import PublicIPAddresses
from pipeline.emulator.network.questions import Questions
from pipeline.emulator.network.scale_set_interfaces import InstanceInterfaces, ScaleSetInterfaces
from pipeline.emulator.network.security_groups import NetworkSecurityGroups, SecurityRules
from pipeline.emulator.network.usages import Usages
from pipeline.emulator.network.virtual_networks import Subnets, VirtualNetworks

POLLING = Polling.in_location(
    status="{operations}/{id}",
    result="operationResults/{id}",
    headers={"azure-asyncnotification": "Enabled"},
    tells_times=False,
)


def provider(services: Services) -> Provider:
    """Microsoft.Network for one emulator, with the interfaces of scale set instances."""
    registry, addresses = services.manager, services.addresses
    data_path = services.data_path
    return Provider(
        namespace="Microsoft.Network",
        kinds=(
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
            InboundNatRules(registry, data_path),
            LoadBalancingRules(registry, data_path),
            OutboundRules(registry),
            Probes(registry),
            PrivateDnsZones(registry),
            TextRecordSets(registry),
            ScaleSetInterfaces(registry),
            InstanceInterfaces(registry),
        ),
        polling=POLLING,
        routes=(*Usages(registry).routes, *Questions(registry).routes),
    )
