"""Five hundred instances in a scale set, of either orchestration: whatever two can do."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.definition.shape import FLEXIBLE, UNIFORM, Orchestration, ScaleSetShape
from pipeline.execution.watch.answers import version_at
from tests.conftest import Emulator
from tests.execution.landing_zone import LandingZone, at_once, landing_zone

pytestmark = pytest.mark.nightly

MANY = 500


@pytest.fixture(params=[UNIFORM, FLEXIBLE])
def zone(request: pytest.FixtureRequest, tmp_path: Path, emulator: Emulator) -> LandingZone:
    """A landing zone with two versions, whose scale sets are large."""
    orchestration: Orchestration = request.param
    zone = at_once(landing_zone(tmp_path, emulator))
    shape = ScaleSetShape("Standard_D2s_v5", MANY, orchestration=orchestration)
    zone = replace(zone, image=replace(zone.image, scale_set=shape))
    zone.create()
    zone.add_versions("1.0.0", "1.0.1", "1.0.2")
    return zone


def test_large_sets_are_staged_promoted_rolled_back_and_rolled(zone: LandingZone) -> None:
    zone.serve("1.0.0")
    zone.serve("1.0.1")
    told = zone.status()
    assert (told.serving, told.healthy, told.instances) == ("1.0.1", MANY, MANY)
    assert (told.idle, told.idle_healthy, told.way_back) == ("1.0.0", MANY, "ready")

    zone.rollback()
    assert version_at(zone.survey().health_url("production")) == "1.0.0"
    zone.roll("1.0.2")
    told = zone.status()
    assert (told.serving, told.healthy, told.degraded) == ("1.0.2", MANY, ())
