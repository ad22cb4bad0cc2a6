"""What a base is goes into the definition, and what does not go with it is refused. Real SDK."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pipeline.definition.model import Base
from pipeline.definition.shape import ScaleSetShape
from pipeline.errors import AzureRefused, Refused
from pipeline.execution.azure.bases import pinned, traits_of
from pipeline.execution.build.survey import survey_build
from pipeline.execution.commands.build import build_image
from pipeline.planning.build.build import plan_check
from pipeline.planning.build.steps import BootCheckMachine
from pipeline.planning.names import check_machine_id, image_definition_id, scale_set_id
from pipeline.planning.traits import Traits
from tests.conftest import Emulator
from tests.execution.landing_zone import LandingZone, landing_zone
from tests.execution.one_step import carry_out_one

BOUGHT = Base("Contoso", "hardened-debian", "12-gen2")
GENERATION_1 = Base("Debian", "debian-12", "12", at="images/web/image.hcl:5")
ARM64 = Base("Debian", "debian-12", "12-arm64", at="images/web/image.hcl:5")
PLAN = {"publisher": "Contoso", "product": "hardened-debian", "name": "12-gen2"}


def created(folder: Path, emulator: Emulator, base: Base) -> LandingZone:
    """A landing zone for an image with this base."""
    empty = landing_zone(folder, emulator, capacity=1)
    zone = replace(empty, image=replace(empty.image, base=base))
    zone.create()
    return zone


def definition(zone: LandingZone) -> dict[str, Any]:
    """The properties of the image's definition."""
    body = zone.session().azure.get(image_definition_id(zone.environment, "web")) or {}
    found: dict[str, Any] = body["properties"]
    return found


def refusal(zone: LandingZone) -> str:
    """What `build-image` says; nothing is made, not even a number is taken."""
    with pytest.raises(Refused) as refused:
        build_image(zone.session(), "web")
    assert zone.writes("/deployments/") == 0
    return str(refused.value)


def test_a_definition_is_made_for_its_base(tmp_path: Path, emulator: Emulator) -> None:
    zone = created(tmp_path, emulator, GENERATION_1)

    assert definition(zone)["hyperVGeneration"] == "V1"
    zone.create()
    gone = replace(zone, image=replace(zone.image, base=replace(ARM64, sku="12-gen2")))
    told = refusal(gone)
    assert "images/web/image.hcl:5: the generation of the base Debian:debian-12:12-gen2:" in told
    assert "takes versions of V1" in told


def test_a_size_that_boots_no_such_base_is_told_before_the_bake(
    tmp_path: Path, emulator: Emulator
) -> None:
    zone = created(tmp_path, emulator, ARM64)

    assert definition(zone)["architecture"] == "Arm64"
    told = refusal(zone)
    assert "build.size: the image is Arm64, Standard_D2s_v5 is x64" in told
    assert "scale_set.sku: the image is Arm64, Standard_D2s_v5 is x64" in told
    odd = ScaleSetShape("Standard_D999s_v5", 1)
    elsewhere = replace(zone, image=replace(zone.image, scale_set=odd))
    assert "Standard_D999s_v5 is not offered in westeurope" in refusal(elsewhere)


def test_a_base_that_is_not_there_is_told_with_its_line(zone: LandingZone) -> None:
    azure = zone.session().azure

    with pytest.raises(AzureRefused, match=r"image\.hcl:5: Debian:debian-12:12:0\.0\.1: "):
        traits_of(azure, replace(GENERATION_1, version="0.0.1"))
    assert traits_of(azure, pinned(azure, GENERATION_1)) == Traits(generation="V1")


def test_all_that_is_made_of_what_is_bought_names_its_plan(zone: LandingZone) -> None:
    azure, environment = zone.session().azure, zone.environment
    assert definition(zone)["purchasePlan"] == PLAN
    assert "template linux declares no base_plan_name" in refusal(zone)
    zone.add_versions("1.0.0")
    now = survey_build(zone.session(), zone.image, "run")
    (boot,) = (s for s in plan_check(now).plan.steps if isinstance(s, BootCheckMachine))

    carry_out_one(zone, boot)
    zone.stage("1.0.0")

    machine = azure.get(check_machine_id(environment, boot.group)) or {}
    scale_set = azure.get(scale_set_id(environment, "web-1-0-0")) or {}
    assert (machine["plan"], scale_set["plan"]) == (PLAN, PLAN)
    zone.emulator.call("DELETE", f"/resourceGroups/{boot.group}")


@pytest.fixture(scope="module")
def zone(tmp_path_factory: pytest.TempPathFactory, emulator: Emulator) -> Iterator[LandingZone]:
    """A landing zone for an image whose base is bought."""
    yield created(tmp_path_factory.mktemp("bought"), emulator, BOUGHT)
