"""Planning a promotion: production's rules to what is staged."""

from __future__ import annotations

from pipeline.advice import Advice, create_environment, promote, rollback, stage, unstage
from pipeline.errors import Refused
from pipeline.planning.plan import Plan
from pipeline.planning.swap.backend import Backend
from pipeline.planning.swap.exchange import exchange, refuse_unfit, unfinished
from pipeline.planning.swap.staging import refuse_ineligible
from pipeline.planning.swap.steps import SwapStep, Wish
from pipeline.planning.swap.survey import Survey


def plan_promotion(now: Survey, wish: Wish) -> Plan[SwapStep]:
    """Lead production's rules to the staged scale set.

    Nothing to do when that has been done: then only a way back is behind staging, or nothing.
    """
    image, staged = now.image.name, now.at_staging
    role = now.role(staged) if staged else ""
    if role == "previous" or (staged is None and not now.serving.is_empty):
        rest = f"a rollback leads to {now.label(staged)}" if staged else "nothing is staged"
        return Plan(
            f"promote {image}",
            unfinished(now),
            because=f"{now.label(now.serving)} serves, and {rest}",
            advice=(Advice("stage another", stage(image)), Advice("roll back", rollback(image))),
        )
    if staged is None:
        raise Refused(
            f"{image}: nothing is staged",
            advice=(Advice("stage the newest version", stage(image)),),
        )
    _refuse_missing_rules(now)
    _refuse_mixture(now, staged)
    if role == "rolled back" and not wish.again:
        raise Refused(
            f"{image} {staged.version} was rolled back",
            advice=(
                Advice("promote it all the same", promote(image, again=True)),
                Advice("stage another", stage(image)),
            ),
        )
    refuse_ineligible(now, staged.version)
    _refuse_another_of_its_number(now, staged)
    notes = (*_refuse_left_behind(now, wish), *refuse_unfit(now, staged, force=wish.force))
    return exchange(now, wish, staged.pool, staged.version, notes=notes)


def _refuse_missing_rules(now: Survey) -> None:
    if now.missing_rules:
        raise Refused(
            f"{now.load_balancer.resource}: no rule {now.missing_rules[0]}",
            advice=(Advice("create missing rules", create_environment()),),
        )


def _refuse_left_behind(now: Survey, wish: Wish) -> tuple[str, ...]:
    """Half a service would stay with what served; `--force` answers what does, in words."""
    if not now.left_behind:
        return ()
    found = ", ".join(f"{rule.name} (to {rule.pool.name})" for rule in now.left_behind if rule.pool)
    if wish.force:
        return (f"forced: {found} stay with {now.label(now.serving)}",)
    raise Refused(
        f"{now.load_balancer.resource}: {found} lead to the instances that serve by another pool,"
        " which a new scale set of bakeswap is not in; they would stay with"
        f" {now.label(now.serving)}",
        advice=(Advice("leave them there", promote(now.image.name, force=True)),),
    )


def _refuse_mixture(now: Survey, staged: Backend) -> None:
    if not staged.version:
        raise Refused(
            f"{now.image.name}: {staged.pool.name} holds more than one scale set of one version:"
            f" {', '.join(staged.owners)}; they would serve together"
        )


def _refuse_another_of_its_number(now: Survey, staged: Backend) -> None:
    image, found, baked = now.image.name, staged.scale_set, now.version(staged.version)
    if found and baked and not found.is_made_from(baked):
        raise Refused(
            f"{found.name} cannot be promoted: it was made from another {image} {baked.name},"
            " deleted since",
            advice=(
                Advice("remove it", unstage(image, baked.name)),
                Advice("then stage it anew", stage(image, baked.name)),
            ),
        )
