"""Where a disk's contents come from: image references, resolved as Azure resolves them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from pipeline.emulator.arm.errors import ArmError, invalid_parameter, not_served
from pipeline.emulator.arm.ids import ResourceId
from pipeline.emulator.arm.regions import normal_location
from pipeline.emulator.arm.store import Internals, Record, Store
from pipeline.emulator.compute.traits import Traits
from pipeline.emulator.compute.wares import plan_of, traits_of
from pipeline.emulator.machines.seam import Machines, Marketplace

DEFINITION = "microsoft.compute/galleries/images"
VERSION = "microsoft.compute/galleries/images/versions"
IMAGE = "microsoft.compute/images"
_MARKETPLACE_KEYS = ("publisher", "offer", "sku")


@dataclass(frozen=True, slots=True)
class Source:
    """A resolved image.

    `handle` names it behind the seam. `exact_version` is shown in `imageReference.exactVersion`.
    `version` and `name` (an image definition's) are those of the gallery version it is, or was
    made from; empty for others. `marketplace` is set for marketplace images: made on first use.
    """

    handle: str
    exact_version: str | None = None
    version: str = ""
    name: str = ""
    is_specialized: bool = False
    marketplace: Marketplace | None = None
    traits: Traits = field(default_factory=Traits)
    plan: str = ""
    """`publisher:product:name` of what it was bought under, "" for what is free."""

    async def provide(self, machines: Machines) -> None:
        """Make sure that the image is there; raises MachineError."""
        if self.marketplace is not None:
            await machines.provide(self.marketplace, self.handle)


@dataclass(frozen=True, kw_only=True)
class ImageInternals(Internals):
    """What a managed image and a version have in common.

    `handle` names the contents behind the seam; `source` is None until they are there.
    """

    handle: str
    source: Source | None = None


@dataclass(frozen=True, slots=True)
class Sources:
    """Resolves `imageReference`s."""

    store: Store
    machines: Machines

    def resolve(self, reference: dict[str, Any], location: str) -> Source:
        """The image that a reference means in a region now; raises ArmError when there is none."""
        for unserved in ("sharedGalleryImageId", "communityGalleryImageId"):
            if reference.get(unserved):
                raise not_served(f"'imageReference.{unserved}'")
        if not reference.get("id"):
            return self._marketplace(reference)
        identifier = ResourceId.parse(reference["id"])
        kind = identifier.type.lower()
        if kind == IMAGE:
            return self._managed_image(identifier, location)
        if kind == VERSION and identifier.name.lower() != "latest":
            return self._version(self.store.get(identifier), identifier, location)
        if kind in {DEFINITION, VERSION}:
            parent = identifier.parent if kind == VERSION else identifier
            return self._latest(parent or identifier, location)
        raise invalid_parameter(
            "imageReference", f"Id '{identifier}' is not a valid resource reference of an image."
        )

    def _marketplace(self, reference: dict[str, Any]) -> Source:
        publisher, offer, sku = (str(reference.get(key) or "") for key in _MARKETPLACE_KEYS)
        versions = self.machines.marketplace_versions(publisher, offer, sku)
        asked = reference.get("version") or "latest"
        if asked.lower() == "latest" and versions:
            asked = versions[-1]
        if asked not in versions:
            raise ArmError(
                404,
                "PlatformImageNotFound",
                f"The platform image '{publisher}:{offer}:{sku}:{asked}' is not available. Verify "
                "that all fields in the storage profile are correct. For more details about "
                "storage profile information, please refer to https://aka.ms/storageprofile",
                target="imageReference",
            )
        handle = re.sub(r"[^a-z0-9.-]", "-", f"{publisher}-{offer}-{sku}-{asked}".lower())
        place = Marketplace(publisher, offer, sku, asked)
        return Source(
            f"marketplace-{handle}",
            exact_version=asked,
            marketplace=place,
            traits=traits_of(sku),
            plan=plan_of(publisher, offer, sku),
        )

    def _managed_image(self, identifier: ResourceId, location: str) -> Source:
        record = self.store.get(identifier)
        source = made_source(record) if record else None
        if source is None:
            raise invalid_parameter(
                "imageReference",
                f"The Image '{identifier}' cannot be found in '{location}' region.",
            )
        return source

    def _version(self, record: Record | None, asked: ResourceId, location: str) -> Source:
        source = made_source(record) if record and is_deployable(record, location) else None
        if source is None:
            raise ArmError(
                404,
                "GalleryImageNotFound",
                f"The gallery image {asked} is not available in {location} region. Please contact "
                "image owner to replicate to this region, or change your requested region.",
                target="imageReference",
            )
        return source

    def _latest(self, definition: ResourceId, location: str) -> Source:
        versions = [
            record
            for record in self.store.children(definition, "versions")
            if is_deployable(record, location) and not is_excluded(record, location)
        ]
        newest = max(versions, key=lambda record: version_number(record.id.name), default=None)
        return self._version(newest, definition, location)


def version_number(name: str) -> tuple[int, ...]:
    """`1.10.0` → (1, 10, 0): `latest` is the highest number, not the youngest."""
    return tuple(int(part) for part in name.split("."))


def made_source(record: Record) -> Source | None:
    """What machines are made from with this managed image or version; None while it is made."""
    return record.internals(ImageInternals).source


def is_deployable(version: Record, location: str) -> bool:
    """Whether machines can be made from a gallery version in a region."""
    return made_source(version) is not None and _target(version, location) is not None


def is_excluded(version: Record, location: str) -> bool:
    """Whether a version does not count for `latest`, altogether or in a region."""
    profile = version.properties.get("publishingProfile") or {}
    target = _target(version, location) or {}
    return bool(profile.get("excludeFromLatest") or target.get("excludeFromLatest"))


def _target(version: Record, location: str) -> dict[str, Any] | None:
    profile = version.properties.get("publishingProfile") or {}
    targets: list[dict[str, Any]] = profile.get("targetRegions") or []
    wanted = normal_location(location)
    return next((one for one in targets if normal_location(one["name"]) == wanted), None)
