"""What a demo begins with, before anything is started."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.definition.project import read
from pipeline.demo import ALL, IMAGE, Demo, Scene
from pipeline.output.people import ForPeople
from tests.conftest import ROOT


@pytest.mark.parametrize(("shown", "served"), [(IMAGE, {"web"}), (ALL, {"web", "containers"})])
def test_all_images_are_there_and_those_that_are_shown_are_served(
    tmp_path: Path, shown: str, served: set[str]
) -> None:
    folder = tmp_path / "demo"
    Demo(Scene(ROOT, folder, ROOT / "images", shown=shown), ForPeople()).prepare()
    project = read(folder)
    assert project.names("image") == ("containers", "golden", "web")
    (environment,) = project.environments
    assert {one.image for one in environment.load_balancers} == served
