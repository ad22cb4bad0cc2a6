"""Public IP addresses: loopback addresses, of the public half of the emulator's block."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from pipeline.emulator.arm.addresses import Addresses
from pipeline.emulator.arm.data_path import presences
from pipeline.emulator.arm.errors import ArmError, not_served
from pipeline.emulator.arm.ids import ResourceId, key
from pipeline.emulator.arm.kinds import Registry
from pipeline.emulator.arm.store import Internals, Record
from pipeline.emulator.arm.timings import Timing, Timings
from pipeline.emulator.network import references
from pipeline.emulator.network.common import InUseKind, require, sku_of

TYPE = "Microsoft.Network/publicIPAddresses"


@dataclass(frozen=True, kw_only=True)
class PublicAddressInternals(Internals):
    """`address` is the loopback address, whether it is answered or not.

    It is answered once the first PUT has been carried out.
    """

    address: str
    is_allocated: bool = False


class PublicIPAddresses(InUseKind):
    """`publicIPAddresses`.

    Attached to an interface, the address answered is the interface's own loopback address: a
    machine is reached there by every client, and Packer connects to the address answered.
    """

    type = TYPE
    internals = PublicAddressInternals
    timings = Timings(created=Timing(1, 2.5, 4, (1, 2)))  # azure-powershell, 2023

    def __init__(self, registry: Registry, addresses: Addresses) -> None:
        super().__init__(registry)
        self._addresses = addresses

    def accept(
        self, identifier: ResourceId, body: dict[str, Any], existing: Record | None
    ) -> Record:
        """The address; IPv6 and addresses out of a prefix are not served."""
        record = self.envelope(identifier, body, existing)
        properties = self.properties(body, existing)
        properties.pop("ipAddress", None)
        if properties.get("publicIPAddressVersion", "IPv4") != "IPv4":
            raise not_served("IPv6 public addresses")
        if properties.get("publicIPPrefix"):
            raise not_served("public addresses out of a prefix")
        properties.setdefault("publicIPAddressVersion", "IPv4")
        properties.setdefault("publicIPAllocationMethod", "Dynamic")
        properties.setdefault("idleTimeoutInMinutes", 4)
        properties.setdefault("ipTags", [])
        record.document["sku"] = sku_of(body, "Basic")
        if existing is None and str((body.get("sku") or {}).get("name")).lower() == "basic":
            raise _basic_is_retired()
        record.document["properties"] = properties
        self._check_allocation(record)
        taken = self._addresses.take(str(record.id), "public")
        is_allocated = existing and existing.internals(PublicAddressInternals).is_allocated
        record.internal = PublicAddressInternals(address=taken, is_allocated=bool(is_allocated))
        return record

    def is_quick(self, record: Record) -> bool:
        """A new address is `Updating` first, as recorded (azure-powershell, Standard sku)."""
        return record.internals(PublicAddressInternals).is_allocated

    async def realize(self, identifier: ResourceId) -> None:
        """Allocate it: only from now on it is shown."""
        self.registry.store.change(
            identifier, PublicAddressInternals, lambda kept: replace(kept, is_allocated=True)
        )

    def _check_allocation(self, record: Record) -> None:
        is_standard = record.document["sku"]["name"].lower() == "standard"
        is_static = str(record.properties["publicIPAllocationMethod"]).lower() == "static"
        if is_standard and not is_static:
            raise ArmError(
                400,
                "StandardSkuPublicIPAddressesCannotHaveDynamicAllocation",
                f"Standard sku publicIp {record.id} must have AllocationMethod set to Static.",
            )

    def present(self, record: Record, query: Mapping[str, str]) -> dict[str, Any]:
        """With the address, and what it is allocated to."""
        user = references.public_address_user(self.registry.store, str(record.id))
        if user is not None:
            name = "natGateway" if "/natgateways/" in user.lower() else "ipConfiguration"
            record.properties[name] = {"id": user}
        is_static = str(record.properties["publicIPAllocationMethod"]).lower() == "static"
        kept = record.internals(PublicAddressInternals)
        if kept.is_allocated and (user is not None or is_static):
            record.properties["ipAddress"] = self._reached_at(user) or kept.address
        return record.document

    def _reached_at(self, user: str | None) -> str | None:
        """The address of the interface behind an IP configuration, if it is one's."""
        for presence in presences(self.registry.store) if user else ():
            if key(presence.endpoint.ip_configuration) == key(user or ""):
                return presence.endpoint.address
        return None

    def in_use(self, identifier: ResourceId) -> ArmError | None:
        """400 as reported in many issues, Packer's among them."""
        user = references.public_address_user(self.registry.store, str(identifier))
        if user is None:
            return None
        return ArmError(
            400,
            "PublicIPAddressCannotBeDeleted",
            f"Public IP address {identifier} can not be deleted since it is still allocated to "
            f"resource {user}. In order to delete the public IP, disassociate/detach the Public IP "
            "address from the resource.  To learn how to do this, see aka.ms/deletepublicip.",
        )

    def users(self, identifier: ResourceId) -> list[ResourceId]:
        """The one IP configuration it is allocated to."""
        user = references.public_address_user(self.registry.store, str(identifier))
        return [ResourceId.parse(user)] if user else []

    async def destroy(self, identifier: ResourceId) -> None:
        """Give the address back once nothing uses it."""
        await super().destroy(identifier)
        self._addresses.release(str(identifier))


def _basic_is_retired() -> ArmError:
    """Since September 2025; reported: skypilot#7977, tac-course#5."""
    return ArmError(
        400,
        "IPv4BasicSkuPublicIpCountLimitReached",
        "Cannot create more than 0 IPv4 Basic SKU public IP addresses for this subscription in "
        "this region.",
    )


def require_free(registry: Registry, public_address: str, user: str) -> Record:
    """The public address that `user` refers to.

    Raises ArmError when it is not there, or is allocated to something else.
    """
    record = require(registry, user, public_address)
    other = references.public_address_user(registry.store, public_address)
    if other is not None and key(other) != key(user):
        raise ArmError(
            400,
            "PublicIPAddressInUse",
            f"Resource {user} is referencing public IP address {record.id} that is already "
            f"allocated to resource {other}.",
        )
    return record
