"""What a size has not, of what the definition asks of its instances."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pipeline.definition.shape import DataDisk, OsDisk, ScaleSetShape, Spot
from pipeline.planning.hardware import Size, size
from pipeline.planning.preflight.shape import shape_findings
from pipeline.planning.preflight.wanted import Wanted
from tests.planning.swap.examples import ENVIRONMENT, IMAGE

D2 = "Standard_D2s_v5"
PLAIN = ScaleSetShape(D2, 2)
ALL = frozenset({"1", "2", "3"})
ABLE = Size(D2, "standardDSv5Family", 2, zones=ALL)


def said(
    shape: ScaleSetShape, able: dict[str, str] | None = None, zones: frozenset[str] = ALL
) -> list[str]:
    """What keeps the shape from being made of a size with these capabilities."""
    image = replace(IMAGE, scale_set=shape)
    found = shape_findings(
        Wanted(ENVIRONMENT, image, "1.0.0", 2), replace(ABLE, able=able or {}, zones=zones)
    )
    return [one.what for one in found]


@pytest.mark.parametrize(
    ("shape", "able", "lacks"),
    [
        (
            replace(PLAIN, os_disk=OsDisk(ephemeral="CacheDisk")),
            {"EphemeralOSDiskSupported": "False"},
            "has no ephemeral OS disk",
        ),
        (
            replace(PLAIN, os_disk=OsDisk(size=64, ephemeral="CacheDisk")),
            {"CachedDiskBytes": str(64 * 1024**3)},
            "has a cache of 64 GiB, the ephemeral OS disk needs 65",
        ),
        (replace(PLAIN, spot=Spot()), {"LowPriorityCapable": "false"}, "has no spot instances"),
        (
            replace(PLAIN, accelerated_networking=True),
            {"AcceleratedNetworkingEnabled": "False"},
            "has no accelerated networking",
        ),
        (
            replace(PLAIN, data_disks=(DataDisk(0, 8, "Premium_LRS"),)),
            {"PremiumIO": "False"},
            "has no premium disks",
        ),
        (
            replace(PLAIN, data_disks=(DataDisk(0, 8), DataDisk(1, 8))),
            {"MaxDataDiskCount": "1"},
            "takes 1 data disks, not 2",
        ),
    ],
)
def test_what_the_size_has_not_is_told_before_the_first_write(
    shape: ScaleSetShape, able: dict[str, str], lacks: str
) -> None:
    assert said(shape, able) == [f"{D2} {lacks}"]
    assert said(PLAIN, able) == []
    assert said(shape) == []


def test_a_cache_that_holds_the_disk_is_large_enough() -> None:
    shape = replace(PLAIN, os_disk=OsDisk(size=64, ephemeral="CacheDisk"))

    assert said(shape, {"CachedDiskBytes": str(65 * 1024**3)}) == []


def test_a_zone_that_does_not_offer_the_size_is_told() -> None:
    shape = replace(PLAIN, zones=("1", "3"))

    assert said(shape) == []
    assert said(shape, zones=frozenset({"1", "2"})) == [
        f"{D2} is offered in westeurope's zones 1, 2, not in 3"
    ]
    assert said(shape, zones=frozenset()) == [
        f"{D2} is offered in westeurope's zones (none), not in 1, 3"
    ]


def test_zones_that_are_closed_to_the_subscription_do_not_offer_a_size() -> None:
    sku = {
        "resourceType": "virtualMachines",
        "name": D2,
        "locationInfo": [
            {"location": "West Europe", "zones": ["1", "2", "3"]},
            {"location": "northeurope", "zones": ["9"]},
        ],
        "capabilities": [{"name": "PremiumIO", "value": "True"}],
        "restrictions": [{"type": "Zone", "restrictionInfo": {"zones": ["2"]}}],
    }

    found = size([sku], D2, "westeurope")

    assert found is not None
    assert (set(found.zones), dict(found.able)) == ({"1", "3"}, {"PremiumIO": "True"})
