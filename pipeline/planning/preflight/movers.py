"""What would change a serving scale set without anybody's command: upgrades, autoscale.

Autoscale acts every 30 to 60 s, within its limits also on a set that serves nobody, and a setting
has one target for life (Azure Monitor: autoscale-understanding-settings).
"""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.planning.preflight.facts import Autoscale, Facts, ScaleSetFacts
from pipeline.planning.preflight.finding import Finding, az, known, ok, warning


def mover_findings(facts: Facts) -> Iterator[Finding]:
    """Of the scale sets that serve."""
    yield from known("upgrades", facts.scale_sets, _upgrades)
    yield from known("autoscale", facts.autoscale, lambda found: _scaled(facts, found))


def _serving(facts: Facts) -> tuple[ScaleSetFacts, ...]:
    sets = facts.scale_sets
    return tuple(one for one in sets if one.is_serving) if isinstance(sets, tuple) else ()


def _upgrades(scale_sets: tuple[ScaleSetFacts, ...]) -> Iterator[Finding]:
    moving = [one for one in scale_sets if one.is_serving and one.upgrades_itself]
    for one in moving:
        if one.is_pinned:
            yield ok("upgrades", f"{one.resource.name} upgrades by itself, to its own version only")
        else:
            yield _upgraded(one)
    if not moving:
        yield ok("upgrades", "no serving scale set upgrades by itself")


def _upgraded(one: ScaleSetFacts) -> Finding:
    where = f"--resource-group {one.resource.resource_group} --name {one.resource.name}"
    option = "upgradePolicy.automaticOSUpgradePolicy.enableAutomaticOSUpgrade=false"
    return warning(
        "upgrades",
        f"{one.resource.name} serves and has automatic OS upgrades: Azure reimages it to the newest"
        " version that passed its check, without a promotion",
        "turn them off",
        az("turn them off", f"vmss update {where} --set {option}"),
    )


def _scaled(facts: Facts, settings: tuple[Autoscale, ...]) -> Iterator[Finding]:
    serving = {str(one.resource).lower(): one for one in _serving(facts)}
    moving = [one for one in settings if one.is_enabled and one.target.lower() in serving]
    for setting in moving:
        yield _moved(setting, serving[setting.target.lower()])
    if not moving:
        yield ok("autoscale", "no setting scales a serving scale set")


def _moved(setting: Autoscale, one: ScaleSetFacts) -> Finding:
    return ok(
        "autoscale",
        f"{setting.name} scales {one.resource.name} between {setting.minimum} and"
        f" {setting.maximum}, now {one.capacity}; it follows a promotion",
    )
