"""A nightly run looks at all images at once; those with nothing to do need no more than that."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.definition.model import Input
from pipeline.execution.azure.requests import patch
from pipeline.execution.build.survey import survey_build
from pipeline.execution.commands.nightly import nightly
from pipeline.planning.build.fingerprint import fingerprint
from pipeline.planning.names import Tag, image_version_id
from tests.conftest import Emulator
from tests.execution.landing_zone import LandingZone, landing_zone


@pytest.fixture
def zone(emulator: Emulator, tmp_path: Path) -> LandingZone:
    """A landing zone where 1.0.0 has the image's inputs and passed its check."""
    made = landing_zone(tmp_path, emulator)
    made.create()
    made.add_versions("1.0.0")
    found = survey_build(made.session(), made.image, "")
    (version,) = found.versions
    tags = {**version.tags, Tag.FINGERPRINT: fingerprint(made.image, found.base)}
    resource = image_version_id(made.environment, "web", "1.0.0")
    made.session().azure.begin(patch(resource, {"tags": tags})).result()
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
    changed = replace(zone, image=replace(zone.image, inputs=inputs))
    nightly(changed.session(plan_only=True), ["web"])
    assert "web 1.0.1 planned" in told(zone)
