"""`create-environment`."""

from __future__ import annotations

from pipeline.execution.landing_zone.survey import survey_landing_zone
from pipeline.execution.run.session import Session
from pipeline.execution.runner import begin, carry_out
from pipeline.planning.landing_zone.plan import plan_landing_zone


def create_environment(session: Session) -> None:
    """Create missing landing-zone resources."""
    with begin(session, "create-environment") as run:
        has_group, existing = survey_landing_zone(session)
        plan = plan_landing_zone(session.project, session.environment, has_group, existing)
        carry_out(plan, run)
