"""Fitting a wanted load balancer to the one that is there, whoever made it.

A rule that is added goes where its image's other rules of that frontend go: to the same frontend
and pool, for which pool serves is state; a twin shares its pair's probe. Frontends and probes that
no added rule needs are not wanted.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from typing import Any

from pipeline.planning.referring import referred

Rule = dict[str, Any]

_FRONTEND, _PROBE, _POOL = "frontendIPConfiguration", "probe", "backendAddressPool"
_NEEDED_BY_RULES = {"frontendIPConfigurations": _FRONTEND, "probes": _PROBE}
_LED = (_FRONTEND, _POOL, "backendAddressPools")


def fitted(wanted: Mapping[str, Any], existing: Mapping[str, Any]) -> dict[str, Any]:
    """The wanted body of a load balancer, with what is missing of it fitted to the existing one."""
    body = copy.deepcopy(dict(wanted))
    properties = body["properties"]
    there = _by_name(existing["properties"].get("loadBalancingRules") or ())
    rules = properties["loadBalancingRules"]
    missing = [rule for rule in rules if rule["name"].lower() not in there]
    following = [
        (
            rule,
            _first(_alike(rule, rules, _POOL), there),
            _first(_alike(rule, rules, _PROBE), there),
        )
        for rule in missing
    ]
    for rule, sibling, twin in following:
        _follow(rule, sibling, _LED)
        _follow(rule, twin, (_PROBE,))
    for kind, reference in _NEEDED_BY_RULES.items():
        needed = {referred(rule["properties"], reference).lower() for rule in missing}
        properties[kind] = [one for one in properties[kind] if one["name"].lower() in needed]
    return body


def _alike(rule: Rule, wanted: Iterable[Rule], reference: str) -> list[str]:
    """The names of the wanted rules with the same reference."""
    mine = referred(rule["properties"], reference).lower()
    return [
        other["name"].lower()
        for other in wanted
        if referred(other["properties"], reference).lower() == mine
    ]


def _first(names: Iterable[str], there: Mapping[str, Rule]) -> Rule | None:
    return next((there[name] for name in names if name in there), None)


def _follow(rule: Rule, other: Rule | None, references: tuple[str, ...]) -> None:
    if other is None:
        return
    for reference in references:
        found = other["properties"].get(reference)
        if found:
            rule["properties"][reference] = copy.deepcopy(found)
        else:
            rule["properties"].pop(reference, None)


def _by_name(rules: Iterable[Rule]) -> dict[str, Rule]:
    return {rule["name"].lower(): rule for rule in rules}
