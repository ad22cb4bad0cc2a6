"""`fleet.plan` and `fleet.report`, for the jobs of CI."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from pipeline.definition.model import Project
from pipeline.definition.project import read
from pipeline.errors import ImagesFailed, UsageError
from pipeline.execution.commands.units import fleet_plan, fleet_report
from pipeline.output.programs import ForPrograms
from tests.conftest import ROOT


@pytest.fixture(scope="module")
def project() -> Project:
    """This one."""
    return read(ROOT)


def result(folder: Path, *images: str, result: str = "built") -> None:
    """What a job leaves."""
    rows = [{"image": one, "version": "1.0.1", "result": result, "why": ""} for one in images]
    document = {"environment": "production", "images": rows}
    (folder / images[0]).mkdir()
    (folder / images[0] / "result.json").write_text(json.dumps(document))


def test_the_plan_is_a_matrix_in_which_children_follow_their_parents(project: Project) -> None:
    told = io.StringIO()
    fleet_plan(project, ForPrograms(told))
    arguments = {one["arguments"] for one in json.loads(told.getvalue())["include"]}
    assert arguments == {"--image golden --image containers", "--image web"}


def test_the_report_is_good_when_every_image_is(project: Project, tmp_path: Path) -> None:
    result(tmp_path, "golden", "containers")
    result(tmp_path, "web", result="nothing to do")
    told = io.StringIO()
    fleet_report(project, ForPrograms(told), str(tmp_path))
    rows = json.loads(told.getvalue())["images"]
    assert [row["image"] for row in rows] == ["containers", "golden", "web"]


def test_a_job_that_died_is_a_failure(project: Project, tmp_path: Path) -> None:
    result(tmp_path, "web")
    with pytest.raises(ImagesFailed, match="2 of 3 images failed: containers, golden"):
        fleet_report(project, ForPrograms(io.StringIO()), str(tmp_path))


@pytest.mark.parametrize("content", ["{}", "{", "[]"])
def test_what_is_no_result_is_named(project: Project, tmp_path: Path, content: str) -> None:
    (tmp_path / "strange.json").write_text(content)
    with pytest.raises(UsageError, match=r"strange\.json"):
        fleet_report(project, ForPrograms(io.StringIO()), str(tmp_path))
