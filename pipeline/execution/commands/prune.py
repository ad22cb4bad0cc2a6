"""`unstage` and `prune`."""

from __future__ import annotations

from functools import partial

from pipeline.execution.build.survey import groups_of, young
from pipeline.execution.commands.swap import state_of
from pipeline.execution.prune.survey import age, used_versions
from pipeline.execution.run.session import Session
from pipeline.execution.runner import begin, carry_out
from pipeline.execution.swap.survey import survey_when_settled
from pipeline.planning.build.leftovers import left_over
from pipeline.planning.prune.plan import plan_prune, plan_unstage


def unstage(session: Session, image: str, version: str) -> None:
    """Remove a version's scale set and its pool."""
    session.load_balancer(image)
    with begin(session, "unstage", image, partial(state_of, session, image)) as run:
        now = survey_when_settled(session, image)
        carry_out(plan_unstage(now, version, age), run)


def prune(session: Session, image: str = "") -> None:
    """Remove scale sets, pools and versions that nobody needs, of one image or of all."""
    served = [load_balancer.image for load_balancer in session.environment.load_balancers]
    for name in [image] if image else served:
        _prune(session, name)


def _prune(session: Session, image: str) -> None:
    session.load_balancer(image)
    with begin(session, "prune", image, partial(state_of, session, image)) as run:
        now = survey_when_settled(session, image)
        used = used_versions(session) if now.image.retention else ()
        groups = groups_of(session.azure, now.image)
        left = left_over(groups, session.environment, image, young(session.environment))
        carry_out(plan_prune(now, age, used, left), run)
