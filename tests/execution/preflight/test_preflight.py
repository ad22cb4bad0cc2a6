"""Each line of a pre-flight, against the emulator, by the real SDK."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.errors import Refused
from pipeline.execution.commands import preflight as commands
from pipeline.output.programs import ForPrograms
from tests.conftest import Emulator
from tests.execution.landing_zone import LandingZone, landing_zone


@pytest.fixture
def zone(emulator: Emulator, tmp_path: Path) -> LandingZone:
    made = landing_zone(tmp_path, emulator)
    made.create()
    made.add_versions("1.0.0", "1.0.1")
    made.stage("1.0.0")
    return made


def test_try(zone: LandingZone) -> None:
    print(zone.output)
    commands.preflight(zone.session(), "web", "")
    print(zone.output)
    assert 0
