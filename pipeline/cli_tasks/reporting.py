"""The tasks that show what runs did and what is true: `report`, `dashboard`, `fleet`."""

# ruff: noqa: PLC0415 - what takes long to import is imported by the task that needs it

from __future__ import annotations

from pathlib import Path

from invoke.context import Context
from invoke.tasks import task

from pipeline.cli import LEFT_OUT
from pipeline.cli_tasks.running import JSON, output_for, words_and_exit_code

RUN = "run, such as 20261123T181500Z-host-1a2b (default: the newest)"
OPEN = "show it in a browser, too"


@task(help={"run": RUN, "open": OPEN, "json": JSON})
def report(_context: Context, run: str, open: bool = False, json: bool = False) -> None:
    """Print the address of a run's page: what was planned, and what became of it."""
    output = output_for("", json)
    with words_and_exit_code(output):
        from pipeline.execution.commands.report import report
        from pipeline.project_root import project_root

        name = "" if run == LEFT_OUT["report"] else run
        report(project_root(Path.cwd()), output, name, is_opened=open)
