"""Private DNS zones and their TXT record sets. Nothing resolves the names: they are kept.

Facts are recorded ones (azure-cli's cassettes of `az network private-dns`, 2023) unless a docstring
says otherwise.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from typing import Any

from pipeline.emulator.arm.errors import ArmError
from pipeline.emulator.arm.ids import ResourceId
from pipeline.emulator.arm.kinds import Kind
from pipeline.emulator.arm.store import Record
from pipeline.emulator.models.reading import Unreadable

MOST_RECORD_SETS = 25000
LONGEST_NAME = 253
LONGEST_TTL = 2147483647
LONGEST_TEXT = 1024
_LABEL = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?")


class PrivateDnsKind(Kind):
    """Etags are bare guids; refusals of the service itself have no `error` around them."""

    def etag(self, previous: str | None) -> str | None:
        """A new guid on every write."""
        return str(uuid.uuid4())

    def etag_mismatch(self, identifier: ResourceId, wanted: str, current: str | None) -> ArmError:
        """412 in the words of the service."""
        what = f"{self.noun} {identifier.name}"
        return flat(412, "PreconditionFailed", f"The {what} has been modified (etag mismatch).")

    def exists_already(self, identifier: ResourceId) -> ArmError:
        """412 in the words of the service."""
        what = f"{self.noun} {identifier.name}"
        message = f"The {what} exists already and hence cannot be created again."
        return flat(412, "PreconditionFailed", message)

    def unreadable(self, problem: Unreadable) -> ArmError:
        """400 in the shape of the service; the words are not recorded."""
        return flat(400, "BadRequest", str(problem))

    noun = "resource"


class PrivateDnsZones(PrivateDnsKind):
    """`privateDnsZones`: global, accepted with 202; a deleted one takes its record sets along."""

    type = "Microsoft.Network/privateDnsZones"
    operation_path = "privateDnsOperationStatuses"
    noun = "Private DNS zone"
    created_status = 202
    updated_status = 202

    def accept(
        self, identifier: ResourceId, body: dict[str, Any], existing: Record | None
    ) -> Record:
        """The zone, whose name has at least two labels."""
        _check_name(identifier.name, fewest_labels=2)
        if str(body.get("location", "global")).lower() != "global":
            raise ArmError(
                400,
                "LocationNotAvailableForResourceType",
                f"The provided location '{body['location']}' is not available for resource type "
                f"'{self.type}'. List of available regions for the resource type is 'global'.",
            )
        record = self.envelope(identifier, {"location": "global", **body}, existing)
        record.document["properties"] = {
            "maxNumberOfRecordSets": MOST_RECORD_SETS,
            "maxNumberOfVirtualNetworkLinks": 1000,
            "maxNumberOfVirtualNetworkLinksWithRegistration": 100,
        }
        return record

    def is_quick(self, record: Record) -> bool:
        """Never: there is an operation to follow."""
        return False

    def present(self, record: Record, query: Mapping[str, str]) -> dict[str, Any]:
        """With the number of record sets; Azure's own SOA record counts."""
        sets = self.registry.store.children(record.id, "TXT")
        record.properties["numberOfRecordSets"] = 1 + sum(1 for _ in sets)
        return record.document

    async def destroy(self, identifier: ResourceId) -> None:
        """Its record sets go first."""
        for record in list(self.registry.store.children(identifier, "TXT")):
            self.registry.store.delete(record.id)


class TextRecordSets(PrivateDnsKind):
    """`privateDnsZones/TXT`: written and deleted at once, under conditions where they are asked."""

    type = "Microsoft.Network/privateDnsZones/TXT"
    noun = "Record set"
    tracked = False
    deleted_at_once = True
    page = 100

    def accept(
        self, identifier: ResourceId, body: dict[str, Any], existing: Record | None
    ) -> Record:
        """The record set: `ttl`, `metadata`, `txtRecords`; anything else is refused by name."""
        _check_name(identifier.name, fewest_labels=1)
        record = self.envelope(identifier, body, existing)
        zone = identifier.segments[0][1]
        given = {"metadata": {}, "txtRecords": [], "ttl": 0, **(body.get("properties") or {})}
        _check_record_set(given)
        record.document["properties"] = {
            **given,
            "fqdn": f"{record.id.name}.{zone}.",
            "isAutoRegistered": False,
        }
        return record

    def require(self, identifier: ResourceId) -> Record:
        """The record set, or the 404 of the service (azure-cli#27374)."""
        found = self.find(identifier)
        if found is not None:
            return found
        zone = identifier.parent
        if zone is None or self.registry.store.get(zone) is None:
            raise parent_not_found(identifier)
        raise flat(
            404,
            "NotFound",
            f"The resource record '{identifier.name}' does not exist in resource group "
            f"'{identifier.resource_group}' of subscription '{identifier.subscription}'.",
        )

    def is_listed(self, record: Record, query: Mapping[str, str]) -> bool:
        """`$recordsetnamesuffix` chooses names that end with a dot and these labels."""
        suffix = query.get("$recordsetnamesuffix", "")
        return not suffix or record.id.name.lower().endswith(f".{suffix.lower()}")

    def present(self, record: Record, query: Mapping[str, str]) -> dict[str, Any]:
        """Record sets have no provisioning state."""
        record.properties.pop("provisioningState", None)
        return record.document


def flat(status: int, code: str, message: str) -> ArmError:
    """A refusal without `error` around it, as this service words them."""
    return ArmError(status, code, message, is_flat=True)


def parent_not_found(identifier: ResourceId) -> ArmError:
    """404 for a record set of a zone that is not there (terraform-provider-azurerm#21399)."""
    return ArmError(
        404,
        "ParentResourceNotFound",
        "Can not perform requested operation on nested resource. Parent resource "
        f"'{identifier.segments[0][1]}' not found.",
    )


def _check_name(name: str, *, fewest_labels: int) -> None:
    labels = name.split(".")
    is_long = len(name) > LONGEST_NAME or len(labels) < fewest_labels
    if is_long or not all(_LABEL.fullmatch(label) for label in labels):
        raise flat(400, "BadRequest", f"The domain name '{name}' is invalid.")


def _check_record_set(properties: Mapping[str, Any]) -> None:
    unknown = sorted(set(properties) - {"metadata", "ttl", "txtRecords"})
    if unknown:
        raise flat(400, "BadRequest", f"The emulator keeps no '{unknown[0]}' in a TXT record set.")
    if not 0 < properties["ttl"] <= LONGEST_TTL:
        raise flat(400, "BadRequest", f"The TTL '{properties['ttl']}' is invalid.")
    for record in properties["txtRecords"]:
        if sum(map(len, record.get("value") or [])) > LONGEST_TEXT:
            raise flat(
                400, "BadRequest", "A TXT record is a list of text of at most 1024 characters."
            )
