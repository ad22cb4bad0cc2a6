"""`doctor`: what is missing before the first bake."""

from __future__ import annotations

from pipeline.execution.doctor.survey import examine
from pipeline.execution.run.session import Session
from pipeline.planning.doctor.doctor import findings, healthy, table
from pipeline.planning.preflight.preflight import checks


def doctor(session: Session) -> None:
    """Print all that was looked at; Refused when something is missing, with each way to get it."""
    session.project.refuse_mistakes("image")
    found = findings(examine(session))
    document = {"environment": session.environment.name, "checks": checks(found)}
    session.output.report(table(found), document)
    healthy(session.environment, found)
