"""`revoke`: a version that is out of `latest` for good, and why."""

from __future__ import annotations

from functools import partial

from pipeline.execution.commands.swap import state_of
from pipeline.execution.revoke.survey import survey_revoke
from pipeline.execution.run.session import Session
from pipeline.execution.runner import begin, carry_out
from pipeline.planning.revoke.plan import plan_restore, plan_revoke


def revoke(
    session: Session, image: str, version: str, *, why: str = "", undo: bool = False
) -> None:
    """Take a version back, or let it be used again; nothing that runs is changed."""
    session.image(image)
    is_served = session.environment.load_balancer_of(image) is not None
    now = partial(state_of, session, image) if is_served else None
    with begin(session, "revoke", image, now) as run:
        found = survey_revoke(session, image, version)
        if undo:
            plan = plan_restore(found, version)
        else:
            plan = plan_revoke(found, version, by=run.by, why=why)
        carry_out(plan, run)
