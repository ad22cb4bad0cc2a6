"""Virtual networks and their subnets. Prefixes are checked; traffic does not depend on them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any

from pipeline.emulator.arm.errors import ArmError, invalid_parameter
from pipeline.emulator.arm.ids import ResourceId
from pipeline.emulator.arm.kinds import Kind
from pipeline.emulator.arm.store import Record
from pipeline.emulator.network import references
from pipeline.emulator.network.common import InlineKind, InUseKind, children, reference, require
from pipeline.emulator.network.usages import subnet_space

_Network = IPv4Network | IPv6Network


class VirtualNetworks(InUseKind):
    """`virtualNetworks`, with the subnets inside.

    A PUT without `subnets` keeps the existing ones, as Azure does since 2024; an empty list removes
    them.
    """

    type = "Microsoft.Network/virtualNetworks"

    def accept(
        self, identifier: ResourceId, body: dict[str, Any], existing: Record | None
    ) -> Record:
        """The network; subnets that are used must stay."""
        record = self.envelope(identifier, body, existing)
        record.document["properties"] = properties = self.properties(body, existing)
        before = existing.properties["subnets"] if existing else []
        given = properties.get("subnets", before)
        properties["subnets"] = children(record.id, "subnets", given)
        remaining = {subnet["id"].lower() for subnet in properties["subnets"]}
        for subnet in before:
            if subnet["id"].lower() not in remaining:
                refuse_if_used(self, ResourceId.parse(subnet["id"]))
        check_prefixes(record)
        for subnet in properties["subnets"]:
            check_references(self, subnet)
        return record

    def in_use(self, identifier: ResourceId) -> ArmError | None:
        """The refusal of the first subnet that is used."""
        record = self.registry.store.get(identifier)
        for subnet in record.properties["subnets"] if record else []:
            users = references.subnet_users(self.registry.store, subnet["id"])
            if users:
                return subnet_in_use(subnet["name"], users[0])
        return None

    def users(self, identifier: ResourceId) -> list[ResourceId]:
        """The IP configurations in its subnets."""
        record = self.registry.store.get(identifier)
        return [
            ResourceId.parse(user)
            for subnet in (record.properties["subnets"] if record else [])
            for user in references.subnet_users(self.registry.store, subnet["id"])
        ]

    @property
    def views(self) -> Mapping[str, Callable[[Record], dict[str, Any]]]:
        """`GET …/usages`: how many addresses of each subnet are taken."""
        return {"usages": lambda record: subnet_space(self.registry.store, record)}

    def stamp(self, document: dict[str, Any], etag: str) -> None:
        """The network's etag is its subnets' too."""
        document["etag"] = etag
        for subnet in document["properties"]["subnets"]:
            subnet["etag"] = etag

    def present(self, record: Record, query: Mapping[str, str]) -> dict[str, Any]:
        """With the subnets' states and the IP configurations in them."""
        state = record.properties.get("provisioningState", "Succeeded")
        record.properties.setdefault("virtualNetworkPeerings", [])
        for subnet in record.properties["subnets"]:
            subnet["type"] = Subnets.type
            subnet["properties"].setdefault("delegations", [])
            subnet["properties"].setdefault("provisioningState", state)
            users = references.subnet_users(self.registry.store, subnet["id"])
            if users:
                subnet["properties"]["ipConfigurations"] = [{"id": user} for user in users]
        return record.document


class Subnets(InlineKind):
    """`virtualNetworks/subnets`."""

    type = "Microsoft.Network/virtualNetworks/subnets"
    array = "subnets"

    def accept(
        self, identifier: ResourceId, body: dict[str, Any], existing: Record | None
    ) -> Record:
        """The subnet, when its prefix fits into the network beside the others."""
        record = super().accept(identifier, body, existing)
        parent = self._parent(identifier)
        if parent is not None:
            others = [
                subnet
                for subnet in parent.properties["subnets"]
                if subnet["name"].lower() != identifier.name.lower()
            ]
            parent.properties["subnets"] = [*others, record.document]
            check_prefixes(parent)
        check_references(self, record.document)
        return record

    def refuse_delete(self, identifier: ResourceId) -> None:
        """Refuse to delete a subnet that something is in."""
        refuse_if_used(self, identifier)


def refuse_if_used(kind: Kind, subnet: ResourceId) -> None:
    """Raises ArmError `InUseSubnetCannotBeDeleted` when something is in the subnet."""
    users = references.subnet_users(kind.registry.store, str(subnet))
    if users:
        raise subnet_in_use(subnet.name, users[0])


def subnet_in_use(name: str, user: str) -> ArmError:
    """400 as reported in many issues (cluster-api-provider-azure#172)."""
    return ArmError(
        400,
        "InUseSubnetCannotBeDeleted",
        f"Subnet {name} is in use by {user} and cannot be deleted. In order to delete the subnet, "
        "delete all the resources within the subnet. See aka.ms/deletesubnet.",
    )


def check_references(kind: Kind, subnet: dict[str, Any]) -> None:
    """Raises ArmError when the subnet points at something that is not there."""
    for name in ("networkSecurityGroup", "natGateway"):
        referenced = reference(subnet["properties"], name)
        if referenced:
            require(kind.registry, subnet["id"], referenced)


def check_prefixes(network: Record) -> None:
    """Raises ArmError when a prefix is not one, lies outside the network or overlaps another."""
    spaces = [
        _network(prefix)
        for prefix in (network.properties.get("addressSpace") or {}).get("addressPrefixes") or []
    ]
    taken: list[_Network] = []
    for subnet in network.properties["subnets"]:
        name = subnet["name"]
        for prefix in _prefixes(subnet["properties"]):
            if not any(_within(prefix, space) for space in spaces):
                raise ArmError(
                    400,
                    "NetcfgSubnetRangeOutsideVnet",
                    f"Subnet '{name}' is not valid because its IP address range is outside the IP "
                    f"address range of virtual network '{network.id.name}'.",
                )
            if any(prefix.overlaps(other) for other in taken):
                raise ArmError(
                    400,
                    "NetcfgSubnetRangesOverlap",
                    f"Subnet '{name}' is not valid because its IP address range overlaps with that "
                    f"of an existing subnet in virtual network '{network.id.name}'.",
                )
            taken.append(prefix)


def _prefixes(properties: Mapping[str, Any]) -> list[_Network]:
    given = properties.get("addressPrefixes") or [properties.get("addressPrefix")]
    return [_network(prefix) for prefix in given]


def _network(prefix: Any) -> _Network:
    try:
        return ip_network(str(prefix))
    except ValueError as error:
        raise invalid_parameter(
            "addressPrefix", f"The address prefix {prefix} is invalid."
        ) from error


def _within(prefix: _Network, space: _Network) -> bool:
    if isinstance(prefix, IPv4Network) and isinstance(space, IPv4Network):
        return prefix.subnet_of(space)
    if isinstance(prefix, IPv6Network) and isinstance(space, IPv6Network):
        return prefix.subnet_of(space)
    return False
