"""Network interfaces: each has a loopback address of its own, at which its machine is reached."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from pipeline.emulator.arm.addresses import Addresses
from pipeline.emulator.arm.data_path import Connected, DataPath, Endpoint
from pipeline.emulator.arm.errors import ArmError, invalid_parameter, not_served
from pipeline.emulator.arm.ids import ResourceId, key
from pipeline.emulator.arm.kinds import Registry
from pipeline.emulator.arm.store import Record
from pipeline.emulator.network.common import InUseKind, children, ids, reference, require
from pipeline.emulator.network.public_addresses import require_free
from pipeline.emulator.network.shared_pools import refuse_shared_ports

_CONFIGURATION_READ_ONLY = ("privateIPAddress", "provisioningState")
_POOLS = "loadBalancerBackendAddressPools"
_NAT_RULES = "loadBalancerInboundNatRules"
_NOT_CARRIED = ("applicationGatewayBackendAddressPools",)


@dataclass(frozen=True, kw_only=True)
class InterfaceInternals(Connected):
    """`left_pools` are those that the latest PUT took the interface out of, or kept it in.

    `has_nat_rules` says whether a NAT rule leads there since then, or did before.
    """

    left_pools: tuple[str, ...] = ()
    has_nat_rules: bool = False


class NetworkInterfaces(InUseKind):
    """`networkInterfaces`.

    The private address is the interface's loopback address, whatever its subnet's prefix or a
    static allocation says. The machine's provider writes it into the endpoint, and
    `virtualMachine.id` into the document.
    """

    type = "Microsoft.Network/networkInterfaces"
    internals = InterfaceInternals

    def __init__(self, registry: Registry, addresses: Addresses, data_path: DataPath) -> None:
        super().__init__(registry)
        self._addresses = addresses
        self._data_path = data_path

    def accept(
        self, identifier: ResourceId, body: dict[str, Any], existing: Record | None
    ) -> Record:
        """The interface, when all it refers to is there."""
        record = self.envelope(identifier, body, existing)
        properties = self.properties(body, existing)
        record.document["properties"] = properties
        configurations = children(
            record.id,
            "ipConfigurations",
            properties.get("ipConfigurations"),
            read_only=_CONFIGURATION_READ_ONLY,
        )
        if len(configurations) != 1:
            raise not_served("interfaces with other than one IP configuration")
        properties["ipConfigurations"] = configurations
        group = reference(properties, "networkSecurityGroup")
        if group:
            require(self.registry, record.id, group)
        self._check(configurations[0])
        self._keep_machine(record, existing)
        return record

    def _check(self, configuration: dict[str, Any]) -> None:
        properties, identifier = configuration["properties"], configuration["id"]
        subnet = reference(properties, "subnet")
        if subnet is None:
            raise invalid_parameter(
                "subnet", f"IP configuration {identifier} must reference a subnet."
            )
        require(self.registry, identifier, subnet)
        public_address = reference(properties, "publicIPAddress")
        if public_address:
            require_free(self.registry, public_address, identifier)
        for name in _NOT_CARRIED:
            if properties.get(name):
                raise not_served(f"'{name}' of an IP configuration")
        pools = ids(_POOLS, properties.get(_POOLS))
        for pool in pools:
            require(self.registry, identifier, pool)
        for nat_rule in ids(_NAT_RULES, properties.get(_NAT_RULES)):
            require(self.registry, identifier, nat_rule)
        refuse_shared_ports(self.registry.store, identifier, frozenset(map(key, pools)))

    def _keep_machine(self, record: Record, existing: Record | None) -> None:
        """Endpoint and machine: the pools are new, whatever runs there goes on."""
        configuration = record.properties["ipConfigurations"][0]
        properties, identifier = configuration["properties"], configuration["id"]
        before = (
            existing.internals(InterfaceInternals).endpoint
            if existing
            else Endpoint(self._addresses.take(str(record.id)), identifier)
        )
        properties.setdefault("privateIPAllocationMethod", "Dynamic")
        properties["privateIPAddress"] = before.address
        endpoint = replace(
            before, ip_configuration=identifier, pools=tuple(ids(_POOLS, properties.get(_POOLS)))
        )
        record.internal = InterfaceInternals(
            endpoint=endpoint,
            left_pools=before.pools,
            has_nat_rules=_names_nat_rules(record) or _names_nat_rules(existing),
        )
        machine = existing.properties.get("virtualMachine") if existing else None
        if machine:
            record.properties["virtualMachine"] = machine

    def is_quick(self, record: Record) -> bool:
        """Done at once unless a pool's membership changed."""
        kept = record.internals(InterfaceInternals)
        return not (kept.endpoint.pools or kept.left_pools or kept.has_nat_rules)

    async def realize(self, identifier: ResourceId) -> None:
        """Let traffic follow the pools."""
        await self._data_path.refresh()

    def in_use(self, identifier: ResourceId) -> ArmError | None:
        """400 as reported in many issues, Packer's among them."""
        users = self.users(identifier)
        if not users:
            return None
        return ArmError(
            400,
            "NicInUse",
            f"Network Interface {identifier} is used by existing resource {users[0]}. In order to "
            "delete the network interface, it must be dissociated from the resource. To learn "
            "more, see aka.ms/deletenic.",
        )

    def users(self, identifier: ResourceId) -> list[ResourceId]:
        """The machine that it belongs to."""
        record = self.registry.store.get(identifier)
        machine = reference(record.properties, "virtualMachine") if record else None
        if machine is None or self.registry.store.get(ResourceId.parse(machine)) is None:
            return []
        return [ResourceId.parse(machine)]

    async def destroy(self, identifier: ResourceId) -> None:
        """Once no machine uses it, leave the pools and give the address back."""
        await super().destroy(identifier)
        await self._data_path.refresh()
        self._addresses.release(str(identifier))

    def stamp(self, document: dict[str, Any], etag: str) -> None:
        """The interface's etag is its IP configurations' too."""
        document["etag"] = etag
        for configuration in document["properties"]["ipConfigurations"]:
            configuration["etag"] = etag

    def present(self, record: Record, query: Mapping[str, str]) -> dict[str, Any]:
        """With the IP configuration's state."""
        state = record.properties.get("provisioningState", "Succeeded")
        for configuration in record.properties["ipConfigurations"]:
            configuration["type"] = f"{self.type}/ipConfigurations"
            configuration["properties"] |= {"provisioningState": state, "primary": True}
        record.properties["primary"] = True
        return record.document


def _names_nat_rules(record: Record | None) -> bool:
    configurations = record.properties["ipConfigurations"] if record else []
    return any(each["properties"].get(_NAT_RULES) for each in configurations)
