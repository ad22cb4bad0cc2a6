"""Machine sizes as a region offers them, and which images they boot."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from pipeline.planning import security
from pipeline.planning.traits import Traits

Body: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Size:
    """A size as a region offers it; `restriction` is Azure's reason code, "" without one.

    The capabilities are those of `Microsoft.Compute/skus`, empty where Azure names none.
    """

    name: str
    family: str
    cores: int
    generations: frozenset[str] = frozenset()
    architecture: str = ""
    trusted_launch: bool = True
    disk_controllers: frozenset[str] = frozenset()
    restriction: str = ""
    zones: frozenset[str] = frozenset()
    """Those that the region offers it in, to this subscription."""
    able: Mapping[str, str] = field(default_factory=dict)
    """All capabilities by Azure's names, as the texts that Azure answers."""


def region(name: str) -> str:
    """`West Europe` → `westeurope`: Azure answers either."""
    return name.replace(" ", "").lower()


def size(skus: Iterable[Body], name: str, location: str) -> Size | None:
    """One size out of `Microsoft.Compute/skus` of a region."""
    for sku in skus:
        kind = str(sku.get("resourceType", "")).lower()
        if kind == "virtualmachines" and str(sku.get("name", "")).lower() == name.lower():
            return _size(sku, location)
    return None


def _size(sku: Body, location: str) -> Size:
    able = {str(one["name"]): str(one["value"]) for one in sku.get("capabilities") or ()}
    return Size(
        name=str(sku["name"]),
        family=str(sku.get("family") or ""),
        cores=int(able.get("vCPUs", "0")),
        generations=_set(able.get("HyperVGenerations", "")),
        architecture=able.get("CpuArchitectureType", ""),
        trusted_launch=able.get("TrustedLaunchDisabled", "").lower() != "true",
        disk_controllers=_set(able.get("DiskControllerTypes", "")),
        restriction=_restriction(sku, location),
        zones=_zones(sku, location),
        able=able,
    )


def _zones(sku: Body, location: str) -> frozenset[str]:
    offered = {
        str(zone)
        for place in sku.get("locationInfo") or ()
        if region(str(place.get("location"))) == location
        for zone in place.get("zones") or ()
    }
    closed = {
        str(zone)
        for one in sku.get("restrictions") or ()
        if str(one.get("type")).lower() == "zone"
        for zone in (one.get("restrictionInfo") or {}).get("zones") or ()
    }
    return frozenset(offered - closed)


def _set(listed: str) -> frozenset[str]:
    return frozenset(one.strip() for one in listed.split(",") if one.strip())


def _restriction(sku: Body, location: str) -> str:
    """Azure's reason where a whole region is closed."""
    for one in sku.get("restrictions") or ():
        where = [region(str(value)) for value in one.get("values") or ()]
        if str(one.get("type")).lower() == "location" and (not where or location in where):
            return str(one.get("reasonCode") or "restricted")
    return ""


def unable(image: Traits, size: Size, *, is_trusted: bool) -> Iterator[str]:
    """Why a size boots no machine of an image; `is_trusted`: of Trusted Launch."""
    if size.generations and image.generation not in size.generations:
        boots = ", ".join(sorted(size.generations))
        yield f"the image is generation {image.generation}, {size.name} boots {boots}"
    if size.architecture and image.architecture.lower() != size.architecture.lower():
        yield f"the image is {image.architecture}, {size.name} is {size.architecture}"
    is_trusted = is_trusted or image.security_type.lower() == security.TRUSTED.lower()
    if is_trusted and not size.trusted_launch:
        yield f"the image needs Trusted Launch, which {size.name} has not"
