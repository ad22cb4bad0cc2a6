"""The GitHub workflows pass real linters, and ask for no more than they need."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.setup import golang, places
from pipeline.setup.reporting import Reporter

REPOSITORY = Path(__file__).resolve().parents[1]
WORKFLOWS = sorted(REPOSITORY.glob(".github/workflows/*.yml"))


def test_the_workflows_fit_the_schema() -> None:
    checker = [sys.executable, "-m", "check_jsonschema"]
    schema = ["--builtin-schema", "vendor.github-workflows"]

    done = subprocess.run(
        [*checker, *schema, *WORKFLOWS], check=False, capture_output=True, text=True
    )

    assert done.returncode == 0, done.stdout


@pytest.mark.slow
def test_actionlint_finds_nothing_to_say(capsys: pytest.CaptureFixture[str]) -> None:
    folders = places.here()
    go = golang.find(folders)
    if go is None:
        pytest.skip("no Go to build actionlint with; `make setup` may bring one")
    actionlint = folders.cached("actionlint", golang.pinned("actionlint"))
    if not actionlint.exists():
        golang.build(
            "github.com/rhysd/actionlint/cmd/actionlint",
            "actionlint",
            actionlint,
            go=go,
            places=folders,
            reporter=Reporter(),
        )

    done = subprocess.run([actionlint, *WORKFLOWS], check=False, capture_output=True, text=True)

    assert done.stdout == ""
    assert done.returncode == 0, done.stderr
