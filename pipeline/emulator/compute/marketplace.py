"""Marketplace lookups: the versions of a publisher's offer and SKU, and one of them."""

from __future__ import annotations

from typing import Any

from pipeline.emulator.arm.answers import Answer
from pipeline.emulator.arm.errors import ArmError
from pipeline.emulator.arm.providers import Call, Route
from pipeline.emulator.arm.regions import normal_location
from pipeline.emulator.compute.guests import DISK_SIZE_GB
from pipeline.emulator.compute.sources import version_number
from pipeline.emulator.compute.wares import details
from pipeline.emulator.machines.seam import Machines

_PUBLISHERS = (
    "/subscriptions/{subscription}/providers/Microsoft.Compute/locations/{location}/publishers"
)
_OFFERS = f"{_PUBLISHERS}/{{publisher}}/artifacttypes/vmimage/offers"
_SKUS = f"{_OFFERS}/{{offer}}/skus"
_VERSIONS = f"{_SKUS}/{{sku}}/versions"
_PARTS = ("publisher", "offer", "sku")


class MarketplaceImages:
    """What the machines behind the seam have on offer, as Azure lists it."""

    def __init__(self, machines: Machines) -> None:
        self._machines = machines

    @property
    def routes(self) -> tuple[Route, ...]:
        """Lists of publishers, offers, SKUs and versions, and one version."""
        return (
            Route("GET", _PUBLISHERS, self._names),
            Route("GET", _OFFERS, self._names),
            Route("GET", _SKUS, self._names),
            Route("GET", _VERSIONS, self.listing),
            Route("GET", f"{_VERSIONS}/{{version}}", self.version),
        )

    async def _names(self, call: Call) -> Answer:
        """Publishers, a publisher's offers, or an offer's SKUs: a bare array, as Azure's lists."""
        asked = tuple(call.parameters[part].lower() for part in _PARTS if part in call.parameters)
        names = {
            image[len(asked)]: None
            for image in (*self._machines.marketplace_skus(), *_WITHOUT_IMAGES)
            if tuple(part.lower() for part in image[: len(asked)]) == asked
            and len(image) > len(asked)
        }
        return Answer(200, [_entry(call, name, f"{call.path}/{name}") for name in names])

    async def listing(self, call: Call) -> Answer:
        """The versions of a SKU; `$top` and `$orderby=name desc` are honoured."""
        versions = sorted(self._versions(call), key=version_number)
        if call.query.get("$orderby", "").lower() == "name desc":
            versions = sorted(versions, reverse=True)  # as text, as Azure does
        if call.query.get("$top", "").isdigit():
            versions = versions[: int(call.query["$top"])]
        return Answer(200, [_entry(call, name, f"{call.path}/{name}") for name in versions])

    async def version(self, call: Call) -> Answer:
        """One version; raises ArmError when it is not on offer."""
        asked = call.parameters
        if asked["version"] not in self._versions(call):
            place = ":".join(asked[name] for name in ("publisher", "offer", "sku", "version"))
            raise ArmError(404, "NotFound", f"Artifact: VMImage was not found for '{place}'.")
        more = details(asked["publisher"], asked["offer"], asked["sku"], DISK_SIZE_GB)
        return Answer(200, _entry(call, asked["version"], call.path) | more)

    def _versions(self, call: Call) -> tuple[str, ...]:
        asked = call.parameters
        return self._machines.marketplace_versions(asked["publisher"], asked["offer"], asked["sku"])


_WITHOUT_IMAGES = (("Microsoft.ManagedServices",), ("Microsoft.Azure.Extensions",))
"""Publishers of extensions only."""


def _entry(call: Call, version: str, identifier: str) -> dict[str, Any]:
    location = normal_location(call.parameters["location"])
    return {"location": location, "name": version, "id": identifier}
