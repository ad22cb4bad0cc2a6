"""Usages of Microsoft.Network: of a region, and of the addresses of each subnet."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Any

from pipeline.emulator.arm.answers import Answer
from pipeline.emulator.arm.ids import ResourceId
from pipeline.emulator.arm.kinds import Registry
from pipeline.emulator.arm.providers import Call, Route
from pipeline.emulator.arm.regions import normal_location
from pipeline.emulator.arm.store import Record, Store
from pipeline.emulator.network import references

_USAGES = "/subscriptions/{subscription}/providers/Microsoft.Network/locations/{location}/usages"
_RESERVED = 5
"""Addresses of each subnet that Azure keeps for itself."""
_KINDS = {
    "VirtualNetworks": "Microsoft.Network/virtualNetworks",
    "NetworkSecurityGroups": "Microsoft.Network/networkSecurityGroups",
    "PublicIPAddresses": "Microsoft.Network/publicIPAddresses",
    "LoadBalancers": "Microsoft.Network/loadBalancers",
    "NatGateways": "Microsoft.Network/natGateways",
    "NetworkInterfaces": "Microsoft.Network/networkInterfaces",
}


class Usages:
    """How many of each type a region has, of how many it may have."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    @property
    def routes(self) -> tuple[Route, ...]:
        """One list for each region."""
        return (Route("GET", _USAGES, self._listing),)

    async def _listing(self, call: Call) -> Answer:
        location = normal_location(call.parameters["location"])
        return Answer(200, {"value": [self._usage(call.path, location, name) for name in _KINDS]})

    def _usage(self, path: str, location: str, name: str) -> dict[str, Any]:
        found = self._registry.store.peek(_KINDS[name])
        used = sum(normal_location(record.document["location"]) == location for record in found)
        return {
            "id": f"{path}/{name}",
            "currentValue": used,
            "limit": self._registry.allowances.quota(location, name),
            "unit": "Count",
            "isAdjustable": True,
            "name": {"value": name, "localizedValue": name},
        }


def subnet_space(store: Store, network: Record) -> dict[str, Any]:
    """`GET …/virtualNetworks/{v}/usages`: addresses taken in each subnet, in floats.

    Shape: azure-rest-api-specs, VirtualNetworkListUsage.json.
    """
    return {"value": [_space(store, subnet) for subnet in network.properties["subnets"]]}


def _space(store: Store, subnet: dict[str, Any]) -> dict[str, Any]:
    properties = subnet["properties"]
    prefixes = properties.get("addressPrefixes") or [properties["addressPrefix"]]
    limit = sum(max(ip_network(prefix).num_addresses - _RESERVED, 0) for prefix in prefixes)
    users = (ResourceId.parse(user) for user in references.subnet_users(store, subnet["id"]))
    used = sum(user.type.lower() != references.SCALE_SET.lower() for user in users)
    return {
        "id": subnet["id"],
        "currentValue": float(used),
        "limit": float(limit),
        "unit": "Count",
        "name": {"value": "SubnetSpace", "localizedValue": "Subnet size and usage"},
    }
