"""Whether the size can be what the definition asks of the instances: disks, zones, spot.

Capabilities: Microsoft's `Microsoft.Compute/skus`. One that Azure does not name keeps nobody.
"""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.definition.shape import ScaleSetShape
from pipeline.planning.hardware import Size
from pipeline.planning.preflight.finding import Finding, failed
from pipeline.planning.preflight.wanted import Wanted

_FIX = "choose another size in image.hcl, or ask less of it"
_GIB = 1024**3
_GUEST_STATE = 1
"""GiB of the local disk that an ephemeral OS disk leaves to others (Microsoft's page of them)."""


def shape_findings(wanted: Wanted, size: Size) -> Iterator[Finding]:
    """What the definition asks for and the size has not."""
    shape = wanted.image.scale_set
    for what in (*_lacking(shape, size), *_disks(shape, size), *_zones(wanted, size)):
        yield failed("shape", what, _FIX)


def _lacking(shape: ScaleSetShape, size: Size) -> Iterator[str]:
    needs = (
        (bool(shape.os_disk.ephemeral), "EphemeralOSDiskSupported", "no ephemeral OS disk"),
        (shape.spot is not None, "LowPriorityCapable", "no spot instances"),
        (
            bool(shape.accelerated_networking),
            "AcceleratedNetworkingEnabled",
            "no accelerated networking",
        ),
        (_wants_premium(shape), "PremiumIO", "no premium disks"),
    )
    for is_wanted, capability, has_not in needs:
        if is_wanted and size.able.get(capability, "True").lower() != "true":
            yield f"{size.name} has {has_not}"


def _wants_premium(shape: ScaleSetShape) -> bool:
    types = (shape.os_disk.type, *(disk.type for disk in shape.data_disks))
    return any(kind.startswith("Premium_") for kind in types)


def _disks(shape: ScaleSetShape, size: Size) -> Iterator[str]:
    most = size.able.get("MaxDataDiskCount", "")
    if most.isdigit() and len(shape.data_disks) > int(most):
        yield f"{size.name} takes {most} data disks, not {len(shape.data_disks)}"
    cache, wanted = size.able.get("CachedDiskBytes", ""), shape.os_disk.size + _GUEST_STATE
    if shape.os_disk.ephemeral == "CacheDisk" and cache.isdigit():
        there = int(cache) // _GIB
        if there < wanted:
            yield f"{size.name} has a cache of {there} GiB, the ephemeral OS disk needs {wanted}"


def _zones(wanted: Wanted, size: Size) -> Iterator[str]:
    missing = sorted(set(wanted.image.scale_set.zones) - size.zones)
    if missing:
        where = f"{wanted.location}'s zones {', '.join(sorted(size.zones)) or '(none)'}"
        yield f"{size.name} is offered in {where}, not in {', '.join(missing)}"
