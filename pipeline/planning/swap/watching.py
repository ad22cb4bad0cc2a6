"""What proves a swap: every rule before and after it, and production watched all the while."""

from __future__ import annotations

from pipeline.definition.balancing import PRODUCTION, FrontendName
from pipeline.definition.promotion import Promotion
from pipeline.planning.swap.backend import Backend
from pipeline.planning.swap.steps import Wish
from pipeline.planning.swap.survey import Survey
from pipeline.planning.watch.steps import (
    AskProbes,
    CheckProduction,
    Soak,
    StartWatching,
    StopWatching,
    VerifyRules,
)
from pipeline.planning.watch.targets import Target, targets_of

RESPONSES = 10
"""Consecutive responses of a rule that names no version."""


def settings(now: Survey, wish: Wish) -> Promotion:
    """How the swap is watched: as the definition says, or as it was asked for."""
    return wish.promotion or now.image.promotion


def other_rules(now: Survey, frontend: FrontendName, patience: float) -> tuple[VerifyRules, ...]:
    """The proof of the declared rules of a frontend that do not lead to the health page."""
    names = set(now.rules(frontend)) - {now.health_rule(frontend)}
    targets = _targets(now, names)
    return (VerifyRules(targets, RESPONSES, patience),) if targets else ()


def ask_probes(now: Survey, wish: Wish, frontend: FrontendName) -> tuple[AskProbes, ...]:
    """What Azure finds behind the rules; a rollback, or what is forced, does not wait for that."""
    if wish.direction == "rollback" or wish.force:
        return ()
    how = settings(now, wish)
    return (AskProbes(now.load_balancer.resource, now.rules(frontend), how.patience),)


def start_watching(now: Survey, wish: Wish, version: str) -> tuple[StartWatching, ...]:
    """Every rule that is going to lead to the new pool, declared or not."""
    how = settings(now, wish)
    lost_budget = how.lost_budget if wish.direction == "promote" else None
    return watching(now, {*now.rules(PRODUCTION), *now.followers}, how, version, lost_budget)


def watching(
    now: Survey, rules: set[str], how: Promotion, version: str, lost_budget: int | None
) -> tuple[StartWatching, ...]:
    """Ask rules steadily, while they are led to a version; nothing where none can be asked."""
    targets = _targets(now, rules)
    named = version if now.names_version else ""
    if not targets:
        return ()
    return (StartWatching(targets, how.rate, named, lost_budget, how.timeout),)


def end_watching(
    now: Survey, wish: Wish, wanted: Backend
) -> tuple[CheckProduction | Soak | StopWatching, ...]:
    """A promotion soaks; a rollback only tells what became of the requests."""
    how = settings(now, wish)
    if wish.direction == "rollback":
        return (StopWatching(),)
    found = wanted.scale_set
    soak = Soak(found.resource if found else None, how.soak, how.lost_budget)
    return (*_check(now, how, wanted.version), soak)


def _check(now: Survey, how: Promotion, version: str) -> tuple[CheckProduction, ...]:
    """The checks that are made for it, of a version of ours; without a soak there are none."""
    image = now.image
    if not (image.has_soak_checks and how.soak and version):
        return ()
    url, limit = now.health_url(PRODUCTION), max(how.soak, how.patience)
    return (CheckProduction(image.name, version, image.checks_named, url, limit),)


def _targets(now: Survey, names: set[str]) -> tuple[Target, ...]:
    balancer, told = now.load_balancer, now.image.health.version
    return targets_of(balancer.body, balancer.addresses, names, told)
