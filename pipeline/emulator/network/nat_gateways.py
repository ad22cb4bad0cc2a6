"""NAT gateways: kept and checked. Guests reach the outside through the host in any case."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipeline.emulator.arm.errors import ArmError
from pipeline.emulator.arm.ids import ResourceId
from pipeline.emulator.arm.store import Record
from pipeline.emulator.network import references
from pipeline.emulator.network.common import NetworkKind, ids
from pipeline.emulator.network.public_addresses import require_free


class NatGateways(NetworkKind):
    """`natGateways`."""

    type = "Microsoft.Network/natGateways"

    def accept(
        self, identifier: ResourceId, body: dict[str, Any], existing: Record | None
    ) -> Record:
        """The gateway, when its public addresses exist and are free."""
        record = self.envelope(identifier, body, existing)
        record.document["properties"] = self.properties(body, existing)
        record.properties.setdefault("idleTimeoutInMinutes", 4)
        name = "publicIpAddresses"
        for used in ids(name, record.properties.get(name)):
            require_free(self.registry, used, str(record.id))
        return record

    def refuse_delete(self, identifier: ResourceId) -> None:
        """400 as reported (Copilot-Studio-with-Azure-AI-Search#62)."""
        subnets = references.subnets_with(self.registry.store, "natGateway", str(identifier))
        if subnets:
            raise ArmError(
                400,
                "CannotDeleteNatGatewayAssociatedToSubnet",
                f"NAT Gateway {identifier} is still configured on {len(subnets)} subnets. Remove "
                "NAT Gateway from all referenced subnets and then delete NAT Gateway.",
            )

    def present(self, record: Record, query: Mapping[str, str]) -> dict[str, Any]:
        """With the subnets that use it."""
        subnets = references.subnets_with(self.registry.store, "natGateway", str(record.id))
        if subnets:
            record.properties["subnets"] = [{"id": subnet} for subnet in subnets]
        return record.document
