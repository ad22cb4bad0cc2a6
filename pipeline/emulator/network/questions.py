"""What can be asked of a network beside its document: whether an address is free."""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from itertools import islice
from typing import Any

from pipeline.emulator.arm.answers import Answer
from pipeline.emulator.arm.errors import invalid_parameter
from pipeline.emulator.arm.ids import ResourceId
from pipeline.emulator.arm.kinds import Registry
from pipeline.emulator.arm.providers import Call, Route
from pipeline.emulator.network.references import VIRTUAL_NETWORK

_CHECK = (
    "/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Network"
    "/virtualNetworks/{name}/CheckIPAddressAvailability"
)
_RESERVED = 4
"""The first addresses of a subnet, that Azure keeps for itself."""
_OFFERED = 5


class Questions:
    """`GET …/CheckIPAddressAvailability?ipAddress=`: by the subnets' prefixes alone.

    Interfaces have loopback addresses here, so all others of a prefix are free.
    """

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    @property
    def routes(self) -> tuple[Route, ...]:
        """One question."""
        return (Route("GET", _CHECK, self._check),)

    async def _check(self, call: Call) -> Answer:
        asked = call.parameters
        self._registry.require_group(asked["subscription"], asked["group"])
        identifier = ResourceId(
            asked["subscription"],
            asked["group"],
            "Microsoft.Network",
            (("virtualNetworks", asked["name"]),),
        )
        network = self._registry.kind(VIRTUAL_NETWORK).require(identifier)
        return Answer(200, _availability(network.properties["subnets"], call))


def _availability(subnets: list[dict[str, Any]], call: Call) -> dict[str, Any]:
    """Shape: azure-mgmt-network, IPAddressAvailabilityResult."""
    try:
        wanted = ip_address(call.query.get("ipaddress", ""))
    except ValueError as error:
        raise invalid_parameter("ipAddress", str(error)) from error
    for subnet in subnets:
        properties = subnet["properties"]
        for prefix in properties.get("addressPrefixes") or [properties["addressPrefix"]]:
            whole = ip_network(prefix)
            if wanted in whole:
                free = islice(whole, _RESERVED, whole.num_addresses - 1)
                place = int(wanted) - int(whole.network_address)
                is_free = _RESERVED <= place < whole.num_addresses - 1
                others = [] if is_free else [str(one) for one in islice(free, _OFFERED)]
                return {
                    "available": is_free,
                    "availableIPAddresses": others,
                    "isPlatformReserved": not is_free,
                }
    return {"available": False, "availableIPAddresses": [], "isPlatformReserved": False}
