"""`unstage` and `prune`."""

from __future__ import annotations

from functools import partial

from pipeline.execution.ages import age
from pipeline.execution.build.survey import groups_of, young
from pipeline.execution.claims.numbers import numbers
from pipeline.execution.commands.swap import served, state_of
from pipeline.execution.prune.evidence import left_evidence
from pipeline.execution.prune.survey import uses_of
from pipeline.execution.report.reporting import keep_topology
from pipeline.execution.run.session import Session
from pipeline.execution.runner import begin, carry_out
from pipeline.execution.swap.survey import survey_when_settled
from pipeline.planning.build.leftovers import left_over
from pipeline.planning.prune.plan import plan_prune, plan_unstage
from pipeline.planning.prune.uses import NOBODY


def unstage(session: Session, image: str, version: str) -> None:
    """Remove a version's scale set and its pool."""
    session.load_balancer(image)
    with begin(session, "unstage", image, partial(state_of, session, image)) as run:
        now = survey_when_settled(session, image, with_autoscale=True)
        keep_topology(run, now)
        carry_out(plan_unstage(now, version, age), run)


def prune(session: Session, image: str = "") -> None:
    """Remove scale sets, pools and versions that nobody needs, of one image or of all.

    Raises DefinitionError when one of them has mistakes, after the others had their turn.
    """
    names, faulty = served(session, image)
    for name in names:
        _prune(session, name)
    for name in faulty:
        session.image(name)


def _prune(session: Session, image: str) -> None:
    session.load_balancer(image)
    with begin(session, "prune", image, partial(state_of, session, image)) as run:
        now = survey_when_settled(session, image, with_autoscale=True)
        keep_topology(run, now)
        uses = uses_of(session, image, now.versions) if now.image.retention else NOBODY
        groups = groups_of(session.azure, now.image, partial(numbers, session, image))
        left = left_over(groups, session.environment, image, young(session))
        evidence = left_evidence(session, image)
        carry_out(plan_prune(now, age, uses, left, evidence), run)
