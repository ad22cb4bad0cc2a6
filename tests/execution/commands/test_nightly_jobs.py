"""`nightly --jobs`: images beside each other, by the real Packer, in processes of their own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pipeline.cli_tasks.running import INTERRUPTED
from pipeline.errors import StateFileError, UsageError
from pipeline.execution.commands.nightly import nightly
from pipeline.execution.commands.nightly_jobs import FOLDER, JOB
from tests.conftest import Emulator
from tests.execution.image_project import (
    BAD_CHECK,
    ImageProject,
    image_project,
    packer_or_skip,
    until,
)

pytestmark = pytest.mark.packer

LONG = 40.0
"""Seconds that the emulator holds a request: the test ends it before."""
BRIEF = 10.0
"""The same, of one that is waited for."""


@dataclass(frozen=True)
class Night:
    """What a process told."""

    code: int
    facts: tuple[Mapping[str, Any], ...]
    rows: Mapping[str, Mapping[str, Any]]

    def events(self, event: str) -> list[Mapping[str, Any]]:
        """The facts of a kind."""
        return [fact for fact in self.facts if fact.get("event") == event]


def start(project: ImageProject, *words: str, **surroundings: str) -> subprocess.Popen[str]:
    """`nightly` with JSON lines."""
    return subprocess.Popen(
        project.typed("nightly", "--json", *words),
        cwd=project.root,
        env={**os.environ, **surroundings},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def ended(process: subprocess.Popen[str]) -> Night:
    """What it told until its end."""
    told, _ = process.communicate()
    facts = tuple(json.loads(line) for line in told.splitlines() if line.startswith("{"))
    rows = {row["image"]: row for fact in facts for row in fact.get("images", ())}
    return Night(process.returncode, facts, rows)


def span(project: ImageProject) -> tuple[float, float]:
    """When the image's run began and ended, by its page's facts."""
    for file in (project.root / ".pipeline" / "runs").glob("*/facts.jsonl"):
        facts = [json.loads(line) for line in file.read_text().splitlines()]
        if facts[0]["image"] == project.image:
            return facts[0]["at"], facts[-1]["at"]
    raise AssertionError(f"no run of {project.image}")


def jobs_of(process: subprocess.Popen[str]) -> dict[str, int]:
    """The processes of the images, by the image."""
    found = {}
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            words = (folder / "cmdline").read_text().split("\0")
            parent = (folder / "stat").read_text().rpartition(")")[2].split()[1]
        except OSError:
            continue
        if JOB in words and int(parent) == process.pid:
            found[words[words.index("--") - 1]] = int(folder.name)
    return found


@pytest.fixture
def project(tmp_path: Path, emulator: Emulator) -> ImageProject:
    packer_or_skip()
    return image_project(tmp_path, emulator)


def test_images_are_built_beside_each_other_and_children_after_their_parents(
    project: ImageProject, tmp_path: Path
) -> None:
    child, other = project.beside(parent=project.image), project.beside()
    file = tmp_path / "result.json"
    summary = tmp_path / "summary.md"

    process = start(
        project,
        *("--jobs", "3", "--result", str(file)),
        GITHUB_ACTIONS="true",
        GITHUB_STEP_SUMMARY=str(summary),
    )
    night = ended(process)

    assert night.code == 0
    images = (project.image, child.image, other.image)
    assert list(night.rows) == list(images)
    assert {row["result"] for row in night.rows.values()} == {"built"}
    assert json.loads(file.read_text())["images"] == list(night.rows.values())
    for one in (project, child, other):
        assert one.versions()["1.0.0"].is_eligible
        assert one.left_over() == []
    assert span(project)[1] < span(child)[0]
    assert span(other)[0] < span(project)[1]
    titles = [fact["title"] for fact in night.events("plan")]
    assert sorted(title.split()[1] for title in titles) == sorted(images)
    assert len(night.events("page")) == len(images)
    assert summary.read_text().count("passed its check") == len(images)


def test_one_that_fails_is_told_once_and_stops_no_other(
    project: ImageProject, tmp_path: Path
) -> None:
    other = project.beside()
    project.write("checks/test_it.py", BAD_CHECK)

    night = ended(start(project, "--jobs", "2", GITHUB_ACTIONS="true"))

    assert night.code == 1
    assert night.rows[project.image]["result"] == "failed"
    assert night.rows[other.image]["result"] == "built"
    kinds = [error["error"] for error in night.events("error")]
    assert kinds == ["CheckFailed", "ImagesFailed"]
    assert f"1 of 2 images failed: {project.image}" in night.events("error")[-1]["text"]


def test_an_interrupted_night_leaves_nothing_behind(project: ImageProject) -> None:
    other = project.beside()
    last = project.beside()
    hold = {"method": "POST", "path": f"-({project.image}|{other.image})-1-0-0-[^/]*/.*/deallocate"}
    project.fault(hold, {"delay": LONG}, 2)
    process = start(project, "--jobs", "2")
    logs = project.root / ".pipeline" / "runs"
    until(lambda: sum("Powering off" in log.read_text() for log in logs.rglob("packer.log")) == 2)
    jobs = jobs_of(process)
    assert set(jobs) == {project.image, other.image}

    process.send_signal(signal.SIGINT)
    night = ended(process)

    assert night.code == INTERRUPTED
    assert not any(Path(f"/proc/{pid}").exists() for pid in jobs.values())
    for one in (project, other, last):
        assert one.left_over() == []
        assert one.versions() == {}


def test_one_whose_process_dies_has_failed_and_the_next_night_finishes_it(
    project: ImageProject,
) -> None:
    other = project.beside()
    hold = {"method": "POST", "path": f"-{project.image}-1-0-0-[^/]*/.*/deallocate"}
    project.fault(hold, {"delay": BRIEF})
    process = start(project, "--jobs", "2")
    logs = project.root / ".pipeline" / "runs"
    path = f"-{project.image}-1-0-0-"
    until(lambda: any(path in log.read_text() for log in logs.rglob("packer.log")))
    os.kill(jobs_of(process)[project.image], signal.SIGKILL)
    night = ended(process)

    assert night.code == 1
    row = night.rows[project.image]
    assert (row["result"], row["why"]) == ("failed", "its process was ended by signal 9")
    assert night.rows[other.image]["result"] == "built"

    again = ended(start(project, "--jobs", "2"))
    assert again.code == 0
    assert {row["result"] for row in again.rows.values()} == {"built", "nothing to do"}
    assert project.left_over() == []


def test_a_second_interruption_ends_all_at_once(project: ImageProject) -> None:
    other = project.beside()
    hold = {"method": "POST", "path": f"-({project.image}|{other.image})-1-0-0-[^/]*/.*/deallocate"}
    project.fault(hold, {"delay": LONG}, 2)
    process = start(project, "--jobs", "2")
    logs = project.root / ".pipeline" / "runs"
    until(lambda: sum("Powering off" in log.read_text() for log in logs.rglob("packer.log")) == 2)
    jobs = jobs_of(process)

    process.send_signal(signal.SIGINT)
    assert process.stdout is not None
    told = next(line for line in process.stdout if "clean up (Ctrl-C again" in line)
    process.send_signal(signal.SIGINT)
    night = ended(process)

    assert project.image in told
    assert other.image in told
    assert night.code == INTERRUPTED
    assert not any(Path(f"/proc/{pid}").exists() for pid in jobs.values())


def test_an_image_whose_parent_has_mistakes_fails_and_stops_no_other(
    project: ImageProject,
) -> None:
    child, other = project.beside(parent=project.image), project.beside()
    project.write("image.hcl", f'image "{project.image}" {{')

    night = ended(start(project, "--jobs", "2"))

    assert night.code == 1
    results = {name: row["result"] for name, row in night.rows.items()}
    assert results == {project.image: "failed", child.image: "failed", other.image: "built"}


def test_what_processes_tell_must_be_kept(project: ImageProject) -> None:
    project.beside()
    (project.root / ".pipeline" / FOLDER).write_text("in the way")
    with pytest.raises(StateFileError, match=FOLDER):
        nightly(project.session(), jobs=2)
    assert project.versions() == {}


def test_less_than_one_at_once_is_refused(project: ImageProject) -> None:
    with pytest.raises(UsageError, match="--jobs 0: it must be 1 or more"):
        nightly(project.session(), jobs=0)
