"""The GitHub workflows pass real linters, and ask for no more than they need."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from pipeline.setup import golang, places
from pipeline.setup.reporting import Reporter

REPOSITORY = Path(__file__).resolve().parents[1]
WORKFLOWS = sorted(REPOSITORY.glob(".github/workflows/*.yml"))


@pytest.mark.parametrize(
    ("schema", "files"),
    [
        ("github-workflows", WORKFLOWS),
        ("github-actions", sorted(REPOSITORY.glob(".github/actions/*/action.yml"))),
        ("dependabot", [REPOSITORY / ".github" / "dependabot.yml"]),
    ],
)
def test_they_fit_their_schemas(schema: str, files: list[Path]) -> None:
    checker = [sys.executable, "-m", "check_jsonschema"]
    builtin = ["--builtin-schema", f"vendor.{schema}"]

    done = subprocess.run([*checker, *builtin, *files], check=False, capture_output=True, text=True)

    assert done.returncode == 0, done.stdout


ISSUE = REPOSITORY / ".github" / "actions" / "issue" / "action.yml"
GH = """\
#!/bin/sh
printf '%s\\n' "$*" >> "$SEEN"
case "$2" in list) printf '%s' "$OPEN" ;; esac
"""


@pytest.mark.parametrize(
    ("outcome", "number", "done"),
    [
        ("failure", "", ["create --title nightly: web fails --body Since https://ci.example/1."]),
        ("failure", "7", ["comment 7 --body Still: https://ci.example/1"]),
        ("success", "7", ["close 7 --comment Well again: https://ci.example/1"]),
        ("success", "", []),
        ("skipped", "7", []),
    ],
)
def test_an_image_that_fails_has_one_issue(
    tmp_path: Path, outcome: str, number: str, done: list[str]
) -> None:
    gh, seen = tmp_path / "gh", tmp_path / "seen"
    gh.write_text(GH)
    gh.chmod(0o755)
    (step,) = YAML(typ="safe").load(ISSUE)["runs"]["steps"]
    surroundings = {
        "PATH": f"{tmp_path}:{os.environ['PATH']}",
        "SEEN": str(seen),
        "OPEN": number,
        "OUTCOME": outcome,
        "TITLE": "nightly: web fails",
        "RUN": "https://ci.example/1",
    }

    subprocess.run(
        ["bash", "-e", "-o", "pipefail", "-c", step["run"]], check=True, env=surroundings
    )

    first, *others = seen.read_text().splitlines()
    assert first.startswith("issue list --state open")
    told = [one.removeprefix("issue ").partition(" It is closed")[0] for one in others]
    assert told == done


def test_what_a_machine_printed_reaches_no_shell() -> None:
    (step,) = YAML(typ="safe").load(ISSUE)["runs"]["steps"]
    assert "${{" not in step["run"]


@pytest.fixture(scope="module")
def actionlint() -> list[str | Path]:
    """The linter, built from the module that `pipeline/setup/go/actionlint` pins, and cached.

    What else it would call is left out, so that it says the same on every machine.
    """
    folders = places.here()
    binary = folders.cached("actionlint", golang.pinned("actionlint"))
    if not binary.exists():
        go = golang.find(folders)
        if go is None:
            pytest.skip("actionlint needs a Go to be built with, and this machine has none")
        package = "github.com/rhysd/actionlint/cmd/actionlint"
        reporter = Reporter()
        golang.build(package, "actionlint", binary, go=go, places=folders, reporter=reporter)
    return [binary, "-shellcheck=", "-pyflakes="]


@pytest.mark.slow
def test_actionlint_finds_nothing_to_say(actionlint: list[str | Path]) -> None:
    done = subprocess.run([*actionlint, *WORKFLOWS], check=False, capture_output=True, text=True)

    assert done.stdout + done.stderr == ""
    assert done.returncode == 0


@pytest.mark.slow
def test_actionlint_finds_an_output_that_no_step_has(
    actionlint: list[str | Path], tmp_path: Path
) -> None:
    nightly = REPOSITORY / ".github" / "workflows" / "nightly.yml"
    broken = tmp_path / "broken.yml"
    broken.write_text(nightly.read_text().replace("steps.list.outputs", "steps.lost.outputs"))

    done = subprocess.run([*actionlint, broken], check=False, capture_output=True, text=True)

    assert done.returncode == 1
    assert 'property "lost" is not defined' in done.stdout
