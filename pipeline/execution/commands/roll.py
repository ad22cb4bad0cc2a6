"""`roll`: the scale set that serves, brought to another version in place."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from pipeline.advice import Advice, status
from pipeline.definition import rules
from pipeline.definition.model import Base
from pipeline.errors import NotConfirmed, PipelineError, Refused, UsageError, WatchFailed
from pipeline.execution.azure.bases import offered
from pipeline.execution.claims.hold import refuse_on_hold
from pipeline.execution.commands.proven import proven_roll
from pipeline.execution.commands.swap import state_of
from pipeline.execution.commands.watching import Watching, number
from pipeline.execution.report.reporting import keep_topology
from pipeline.execution.run.session import Session
from pipeline.execution.runner import begin, carry_out
from pipeline.execution.swap.survey import survey_when_settled
from pipeline.planning.names import Tag
from pipeline.planning.plan import Failure, Plan
from pipeline.planning.roll.plan import plan_roll
from pipeline.planning.roll.steps import PointModel, RollStep, RollWish
from pipeline.planning.swap.survey import Survey

PATIENCE = "5m"
"""For an upgraded instance to become healthy: as long as Azure's own rolls wait for a batch
(https://learn.microsoft.com/azure/virtual-machine-scale-sets/virtual-machine-scale-sets-automatic-upgrade).
"""


def roll(
    session: Session,
    image: str,
    asked: RollWish | None = None,
    *,
    batch: str = "",
    watching: Watching | None = None,
) -> None:
    """Bring what serves to a version, batch by batch, and watch it; Refused while it is on hold.

    `batch`, as typed, is the share of the instances that are rolled at once. The first batch that
    is not well ends it, and brings what was upgraded back.
    """
    asked, typed = asked or RollWish(), watching or Watching()
    how = replace(typed, patience=typed.patience or PATIENCE)
    wish = replace(
        asked,
        percent=number("batch", batch, rules.PERCENT, asked.percent),
        promotion=how.over(session.image(image).promotion),
    )
    back = _nothing if typed.no_rollback else partial(roll_back, session, image, wish)
    session.load_balancer(image)
    with begin(session, "roll", image, partial(state_of, session, image)) as run:
        now = survey_when_settled(session, image, partial(refuse_on_hold, session, image))
        keep_topology(run, now)
        plan = proven_roll(session, now, wish, _offered(session, now))
        carry_out(plan, run, follow_up=back)


def roll_back(
    session: Session, image: str, wish: RollWish, failure: Failure
) -> Plan[RollStep] | None:
    """The plan that brings the instances back when a roll failed.

    None, and a note on the error says why, where nobody should: its model names a third image by
    now, or there is nothing to go back to.
    """
    error = failure.error
    began = next((step for step in failure.begun if isinstance(step, PointModel)), None)
    version = dict(began.tags).get(Tag.ROLLED_FROM, "") if began else ""
    if began is None or not isinstance(error, WatchFailed | NotConfirmed):
        return None
    try:
        now = survey_when_settled(session, image)
        back = replace(wish, version=version, is_back=True, force=True, why=str(error))
        plan = plan_roll(now, back, _offered(session, now))
        session.output.say(f"Rolling back: {error}")
        return replace(plan, advice=(Advice("show the state", status()),))
    except (Refused, UsageError) as refusal:
        error.add_note(f"Not rolled back: {refusal}.")
    except PipelineError as second:
        error.add_note(f"Not rolled back: Azure could not be asked: {second}")
    return None


def _offered(session: Session, now: Survey) -> tuple[str, ...]:
    """The versions of the marketplace image that what serves is made from; none for a gallery's."""
    sets = now.serving.scale_sets
    made_from = sets[0].made_from if sets else None
    if made_from is None or not made_from.is_marketplace:
        return ()
    return offered(session.azure, Base(made_from.publisher, made_from.offer, made_from.sku))


def _nothing(_: Failure) -> None:
    """What follows where nobody wants it rolled back."""
