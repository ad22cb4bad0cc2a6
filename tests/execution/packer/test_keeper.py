"""Packer ends when its time is over and with the run that started it, whatever it does itself."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from pipeline.execution.packer import keeper
from pipeline.execution.packer.keeper import TIME_IS_OVER, TOOK_TOO_LONG
from tests.execution.ready import ready

KEEPER = (sys.executable, str(Path(keeper.__file__)))
TIDY = 'trap "echo clean; exit 3" TERM; echo ready; while :; do read -r line; done'
STUBBORN = 'trap "" TERM; sleep 600 & echo ready; wait; while :; do read -r line; done'
FOREVER = "600"
AT_ONCE = "0.05"


def kept(limit: str, grace: str, script: str) -> AbstractContextManager[subprocess.Popen[str]]:
    """A keeper of a shell script that is ready."""
    return ready(*KEEPER, limit, grace, "bash", "-c", script)


def in_group(group: int) -> list[int]:
    """The processes of a group that are no zombies."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            state, _, pgrp = (folder / "stat").read_text().rpartition(")")[2].split()[:3]
        except OSError:
            continue  # it ended meanwhile
        if int(pgrp) == group and state != "Z":
            found.append(int(folder.name))
    return found


@pytest.mark.parametrize("code", [0, 7])
def test_the_exit_code_is_the_commands(code: int) -> None:
    ended = subprocess.run([*KEEPER, FOREVER, FOREVER, "sh", "-c", f"exit {code}"], check=False)

    assert ended.returncode == code


def test_what_takes_too_long_is_told_to_end_and_cleans_up() -> None:
    with kept("0.5", FOREVER, TIDY) as process:
        said, _ = process.communicate()

    assert (said, process.returncode) == (f"{TIME_IS_OVER}\nclean\n", TOOK_TOO_LONG)


def test_what_never_ends_is_killed_with_all_its_children() -> None:
    with kept("0.5", AT_ONCE, STUBBORN) as process:
        assert process.wait() == -signal.SIGKILL

    assert in_group(process.pid) == []


def test_a_signal_is_passed_on_once() -> None:
    with kept(FOREVER, FOREVER, TIDY) as process:
        os.kill(process.pid, signal.SIGTERM)
        said, _ = process.communicate()

    assert (said, process.returncode) == ("clean\n", 128 + signal.SIGTERM)


def test_a_command_that_is_not_there_is_named() -> None:
    ended = subprocess.run(
        [*KEEPER, FOREVER, FOREVER, "/nowhere/packer"], capture_output=True, text=True, check=False
    )

    assert ended.returncode == os.EX_UNAVAILABLE
    assert ended.stderr == "/nowhere/packer: No such file or directory\n"
