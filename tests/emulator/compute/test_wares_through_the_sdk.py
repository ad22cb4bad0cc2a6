"""What is on offer in the marketplace: either generation and architecture, free and bought."""

from __future__ import annotations

from typing import Any

import pytest

from tests.emulator.compute.bodies import BASE
from tests.emulator.compute.sdk_zone import Zone
from tests.emulator.compute.test_traits_through_the_sdk import ARM, refusal

BOUGHT = {"publisher": "Contoso", "offer": "hardened-debian", "sku": "12-gen2", "version": "latest"}
PLAN = {"publisher": "Contoso", "product": "hardened-debian", "name": "12-gen2"}


@pytest.mark.parametrize(
    ("image", "generation", "architecture", "features", "plan"),
    [
        (BASE, "V2", "x64", "TrustedLaunchSupported", None),
        (BASE | {"sku": "12"}, "V1", "x64", "", None),
        (BASE | {"sku": "12-arm64"}, "V2", "Arm64", "", None),
        (BOUGHT, "V2", "x64", "TrustedLaunchSupported", PLAN),
    ],
)
def test_a_version_tells_what_it_is_for(
    zone: Zone,
    image: dict[str, str],
    generation: str,
    architecture: str,
    features: str,
    plan: dict[str, str] | None,
) -> None:
    images = zone.compute.virtual_machine_images
    place = ("westeurope", image["publisher"], image["offer"], image["sku"])
    newest = images.list(*place)[-1]
    told = images.get(*place, str(newest.name)).as_dict()["properties"]
    assert (told["hyperVGeneration"], told["architecture"]) == (generation, architecture)
    named = [{"name": "SecurityType", "value": features}] if features else []
    assert told.get("features", []) == named
    assert told.get("plan") == plan


def test_a_machine_boots_what_its_size_can(zone: Zone) -> None:
    arm: Any = BASE | {"sku": "12-arm64"}
    assert refusal(lambda: zone.vm("x64", arm))[1] == "BadRequest"
    made = zone.vm("arm", arm, **ARM)["properties"]
    assert made["provisioningState"] == "Succeeded"


def test_what_is_bought_is_made_with_its_plan_and_so_is_what_is_made_of_it(zone: Zone) -> None:
    without = refusal(lambda: zone.vm("without", dict(BOUGHT)))
    assert without[1] == "VMMarketplaceInvalidInput"
    assert "requires Plan information in the request" in without[2]

    source = zone.generalized("with", BOUGHT, plan=PLAN)
    zone.define("free", api_version="2021-10-01")
    zone.define("bought", api_version="2021-10-01", purchasePlan=PLAN)
    assert "different plan" in refusal(lambda: zone.publish(source, "free"))[2]
    version = zone.publish(source, "bought")
    image = {"id": version["id"]}
    assert refusal(lambda: zone.vm("child", image))[1] == "VMMarketplaceInvalidInput"
    assert zone.vm("bought", image, plan=PLAN)["properties"]["provisioningState"] == "Succeeded"
