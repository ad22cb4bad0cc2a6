"""The tasks that show what runs did and what is true: `report`, `dashboard`, `fleet`."""

# ruff: noqa: PLC0415 - what takes long to import is imported by the task that needs it

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from invoke.collection import Collection
from invoke.context import Context
from invoke.tasks import task

from pipeline.advice import NEWEST_RUN
from pipeline.cli_tasks.running import JSON, output_for, words_and_exit_code

if TYPE_CHECKING:
    from pipeline.definition.model import Project
    from pipeline.execution.report.keeping import Keeping
    from pipeline.execution.run.session import Session
    from pipeline.output.ci.telling import InCi

PORT = "port on this machine (default: a free one)"
RESULTS = "folder with the documents"
HTML = "write a page of it into this file, too"
RUN = "run, such as 20261123T181500Z-host-1a2b (default: the newest)"
OPEN = "show it in a browser, too"


@task(help={"run": RUN, "open": OPEN, "json": JSON})
def report(_context: Context, run: str, open: bool = False, json: bool = False) -> None:
    """Print the address of a run's page: what was planned, and what became of it."""
    output = output_for("", json)
    with words_and_exit_code(output):
        from pipeline.execution.commands.report import report
        from pipeline.project_root import project_root

        name = "" if run == NEWEST_RUN else run
        report(project_root(Path.cwd()), output, name, is_opened=open)


@task(help={"port": PORT})
def dashboard(_context: Context, port: int = 0) -> None:
    """Serve a live page of all images in all environments on this machine, until Ctrl-C."""
    with _everywhere(json=False) as (sessions, output):
        from pipeline.execution.commands.fleet import dashboard

        dashboard(sessions, output, port)


@task(auto_shortflags=False, help={"html": HTML, "json": JSON})
def fleet(_context: Context, html: str = "", json: bool = False) -> None:
    """Show all images in all environments: what serves, how old it is, what is wrong."""
    with _everywhere(json=json) as (sessions, _):
        from pipeline.execution.commands.fleet import fleet

        fleet(sessions, html)


@task(help={"json": JSON})
def fleet_plan(_context: Context, json: bool = False) -> None:
    """Show which images a night builds after each other: a matrix of CI jobs."""
    with _project(json) as (project, output):
        from pipeline.execution.commands.units import fleet_plan

        fleet_plan(project, output)


@task(help={"folder": RESULTS, "json": JSON})
def fleet_report(_context: Context, folder: str, json: bool = False) -> None:
    """Tell what became of all images, from what `nightly --result` wrote in several jobs."""
    with _project(json) as (project, output):
        from pipeline.execution.commands.units import fleet_report

        fleet_report(project, output, folder)


fleets = Collection("fleet")
fleets.add_task(fleet, "show", default=True)
fleets.add_task(fleet_plan, "plan")
fleets.add_task(fleet_report, "report")


@contextmanager
def _project(json: bool) -> Iterator[tuple[Project, InCi]]:
    """The current folder's definitions, and who is told."""
    from pipeline.definition.project import read
    from pipeline.output.ci.telling import in_ci
    from pipeline.project_root import project_root

    with in_ci(output_for("", json)) as output, words_and_exit_code(output):
        yield read(project_root(Path.cwd())), output


@contextmanager
def _everywhere(json: bool) -> Iterator[tuple[tuple[Session, ...], Keeping]]:
    """A session in each environment of the current folder's definitions."""
    from pipeline.definition.project import read
    from pipeline.execution.commands.fleet import sessions_of
    from pipeline.execution.report.keeping import Keeping
    from pipeline.output.ci.telling import in_ci
    from pipeline.project_root import project_root

    told = in_ci(output_for("", json))
    with told, Keeping(told) as output, words_and_exit_code(output) as clock:
        yield sessions_of(read(project_root(Path.cwd())), output, clock), output
