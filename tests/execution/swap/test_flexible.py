"""Scale sets whose instances are machines of their own, from stage to prune. Real SDK."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.definition.shape import FLEXIBLE, ScaleSetShape
from pipeline.execution.watch.answers import version_at
from pipeline.planning.names import scale_set_id
from tests.conftest import Emulator
from tests.execution.landing_zone import LandingZone, at_once, landing_zone


@pytest.fixture
def zone(tmp_path: Path, emulator: Emulator) -> LandingZone:
    """A landing zone with three versions, whose scale sets are Flexible."""
    zone = at_once(landing_zone(tmp_path, emulator))
    shape = ScaleSetShape("Standard_D2s_v5", 2, orchestration=FLEXIBLE)
    zone = replace(zone, image=replace(zone.image, scale_set=shape))
    zone.create()
    zone.add_versions("1.0.0", "1.0.1", "1.0.2")
    return zone


def test_flexible_sets_are_staged_promoted_rolled_back_and_pruned(zone: LandingZone) -> None:
    zone.serve("1.0.0")
    zone.stage("1.0.1")
    told = zone.status()
    assert (told.serving, told.healthy, told.instances) == ("1.0.0", 2, 2)
    assert (told.idle, told.idle_role, told.idle_healthy) == ("1.0.1", "staged", 2)
    serving = zone.survey().serving
    assert [member.owner.name for member in serving.members] == ["web-1-0-0"] * 2
    assert serving.owners == ("web-1-0-0",)

    zone.promote()
    production = zone.survey().health_url("production")
    assert (zone.status().way_back, version_at(production)) == ("ready", "1.0.1")
    zone.rollback()
    assert version_at(production) == "1.0.0"
    zone.serve("1.0.2")
    zone.prune()

    azure = zone.session().azure
    gone = scale_set_id(zone.environment, "web-1-0-1")
    assert azure.get(gone) is None
    assert azure.machines_of(gone) == []
    assert len(azure.machines_of(scale_set_id(zone.environment, "web-1-0-2"))) == 2
