"""Marketplace lookups: the versions of a publisher's offer and SKU, and one of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.emulator.arm.errors import ArmError, not_served
from pipeline.emulator.arm.regions import normal_location
from pipeline.emulator.compute.guests import DISK_SIZE_GB
from pipeline.emulator.compute.sources import version_number
from pipeline.emulator.machines.seam import Machines


class Catalogue:
    """What the machines behind the seam have on offer, as Azure lists it."""

    def __init__(self, machines: Machines) -> None:
        self._machines = machines

    def answer(
        self, segments: Sequence[str], query: Mapping[str, str]
    ) -> list[dict[str, Any]] | dict[str, Any]:
        """The body for `/subscriptions/S/providers/Microsoft.Compute/locations/…`, split at `/`.

        A list of versions (`$top` and `$orderby=name desc` are honoured), or one version.
        Raises ArmError for any other path and for what is not on offer.
        """
        match [segment.lower() for segment in segments[6:]]:
            case ["publishers", _, "artifacttypes", "vmimage", "offers", _, "skus", _, "versions"]:
                return self._listing(segments, query)
            case [*_, "vmimage", "offers", _, "skus", _, "versions", version]:
                return self._version(segments, version)
        raise not_served(f"'{'/'.join(segments)}'")

    def _listing(self, segments: Sequence[str], query: Mapping[str, str]) -> list[dict[str, Any]]:
        versions = sorted(self._versions(segments), key=version_number)
        if query.get("$orderby", "").lower() == "name desc":
            versions = versions[::-1]
        if query.get("$top", "").isdigit():
            versions = versions[: int(query["$top"])]
        return [_entry(segments, version) for version in versions]

    def _version(self, segments: Sequence[str], version: str) -> dict[str, Any]:
        if version not in self._versions(segments):
            place = ":".join((segments[7], segments[11], segments[13], version))
            raise ArmError(404, "NotFound", f"Artifact: VMImage was not found for '{place}'.")
        return _entry(segments[:-1], version) | _DETAILS

    def _versions(self, segments: Sequence[str]) -> tuple[str, ...]:
        return self._machines.marketplace_versions(segments[7], segments[11], segments[13])


def _entry(segments: Sequence[str], version: str) -> dict[str, Any]:
    identifier = "/".join(("", *segments, version))
    return {"location": normal_location(segments[5]), "name": version, "id": identifier}


_DETAILS: dict[str, Any] = {
    "properties": {
        "architecture": "x64",
        "automaticOSUpgradeProperties": {"automaticOSUpgradeSupported": False},
        "dataDiskImages": [],
        "hyperVGeneration": "V2",
        "osDiskImage": {"operatingSystem": "Linux", "sizeInGb": DISK_SIZE_GB},
    }
}
