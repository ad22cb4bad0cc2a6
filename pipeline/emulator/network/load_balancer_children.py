"""A load balancer's children: all can be read, only pools and inbound NAT rules written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipeline.emulator.arm.data_path import DataPath
from pipeline.emulator.arm.errors import ArmError
from pipeline.emulator.arm.ids import ResourceId, key
from pipeline.emulator.arm.kinds import Action, Registry
from pipeline.emulator.arm.store import Record
from pipeline.emulator.network import (
    load_balancer_document,
    load_balancer_rules,
    load_balancer_uses,
    nat_rules,
    references,
)
from pipeline.emulator.network.common import InlineKind, ReadOnlyChild, reference, same_name
from pipeline.emulator.network.load_balancer_document import member_name


class CarriedChild(InlineKind):
    """A child with a PUT and a DELETE of its own, that traffic follows."""

    def __init__(self, registry: Registry, data_path: DataPath) -> None:
        super().__init__(registry)
        self._data_path = data_path

    async def destroy(self, identifier: ResourceId) -> None:
        """Let traffic follow."""
        await self._data_path.refresh()

    def _complete(self, parent: ResourceId, record: Record) -> None:
        """Give it the properties that it has inside of its load balancer's document."""
        given = {"name": record.id.name, "properties": record.properties}
        kept = load_balancer_document.kept_properties(parent, {self.array: [given]})
        record.document["properties"] = kept[self.array][0]["properties"]


class BackendAddressPools(CarriedChild):
    """`loadBalancers/backendAddressPools`: made and removed here, filled by interfaces."""

    type = "Microsoft.Network/loadBalancers/backendAddressPools"
    array = "backendAddressPools"

    def accept(
        self, identifier: ResourceId, body: dict[str, Any], existing: Record | None
    ) -> Record:
        """A pool without members, or one whose members the body leaves as they are.

        Their admin states are what it may change (Azure's "Manage administrative state").
        """
        record = super().accept(identifier, body, existing)
        load_balancer_document.refuse_address_members(body)
        given = {_named(one) for one in record.properties.get("loadBalancerBackendAddresses") or []}
        members = references.members(self.registry.store, str(identifier))
        names = {member_name(member.endpoint.ip_configuration).lower() for member in members}
        if given != names:
            raise ArmError(
                400,
                "ModificationOfNICIpConfigBackendPoolNotSupported",
                f"Operation on backend pool {record.id} not allowed since it adds/modifies/deletes "
                "backend address pool members that are specified with a network interface IP "
                "configuration.",
            )
        self._complete(identifier.parent or identifier, record)
        return record

    def is_quick(self, record: Record) -> bool:
        """Without members: there is no traffic to follow."""
        return not references.members(self.registry.store, str(record.id))

    async def realize(self, identifier: ResourceId) -> None:
        """Let traffic follow the members' admin states."""
        await self._data_path.refresh()

    def refuse_delete(self, identifier: ResourceId) -> None:
        """Refuse to delete a pool that a scale set or a rule needs."""
        load_balancer_uses.refuse_pool_in_use(self.registry.store, str(identifier), identifier.name)
        parent = self._parent(identifier)
        for rule in parent.properties["loadBalancingRules"] if parent else []:
            used = reference(rule["properties"], "backendAddressPool")
            if used and key(used) == identifier.key:
                raise ArmError(
                    400,
                    "CannotDeleteResource",
                    f"Backend address pool {identifier} is used by load balancing rule "
                    f"{rule['id']}.",
                )

    @property
    def actions(self) -> Mapping[str, Action]:
        """`queryInboundNatRulePortMapping`: the ports that lead to each member."""
        return {"queryinboundnatruleportmapping": Action(check=self._port_mappings)}

    def _port_mappings(self, identifier: ResourceId, _: dict[str, Any]) -> dict[str, Any]:
        parent = self._parent(identifier)
        return nat_rules.port_mappings(parent, self.registry.store, identifier) if parent else {}


def _named(address: Mapping[str, Any]) -> str:
    """A member that a body lists, by the name that a GET shows it with."""
    properties = address.get("properties") or {}
    configuration = reference(properties, "networkInterfaceIPConfiguration")
    return (member_name(configuration) if configuration else str(address.get("name"))).lower()


class FrontendIPConfigurations(ReadOnlyChild):
    """`loadBalancers/frontendIPConfigurations`."""

    type = "Microsoft.Network/loadBalancers/frontendIPConfigurations"
    array = "frontendIPConfigurations"


class LoadBalancingRules(ReadOnlyChild):
    """`loadBalancers/loadBalancingRules`, each with `health` for what its probe finds."""

    type = "Microsoft.Network/loadBalancers/loadBalancingRules"
    array = "loadBalancingRules"

    def __init__(self, registry: Registry, data_path: DataPath) -> None:
        super().__init__(registry)
        self._data_path = data_path

    @property
    def actions(self) -> Mapping[str, Action]:
        """`health`: what Azure's own probes find at each member, for rules that have a probe."""
        return {"health": Action(check=self._refuse_unprobed, ask=self._health)}

    def _refuse_unprobed(self, identifier: ResourceId, body: dict[str, Any]) -> None:
        """Documented: not for rules without a probe. Code and sentence are not known."""
        if reference(self.require(identifier).properties, "probe") is None:
            raise ArmError(
                400,
                "LoadBalancingRuleHasNoProbe",
                f"Load balancing rule {identifier} has no health probe.",
            )

    async def _health(self, identifier: ResourceId) -> dict[str, Any]:
        members = await self._data_path.probed(identifier)
        up = sum(member.is_up for member in members)
        addresses = [
            {
                "ipAddress": member.endpoint.address,
                "networkInterfaceIPConfigurationId": member.endpoint.ip_configuration,
                "state": "Up" if member.is_up else "Down",
                "reason": member.reason,
            }
            for member in members
        ]
        return {
            "up": up,
            "down": len(members) - up,
            "loadBalancerBackendAddresses": addresses,
        }


class Probes(ReadOnlyChild):
    """`loadBalancers/probes`."""

    type = "Microsoft.Network/loadBalancers/probes"
    array = "probes"


class OutboundRules(ReadOnlyChild):
    """`loadBalancers/outboundRules`."""

    type = "Microsoft.Network/loadBalancers/outboundRules"
    array = "outboundRules"


class InboundNatRules(CarriedChild):
    """`loadBalancers/inboundNatRules`: those with a PUT of their own, as in Azure."""

    type = "Microsoft.Network/loadBalancers/inboundNatRules"
    array = "inboundNatRules"

    def accept(
        self, identifier: ResourceId, body: dict[str, Any], existing: Record | None
    ) -> Record:
        """The rule, when its load balancer with it is one that Azure takes."""
        record = super().accept(identifier, body, existing)
        parent = self._parent(identifier)
        if parent is None:
            return record
        self._complete(parent.id, record)
        others = [
            child
            for child in parent.properties[self.array]
            if not same_name(child["name"], record.id.name)
        ]
        parent.properties[self.array] = [*others, record.document]
        load_balancer_rules.check(parent)
        return record

    def is_quick(self, record: Record) -> bool:
        """Never: traffic follows behind the answer."""
        return False

    async def realize(self, identifier: ResourceId) -> None:
        """Let traffic follow."""
        await self._data_path.refresh()
