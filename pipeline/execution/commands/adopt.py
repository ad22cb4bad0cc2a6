"""`adopt`: what an existing estate is called in definitions."""

from __future__ import annotations

from pipeline.execution.adopt.survey import survey_estate
from pipeline.execution.run.session import Session
from pipeline.planning.adopt.adoption import adopt as adopted


def adopt(session: Session, load_balancer: str, image: str = "", group: str = "") -> None:
    """Print the blocks of a load balancer and of what is behind it, and what they leave out."""
    estate = survey_estate(session, load_balancer, group)
    found = adopted(estate, session.environment, session.project.names("image"), image)
    session.output.report(str(found), found.document)
