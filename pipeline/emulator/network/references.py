"""Uses of resources: read from the store each time, so that no back-reference can be stale."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pipeline.emulator.arm.data_path import Presence, presences
from pipeline.emulator.arm.ids import ResourceId, key
from pipeline.emulator.arm.store import Record, Store
from pipeline.emulator.network.common import reference

INTERFACE = "Microsoft.Network/networkInterfaces"
INSTANCE = "Microsoft.Compute/virtualMachineScaleSets/virtualMachines"
SCALE_SET = "Microsoft.Compute/virtualMachineScaleSets"
LOAD_BALANCER = "Microsoft.Network/loadBalancers"
VIRTUAL_NETWORK = "Microsoft.Network/virtualNetworks"


@dataclass(frozen=True, slots=True)
class ScaleSet:
    """What a scale set's model refers to; all ids comparable."""

    id: ResourceId
    pools: frozenset[str]
    probe: str | None
    subnets: frozenset[str]
    security_groups: frozenset[str]


def scale_sets(store: Store) -> list[ScaleSet]:
    """All scale sets that are not being deleted."""
    return [
        _scale_set(record)
        for record in store.peek(SCALE_SET)
        if record.properties.get("provisioningState") != "Deleting"
    ]


def members(store: Store, pool: str) -> list[Presence]:
    """The network presences in a backend pool."""
    return [member for member in presences(store) if key(pool) in member.endpoint.pool_keys]


def pool_users(store: Store, pool: str) -> list[ResourceId]:
    """Scale sets that are in a pool: by their model, or by an instance of an older model."""
    by_model = {scale_set.id for scale_set in scale_sets(store) if key(pool) in scale_set.pools}
    by_instance = {
        member.owner.parent for member in members(store, pool) if member.owner.parent is not None
    }
    return sorted(by_model | by_instance, key=str)


def subnet_users(store: Store, subnet: str) -> list[str]:
    """IP configurations (or scale sets without instances) in a subnet."""
    wanted = key(subnet)
    users = [
        str(configuration["id"])
        for record in store.peek(INTERFACE)
        for configuration in record.properties.get("ipConfigurations") or []
        if _refers(configuration, "subnet", wanted)
    ]
    users += [
        str(frontend["id"])
        for record in store.peek(LOAD_BALANCER)
        for frontend in record.properties.get("frontendIPConfigurations") or []
        if _refers(frontend, "subnet", wanted)
    ]
    in_subnet = {
        scale_set.id for scale_set in _all_scale_sets(store) if wanted in scale_set.subnets
    }
    for scale_set in sorted(in_subnet, key=str):
        instances = [
            presence.endpoint.ip_configuration
            for presence in presences(store)
            if presence.owner.parent == scale_set
        ]
        users += instances or [str(scale_set)]
    return users


def public_address_user(store: Store, public_address: str) -> str | None:
    """The IP configuration or NAT gateway that a public address is allocated to."""
    wanted = key(public_address)
    for record in store.peek(INTERFACE, LOAD_BALANCER):
        array = "ipConfigurations" if _is_interface(record) else "frontendIPConfigurations"
        for configuration in record.properties.get(array) or []:
            if _refers(configuration, "publicIPAddress", wanted):
                return str(configuration["id"])
    for record in store.peek("Microsoft.Network/natGateways"):
        for used in record.properties.get("publicIpAddresses") or []:
            if key(used["id"]) == wanted:
                return str(record.id)
    return None


def subnets_with(store: Store, name: str, referenced: str) -> list[str]:
    """Subnets whose property `name` (`natGateway`, `networkSecurityGroup`) points at a resource."""
    return [
        str(subnet["id"])
        for record in store.peek(VIRTUAL_NETWORK)
        for subnet in record.properties.get("subnets") or []
        if _refers(subnet, name, key(referenced))
    ]


def security_group_users(store: Store, group: str) -> list[str]:
    """Subnets, interfaces and scale sets behind a network security group."""
    wanted = key(group)
    interfaces = [
        str(record.id)
        for record in store.peek(INTERFACE)
        if key(reference(record.properties, "networkSecurityGroup") or "") == wanted
    ]
    sets = [
        str(scale_set.id)
        for scale_set in _all_scale_sets(store)
        if wanted in scale_set.security_groups
    ]
    return [*subnets_with(store, "networkSecurityGroup", group), *interfaces, *sets]


def _all_scale_sets(store: Store) -> list[ScaleSet]:
    return [_scale_set(record) for record in store.peek(SCALE_SET)]


def _scale_set(record: Record) -> ScaleSet:
    profile = (record.properties.get("virtualMachineProfile") or {}).get("networkProfile") or {}
    interfaces = [
        interface.get("properties") or {}
        for interface in profile.get("networkInterfaceConfigurations") or []
    ]
    configurations = [
        configuration.get("properties") or {}
        for interface in interfaces
        for configuration in interface.get("ipConfigurations") or []
    ]
    probe = reference(profile, "healthProbe")
    return ScaleSet(
        id=record.id,
        pools=frozenset(
            key(pool["id"])
            for configuration in configurations
            for pool in configuration.get("loadBalancerBackendAddressPools") or []
        ),
        probe=key(probe) if probe else None,
        subnets=_ids(configurations, "subnet"),
        security_groups=_ids(interfaces, "networkSecurityGroup"),
    )


def _ids(several: list[dict[str, Any]], name: str) -> frozenset[str]:
    found = (reference(properties, name) for properties in several)
    return frozenset(key(identifier) for identifier in found if identifier)


def _refers(child: dict[str, Any], name: str, wanted: str) -> bool:
    return key(reference(child.get("properties") or {}, name) or "") == wanted


def _is_interface(record: Record) -> bool:
    return record.id.type.lower() == INTERFACE.lower()
