"""A Packer that outlived its run is found by its command line, and ended."""

from __future__ import annotations

import subprocess
from contextlib import AbstractContextManager
from pathlib import Path

from pipeline.execution.packer.orphans import end_orphans, orphans
from pipeline.execution.patience import ORPHANED_PACKER
from pipeline.execution.wait import Clock
from tests.execution.ready import ready

VAR_FILE = "lab-web.pkrvars.json"

TIDY = 'trap "exit 0" TERM; echo ready; while :; do read -r line; done'
STUBBORN = 'trap "" TERM; echo ready; while :; do read -r line; done'


def lost(
    runs: Path, script: str, name: str = VAR_FILE
) -> AbstractContextManager[subprocess.Popen[str]]:
    """A process whose command line is that of a build from a var-file."""
    var_file = f"-var-file={runs}/20261123T120000Z-here-00aa/{name}"
    return ready("bash", "-c", script, "packer", "build", var_file)


class Hurry:
    """A clock on which a minute passes whenever somebody sleeps; the sleeper looks at a process."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.now = 0.0
        self._process = process

    def sleep(self, seconds: float) -> None:
        self.now += 60.0
        try:
            self._process.wait(timeout=0.1)
        except subprocess.TimeoutExpired:
            return

    @property
    def clock(self) -> Clock:
        return Clock(lambda: self.now, self.sleep)


def test_only_a_packer_of_this_checkout_image_and_environment_is_found(tmp_path: Path) -> None:
    with lost(tmp_path, TIDY) as process:
        found = orphans(tmp_path, VAR_FILE)

        assert [orphan.pid for orphan in found] == [process.pid]
        assert orphans(tmp_path / "elsewhere", VAR_FILE) == []
        assert orphans(tmp_path, "lab-other.pkrvars.json") == []


def test_an_orphan_is_told_to_end_and_awaited(tmp_path: Path) -> None:
    with lost(tmp_path, TIDY) as process:
        end_orphans(tmp_path, VAR_FILE, Hurry(process).clock)

        assert process.wait() == 0
        assert orphans(tmp_path, VAR_FILE) == []


def test_an_orphan_that_never_ends_is_killed_when_patience_is_over(tmp_path: Path) -> None:
    with lost(tmp_path, STUBBORN) as process:
        hurry = Hurry(process)
        end_orphans(tmp_path, VAR_FILE, hurry.clock)

        assert process.wait() == -9
        assert hurry.now >= ORPHANED_PACKER.seconds


def test_where_there_is_no_proc_there_are_no_orphans(tmp_path: Path) -> None:
    assert orphans(tmp_path, VAR_FILE, tmp_path / "no-proc") == []
