"""`cost`: what an environment costs by the hour, and what a bake that is not needed saves."""

from __future__ import annotations

from pipeline.execution.cost.survey import prices_of, survey_cost
from pipeline.execution.run.session import Session
from pipeline.planning.cost.cost import table


def cost(session: Session, image: str = "", prices: str = "") -> None:
    """Tell it of one image or of all; `prices` is a file with an answer of Azure's price API.

    Raises UsageError for a file that is none, DefinitionError for an image with mistakes.
    """
    names = [image] if image else [one.name for one in session.project.images]
    for name in names:
        session.image(name)
    found = survey_cost(session.looking(), names, prices_of(prices))
    document = {"environment": session.environment.name, **found.document}
    session.output.report(table(found), document)
