"""A Packer that outlived the run that started it: found by its command line, and ended.

It would go on building in a resource group that the next run wants to delete. Told to end, it
removes its machine itself.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import StillRunning
from pipeline.execution.patience import ORPHANED_PACKER
from pipeline.execution.wait import Clock, wait_until


@dataclass(frozen=True, slots=True)
class Orphan:
    """A process of Packer's and its process group."""

    pid: int
    group: int


def orphans(runs: Path, var_file_name: str, processes: Path = Path("/proc")) -> list[Orphan]:
    """The Packers that build from a var-file of this name in a run's folder under `runs`.

    Only to be asked by who holds the lock: any that is found has lost its run. None where there is
    no /proc.
    """
    return list(_found(f"-var-file={runs}{os.sep}", f"{os.sep}{var_file_name}", processes))


def _found(start: str, end: str, processes: Path) -> Iterator[Orphan]:
    for folder in processes.glob("[0-9]*"):
        with suppress(OSError):  # it ended meanwhile
            words = (folder / "cmdline").read_bytes().decode(errors="replace").split("\0")
            if any(word.startswith(start) and word.endswith(end) for word in words):
                # The name in parentheses may hold anything; after it: state, parent, group.
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
                if fields[0] != "Z":
                    yield Orphan(int(folder.name), int(fields[2]))


def end_orphans(runs: Path, var_file_name: str, clock: Clock) -> None:
    """Tell them to end, wait while they clean up, and kill those that never come to an end.

    A Packer is two processes of the same command line; the group's leader passes the signal on.
    """
    for orphan in orphans(runs, var_file_name):
        if orphan.pid == orphan.group:
            _signal(orphan.pid, signal.SIGTERM)
    if not any(orphan.pid == orphan.group for orphan in orphans(runs, var_file_name)):
        for orphan in orphans(runs, var_file_name):
            _signal(orphan.pid, signal.SIGTERM)
    try:
        wait_until(
            lambda: None if orphans(runs, var_file_name) else True,
            "packer of an earlier run",
            patience=ORPHANED_PACKER,
            clock=clock,
            every=0.5,
        )
    except StillRunning:
        for orphan in orphans(runs, var_file_name):
            with suppress(ProcessLookupError):
                os.killpg(orphan.group, signal.SIGKILL)


def _signal(pid: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, number)
