"""The CLI as processes that start at once, can be killed, and tell what they printed.

A server that has imported everything forks one process for each command: what takes seconds, the
imports, is done once, and a thousand commands can be killed in minutes.
"""

from __future__ import annotations

import multiprocessing
import os
import re
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from pipeline.cli import program
from tests.sources import ROOT

EXIT_CODES = frozenset({0, 1, 2, 3})
RUN_ID = re.compile(r"\d{8}T\d{6}Z-[\w-]+-[0-9a-f]{4}")
IN_THE_WAY = re.compile(r"claimed by|is being removed by|taken over by")
"""Words of a command that another run stopped: it has to name that run."""
LONGEST = 120.0
"""Seconds after which a command hangs."""

_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(
    [
        "tests.torture.commands",
        "tasks",
        "pipeline.execution.commands.swap",
        "pipeline.execution.commands.prune",
        "pipeline.definition.project",
        "pipeline.output.people",
        "azure.identity",
        "azure.mgmt.compute",
        "azure.mgmt.network",
        "azure.mgmt.resource.resources",
    ]
)


@dataclass(slots=True)
class Command:
    """A command of the CLI in a folder, as a process of its own."""

    folder: Path
    words: tuple[str, ...]
    process: ForkServerProcess = field(init=False)
    log: Path = field(init=False)
    killed: bool = False
    began: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        self.log = self.folder / f"said-{time.monotonic_ns()}.txt"
        self.process = _context.Process(target=_run, args=(self.folder, self.words, self.log))
        self.process.start()

    def __str__(self) -> str:
        return f"{self.folder.name}: {' '.join(self.words)}"

    @property
    def output(self) -> str:
        """All that it printed so far."""
        return self.log.read_text() if self.log.exists() else ""

    @property
    def is_running(self) -> bool:
        """Whether it has not ended yet."""
        return self.process.is_alive()

    def kill(self) -> None:
        """SIGKILL: what a machine that is switched off looks like to others."""
        self.process.kill()
        self.process.join()
        self.killed = True

    def wait(self) -> int:
        """The exit code; one that hangs is killed and has none of ours."""
        self.process.join(LONGEST)
        if self.process.exitcode is None:
            self.kill()
            self.killed = False
        return self.process.exitcode if self.process.exitcode is not None else -1

    def wrongs(self) -> list[str]:
        """What no command may do: hang, end with a traceback or a strange code, hide who won."""
        code, text = self.wait(), self.output
        if self.killed:
            return []
        found = []
        if code not in EXIT_CODES or "Traceback" in text:
            found.append(f"{self}: exit code {code}\n{text}")
        flat = " ".join(text.split())
        if code and IN_THE_WAY.search(flat) and not RUN_ID.search(flat):
            found.append(f"{self}: does not name the run in its way\n{text}")
        return found


def run_here(folder: Path, *words: str) -> Command:
    """Run a command to its end."""
    command = Command(folder, words)
    command.wait()
    return command


def _run(folder: Path, words: Sequence[str], log: Path) -> None:
    os.chdir(folder)
    with log.open("wb", buffering=0) as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    sys.argv = ["invoke", *words]
    program.run(["invoke", "--search-root", str(ROOT), *words])
