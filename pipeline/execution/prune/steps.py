"""Carrying out the steps of removing what nobody needs. Each may be repeated at any time."""

from __future__ import annotations

from typing import assert_never

from pipeline.definition.balancing import STAGING
from pipeline.errors import Overtaken, Refused
from pipeline.execution.ages import age
from pipeline.execution.azure.requests import Body, delete
from pipeline.execution.patience import GALLERY, NETWORK, SCALE_SET
from pipeline.execution.prune.evidence import delete_evidence, note_evidence
from pipeline.execution.prune.survey import uses_of
from pipeline.execution.run.work import Work
from pipeline.execution.swap.autoscale import settings_of
from pipeline.execution.swap.load_balancer import rewrite
from pipeline.execution.swap.survey import survey_when_settled
from pipeline.planning.prune import bodies
from pipeline.planning.prune.plan import is_removable, why_kept
from pipeline.planning.prune.steps import (
    DeleteAutoscale,
    DeleteEvidence,
    DeleteImageVersion,
    DeleteScaleSet,
    PruneStep,
    RemovePools,
    RetirePools,
)
from pipeline.planning.swap.survey import Survey


def carry_out(step: PruneStep, work: Work) -> None:
    """Carry out one step of this room; may be repeated at any time."""
    match step:
        case RetirePools():
            retire_pools(step, work)
        case DeleteScaleSet():
            delete_scale_set(step, work)
        case DeleteAutoscale():
            delete_autoscale(step, work)
        case RemovePools():
            remove_pools(step, work)
        case DeleteImageVersion():
            delete_image_version(step, work)
        case DeleteEvidence():
            delete_evidence(step, work)
        case _:
            assert_never(step)


def retire_pools(step: RetirePools, work: Work) -> None:
    """Announce what goes; Overtaken when any of it is needed by now."""

    def edit(now: Survey) -> Body | None:
        pools = [now.load_balancer.pool(name) for name in step.pools]
        for pool in pools:
            found = now.backend(pool)
            why = "" if found.is_empty else why_kept(now, found, age, by_name=step.by_name)
            if why:
                raise Overtaken(f"{pool.name}: not removed: {why}")
            _refuse_led(now, pool.name)
        if all(now.removed_by(pool) for pool in pools):
            return None
        return bodies.retired(now, step, work.run.id)

    rewrite(work, step.image, edit)


def delete_scale_set(step: DeleteScaleSet, work: Work) -> None:
    """A scale set, as long as its pool is retired and no rule leads there; else Overtaken."""

    def look() -> None:
        try:
            now = survey_when_settled(work.session, step.image)
            led = _led(now, step.pool)
        except Refused as refusal:
            raise Overtaken(f"{step.resource}: not deleted: {refusal}") from refusal
        if led:
            raise Overtaken(f"{step.resource}: {led} leads to it by now, so it is not deleted")
        if not now.removed_by(now.load_balancer.pool(step.pool)):
            raise Overtaken(f"{step.resource}: not deleted: its pool is retired no longer")

    work.send(delete(step.resource), SCALE_SET, look)


def delete_autoscale(step: DeleteAutoscale, work: Work) -> None:
    """Delete a setting; Overtaken where its scale set is there again, or it is another's."""

    def look() -> None:
        there = [one for one in settings_of(work.azure) if one.resource == step.resource]
        if any(not one.is_ours or one.target != step.target for one in there):
            raise Overtaken(f"{step.resource}: someone else made it since the plan was made")
        if work.azure.get(step.target) is not None:
            raise Overtaken(f"{step.target}: made again since the plan was made")

    work.send(delete(step.resource), NETWORK, look)


def remove_pools(step: RemovePools, work: Work) -> None:
    """Pools that nothing is in and nothing leads to; Overtaken when a rule does by now."""

    def edit(now: Survey) -> Body | None:
        there = [
            name for name in step.pools if now.load_balancer.pool(name) in now.load_balancer.members
        ]
        for name in there:
            _refuse_led(now, name)
        return bodies.without_pools(now.load_balancer.body, step) if there else None

    rewrite(work, step.image, edit)


def delete_image_version(step: DeleteImageVersion, work: Work) -> None:
    """A version, unless something was made from it since the plan; then Overtaken."""

    def look() -> None:
        now = survey_when_settled(work.session, step.image)
        version = now.version(step.resource.name)
        if version and not is_removable(now, version):
            raise Overtaken(f"{step.resource}: not deleted: it is needed by now")
        uses = uses_of(work.session, step.image, now.versions)
        if uses.needs(step.resource):
            raise Overtaken(f"{step.resource}: not deleted: something was made from it")
        if uses.unknown:
            raise Overtaken(f"{step.resource}: not deleted: {uses.unknown[0]}")

    note_evidence(step, work.session)
    work.send(delete(step.resource), GALLERY, look)


def _refuse_led(now: Survey, pool: str) -> None:
    if led := _led(now, pool):
        raise Overtaken(f"{pool}: not removed: {led} leads to it by now")


def _led(now: Survey, pool: str) -> str:
    """A rule that leads to a pool; staging's own are led away when the pool is retired."""
    balancer = now.load_balancer
    wanted = balancer.pool(pool)
    own = now.rules(STAGING) if not now.removed_by(wanted) else ()
    rules = (*balancer.rules, *balancer.outbound_rules, *balancer.nat_rules)
    return next((rule.name for rule in rules if rule.pool == wanted and rule.name not in own), "")
