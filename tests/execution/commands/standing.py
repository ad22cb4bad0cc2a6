"""A landing zone whose newest version stands, and what a nightly run says of it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from pipeline.definition.project import read
from pipeline.definition.rebuilding import Reason
from pipeline.execution.commands.nightly import nightly
from pipeline.planning.evidence import inventory
from pipeline.planning.evidence.inventory import Inventory
from pipeline.planning.names import Tag
from pipeline.planning.packages.states import State
from tests.conftest import ROOT, Emulator
from tests.execution.landing_zone import LandingZone, landing_zone

RUN = "20261101T000000Z-baker-0001"


def standing(tmp_path: Path, emulator: Emulator) -> LandingZone:
    """A landing zone where 1.0.0 has the image's inputs."""
    made = landing_zone(tmp_path, emulator)
    made.create()
    made.add_versions("1.0.0")
    (template,) = (image.template for image in read(ROOT).images if image.name == "web")
    (made.image.checks / "test_it.py").write_text("def test_it():\n    pass\n")
    made = replace(made, image=replace(made.image, template=template))
    made.has_inputs("1.0.0", {Tag.RUN: RUN})
    return made


def write(zone: LandingZone, found: Inventory, state: State) -> None:
    """What the run wrote down of 1.0.0."""
    write_down(zone.session().runs / RUN, found, state)


def write_down(folder: Path, found: Inventory, state: State) -> None:
    """What a check leaves of a version's packages in its run's folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / inventory.FILE).write_text(json.dumps(found.written()))
    (folder / state.file).write_text(json.dumps(state.written()))


def rebuilt_on(zone: LandingZone, *reasons: Reason, max_age: float = 0.0) -> LandingZone:
    """The zone, its image rebuilt for these reasons."""
    image = replace(zone.image, rebuild_on=frozenset(reasons), max_age=max_age)
    return replace(zone, image=image)


def plan_of(zone: LandingZone) -> str:
    """What a nightly run would do, in one line."""
    nightly(zone.session(plan_only=True))
    return " ".join(zone.output.split())
