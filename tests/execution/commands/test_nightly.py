"""A nightly run looks at all images at once; those with nothing to do need no more than that."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.definition.faulty import Faulty
from pipeline.definition.model import Input
from pipeline.definition.project import read
from pipeline.errors import DefinitionError, ImagesFailed, Mistake
from pipeline.execution.commands.nightly import nightly
from pipeline.execution.commands.swap import status
from tests.conftest import ROOT, Emulator
from tests.execution.landing_zone import LandingZone, landing_zone

SHOP = Faulty("image", "shop", (Mistake("images/shop/image.hcl", 3, "no base"),))
UNUSED = Faulty("template", "old", (Mistake("packer/old", 1, "no *.pkr.hcl file"),))


@pytest.fixture
def zone(emulator: Emulator, tmp_path: Path) -> LandingZone:
    """A landing zone where 1.0.0 has the image's inputs and passed its check."""
    made = landing_zone(tmp_path, emulator)
    made.create()
    made.add_versions("1.0.0")
    made.has_inputs("1.0.0")
    _ = made.output
    return made


def told(zone: LandingZone) -> str:
    """What was printed, in one line."""
    return " ".join(zone.output.split())


def test_an_image_with_nothing_to_do_is_told_without_a_run(zone: LandingZone) -> None:
    before = zone.writes("")
    nightly(zone.session())
    text = told(zone)
    assert "nothing to do" in text
    assert "web 1.0.0 nothing to do" in text
    assert zone.writes("") == before
    assert not list((zone.session().evidence / "locks").glob("*-build.lock"))


def test_an_image_with_something_to_do_has_its_turn(zone: LandingZone) -> None:
    inputs = (Input("images/web/scripts/install.sh", "f" * 64),)
    (template,) = (image.template for image in read(ROOT).images if image.name == "web")
    changed = replace(zone, image=replace(zone.image, inputs=inputs, template=template))
    (zone.image.checks / "test_it.py").write_text("def test_it():\n    pass\n")
    nightly(changed.session(plan_only=True), ["web"])
    assert "web 1.0.1 planned" in told(zone)


def test_an_image_with_mistakes_fails_after_the_others_had_their_turn(zone: LandingZone) -> None:
    with pytest.raises(ImagesFailed, match="1 of 2 images failed: shop"):
        nightly(replace(zone, faulty=(SHOP, UNUSED)).session())

    text = told(zone)
    assert "Definition error: images/shop/image.hcl:3: no base" in text
    assert "web 1.0.0 nothing to do" in text
    assert "Definition error: packer/old:1: no *.pkr.hcl file" in text


def test_an_image_without_mistakes_is_built_as_if_there_were_no_others(zone: LandingZone) -> None:
    nightly(replace(zone, faulty=(SHOP, UNUSED)).session(), ["web"])

    assert "shop" not in told(zone)


def test_a_template_that_no_image_uses_is_told_at_the_end(zone: LandingZone) -> None:
    with pytest.raises(DefinitionError, match="packer/old:1"):
        nightly(replace(zone, faulty=(UNUSED,)).session())

    assert "web 1.0.0 nothing to do" in told(zone)


def test_status_tells_of_the_others_before_it_fails(zone: LandingZone) -> None:
    front = replace(zone.environment.load_balancers[0], image="shop")
    both = (*zone.environment.load_balancers, front)
    served = replace(
        zone, faulty=(SHOP,), environment=replace(zone.environment, load_balancers=both)
    )
    with pytest.raises(DefinitionError, match="images/shop/image.hcl:3".replace(".", r"\.")):
        status(served.session())

    assert "web" in told(zone)
