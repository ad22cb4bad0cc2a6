"""`fleet` and `dashboard`: all images of all environments."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from pipeline.definition.model import Project
from pipeline.errors import UsageError
from pipeline.execution.dashboard.server import Dashboard
from pipeline.execution.fleet.survey import look_at
from pipeline.execution.report.keeping import Keeping
from pipeline.execution.run.session import Session, runs_of
from pipeline.execution.wait import Clock
from pipeline.output.page import fleet_page
from pipeline.planning.fleet.fleet import table
from pipeline.state_files import write_private


def sessions_of(project: Project, output: Keeping, clock: Clock) -> tuple[Session, ...]:
    """A session in each environment; DefinitionError when all that there are have mistakes."""
    if not project.environments:
        project.refuse_mistakes("environment")
        raise UsageError("there is no environment in environments.hcl")
    return tuple(
        Session(project, environment, output, clock=clock) for environment in project.environments
    )


def fleet(sessions: Sequence[Session], html: str = "") -> None:
    """Tell what serves in each environment, the worst first; into a page as well, if named.

    Raises DefinitionError when an environment has mistakes, after the others were told.
    """
    found = look_at(sessions)
    output = sessions[0].output
    output.report(table(found), found.document)
    if html:
        page = Path(html).absolute()
        write_private(page, fleet_page(found, time.time()))
        output.page(page.as_uri())
    sessions[0].project.refuse_mistakes("environment")


def dashboard(sessions: Sequence[Session], output: Keeping, port: int = 0) -> None:
    """Serve the dashboard on this machine until Ctrl-C; Unreachable when the port is taken."""
    runs = runs_of(sessions[0].project.root)
    shown = Dashboard(partial(look_at, sessions), runs, output.secrets)

    def ready(address: str) -> None:
        output.say(f"dashboard: {address} (Ctrl-C stops it)")

    try:
        asyncio.run(shown.serve(port, ready))
    except KeyboardInterrupt:
        sessions[0].clock.interruption.notice()
        output.say("The dashboard has stopped.")
