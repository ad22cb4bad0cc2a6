"""Planning a rehearsal: what a rollback does to production's rules, done to the staging rules."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.advice import Advice, rehearse, rollback, stage, status
from pipeline.arm import ResourceId
from pipeline.definition.balancing import STAGING
from pipeline.errors import Refused
from pipeline.planning.names import SwapTag, empty_pool, is_ours, load_balancer_tag
from pipeline.planning.plan import Plan
from pipeline.planning.rehearse.steps import LeadTwins, Leg, RecordRehearsal, RehearseStep
from pipeline.planning.swap.backend import Backend
from pipeline.planning.swap.exchange import refuse_several_pools, refuse_unfit
from pipeline.planning.swap.staging import verifying
from pipeline.planning.swap.survey import Survey
from pipeline.planning.swap.watching import watching
from pipeline.planning.watch.steps import Soak, StopWatching


def plan_rehearsal(now: Survey) -> Plan[RehearseStep]:
    """Lead the staging rules away from the way back, to it, and where they led; under traffic.

    Production's rules stay as they are, and so does its pool: Azure lets no two rules with one
    backend port lead to one pool. Where nothing else runs, staging is led to its empty pool
    meanwhile. Refused when nothing serves, when there is no way back, or when a rollback would have
    to make or scale it first.
    """
    refuse_several_pools(now)
    image, back = now.image.name, _way_back(now)
    notes = refuse_unfit(now, back, is_back=True)
    home = _home(now)
    away = _away(now, back) if home == back.pool else now.backend(home)
    how, leg = now.image.promotion, _Leg(now, home)
    budget = how.lost_budget if away.members and not away.sick else None
    is_there = now.staging_pool == away.pool and not _written_home(now)
    steps: tuple[RehearseStep, ...] = (
        *(() if is_there else (leg.leading("away", away),)),
        *(() if budget is None else leg.proof(away)),
        *watching(now, set(now.rules(STAGING)), how, back.version, budget),
        leg.leading("back", back, is_last=home == back.pool),
        *leg.proof(back),
        StopWatching() if budget is None else Soak(None, 0.0, budget),
        *(() if home == back.pool else (leg.leading("home", away, is_last=True),)),
        *_record(now, back),
    )
    serving, label = now.label(now.serving), now.label(back)
    return Plan(
        f"rehearse {image} {serving} -> {label}",
        steps,
        truth=f"{image}: a rollback to {label} is rehearsed; {serving} served meanwhile",
        advice=(Advice("show the state", status()),),
        notes=(*_unfinished(now), *now.unproven, *notes),
    )


def plan_return(now: Survey) -> Plan[RehearseStep] | None:
    """Lead the staging rules where they led before a rehearsal that failed; None once they do."""
    if not _written_home(now):
        return None
    image, home = now.image.name, _home(now)
    return Plan(
        f"end the rehearsal of {image}",
        (_Leg(now, home).leading("home", now.backend(home), is_last=True),),
        truth=f"{image} {now.label(now.serving)} serves, as before",
        advice=(Advice("rehearse it again", rehearse(image)), Advice("show the state", status())),
    )


@dataclass(frozen=True, slots=True)
class _Leg:
    now: Survey
    home: ResourceId

    def leading(self, leg: Leg, to: Backend, *, is_last: bool = False) -> LeadTwins:
        now = self.now
        home = "" if is_last else self.home.name
        balancer = now.load_balancer.resource
        return LeadTwins(leg, balancer, now.image.name, now.rules(STAGING), to.pool, home)

    def proof(self, of: Backend) -> tuple[RehearseStep, ...]:
        how, size = self.now.image.promotion, len(of.members)
        return verifying(self.now, STAGING, of.version, of.pool, size, how.patience)


def _way_back(now: Survey) -> Backend:
    image = now.image.name
    if now.serving.is_empty:
        advice = (Advice("stage the newest version", stage(image)),)
        raise Refused(f"{image}: nothing serves, so nothing leads back from it", advice=advice)
    found = next(iter(now.ways_back), None)
    if found is None:
        advice = (Advice("show the state", status()),)
        raise Refused(f"{image}: there is no way back to rehearse", advice=advice)
    sets = found.scale_sets
    if any(one.capacity < now.live_capacity for one in sets) and not found.sick:
        raise Refused(
            f"{image}: {now.label(found)} runs {len(found.members)} of the {now.live_capacity}"
            " instances of production: a rollback scales it up first, and takes minutes",
            advice=(Advice("go back", rollback(image)), Advice("show the state", status())),
        )
    return found


def _away(now: Survey, back: Backend) -> Backend:
    """What staging is led to in between: something that runs and is well, or the empty pool."""
    well = (one for one in now.others if one.pool != back.pool and one.members and not one.sick)
    empty = now.load_balancer.pool(empty_pool(now.image.name, STAGING))
    found = next(well, None)
    if found is None and empty not in now.load_balancer.members:
        raise Refused(
            f"{now.image.name}: staging leads to {now.label(back)}, which is the way back, and"
            f" there is nothing else that it could be led from: no pool {empty.name}",
            advice=(Advice("stage another version", stage(now.image.name)),),
        )
    return found or now.backend(empty)


def _home(now: Survey) -> ResourceId:
    """Where the staging rules lead, or led before a rehearsal that has not ended."""
    balancer, written = now.load_balancer, _written_home(now)
    pool = balancer.pool(written) if written else now.staging_pool
    return pool if pool in balancer.members and pool != now.production_pool else now.staging_pool


def _written_home(now: Survey) -> str:
    tag = load_balancer_tag(now.image.name, SwapTag.REHEARSING)
    return now.load_balancer.tags.get(tag, "")


def _unfinished(now: Survey) -> tuple[str, ...]:
    home = _written_home(now)
    return (f"a rehearsal before this one did not end: staging goes to {home}",) if home else ()


def _record(now: Survey, back: Backend) -> tuple[RecordRehearsal, ...]:
    """On a scale set of ours; what another hand made is left as it is."""
    ours = [one for one in back.scale_sets if is_ours(one.tags, now.image.name)]
    return (RecordRehearsal(ours[0].resource),) if len(ours) == 1 else ()
