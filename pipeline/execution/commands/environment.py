"""`create-environment` and `destroy-environment`."""

from __future__ import annotations

from pipeline.advice import Advice
from pipeline.advice import destroy_environment as advised
from pipeline.errors import UsageError
from pipeline.execution.landing_zone.survey import (
    namesakes,
    survey_bases,
    survey_group,
    survey_landing_zone,
)
from pipeline.execution.run.session import Session
from pipeline.execution.runner import begin, carry_out
from pipeline.planning.landing_zone.destruction import plan_destruction
from pipeline.planning.landing_zone.plan import plan_landing_zone


def create_environment(session: Session) -> None:
    """Create missing landing-zone resources; those of all images, so none may have mistakes."""
    session.project.refuse_mistakes("image")
    with begin(session, "create-environment") as run:
        has_group, existing = survey_landing_zone(session)
        others = namesakes(session, existing)
        environment = session.environment
        bases = survey_bases(session, existing)
        plan = plan_landing_zone(session.project, environment, has_group, existing, others, bases)
        carry_out(plan, run)


def destroy_environment(session: Session, confirm: str) -> None:
    """Delete the environment's resource group, production included, once its name was typed.

    Another environment may live there, so none may have mistakes.
    """
    session.project.refuse_mistakes("environment")
    name = session.environment.name
    if confirm != name and not session.plan_only:
        raise UsageError(
            f"this deletes everything in {session.environment.resource_group}, production included",
            advice=(Advice("if that is meant", advised(name)),),
        )
    with begin(session, "destroy-environment") as run:
        group, found = survey_group(session)
        carry_out(plan_destruction(session.project, session.environment, group, found), run)
