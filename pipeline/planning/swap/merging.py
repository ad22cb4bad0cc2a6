"""Merging one resource's properties over another's, as JSON has them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """All of both; where both say something, what is above counts.

    Objects are merged member by member, in whatever case they are spelled: Azure knows none. Lists
    of things with a `name` are merged by it, likewise: what has none below is added behind. Any
    other list replaces the one below.
    """
    result = dict(below)
    spelled = {key.lower(): key for key in below}
    for name, value in above.items():
        key = spelled.get(name.lower(), name)
        result[key] = _value(result.get(key), value)
    return result


def _value(below: Any, above: Any) -> Any:
    if isinstance(below, Mapping) and isinstance(above, Mapping):
        return merged(below, above)
    if _are_named(below) and _are_named(above):
        return _by_name(below, above)
    return above


def _are_named(value: Any) -> bool:
    """Whether it is a list of things that each have a name."""
    return (
        isinstance(value, list)
        and bool(value)
        and all(isinstance(one, Mapping) and isinstance(one.get("name"), str) for one in value)
    )


def _by_name(below: list[Any], above: list[Any]) -> list[Any]:
    found = {one["name"].lower(): one for one in below}
    for one in above:
        key = one["name"].lower()
        found[key] = merged(found[key], one) if key in found else one
    return list(found.values())
