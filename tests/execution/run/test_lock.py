"""One run at a time."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.errors import Refused
from pipeline.execution.run.lock import only_run
from tests.conftest import ROOT

HOLD = """
import sys
from pathlib import Path
from pipeline.execution.run.lock import only_run
with only_run(Path(sys.argv[1]), "their-run"):
    print("held", flush=True)
    sys.stdin.readline()
"""


def test_the_second_run_is_refused_and_told_by_whom(tmp_path: Path) -> None:
    lock = tmp_path / "locks" / "local-web.lock"
    with only_run(lock, "run-1"), pytest.raises(Refused) as refusal, only_run(lock, "run-2"):
        pass
    assert "local-web: another run is active: run-1" in str(refusal.value)
    assert f"process {os.getpid()} on " in str(refusal.value)


def test_a_lock_is_free_again_after_its_run(tmp_path: Path) -> None:
    lock = tmp_path / "local-web.lock"
    for number in range(2):
        with only_run(lock, f"run-{number}"):
            assert f"run-{number}" in lock.read_text()


def test_a_killed_run_holds_nothing(tmp_path: Path) -> None:
    lock = tmp_path / "local-web.lock"
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(lock)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        with pytest.raises(Refused, match="their-run"), only_run(lock, "mine"):
            pass
        other.kill()
        other.wait()
    with only_run(lock, "mine"):
        pass
