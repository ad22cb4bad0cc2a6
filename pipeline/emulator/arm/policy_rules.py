"""The language of policy rules, as far as it asks for what every resource has.

Fields: `type`, `name`, `id`, `kind`, `location`, `tags` and single tags. Aliases of properties are
refused by name. Comparisons are without case (Azure Policy definition structure, conditions).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase
from typing import Any, TypeAlias

from pipeline.emulator.arm.errors import ArmError, not_served

Parameters: TypeAlias = Mapping[str, Any]

_PLAIN = frozenset({"type", "name", "id", "kind", "location", "tags"})
_TAG = re.compile(r"tags(?:\.(?P<plain>[^\[\]']+)|\[(?P<quote>'?)(?P<bracket>[^\]']+)(?P=quote)\])")
_PARAMETER = re.compile(r"\[parameters\('(?P<name>[^']+)'\)\]")
_WHOLE_TAG = re.compile(r"\[concat\('tags\['\s*,\s*parameters\('(?P<name>[^']+)'\)\s*,\s*'\]'\)\]")
_LOGIC = frozenset({"allof", "anyof", "not"})


def _lower(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


def _same(found: Any, wanted: Any) -> bool:
    return bool(_lower(found) == _lower(wanted))


def _like(found: Any, wanted: Any) -> bool:
    return fnmatchcase(str(_lower(found)), str(_lower(wanted)).replace("[", "[[]"))


def _among(found: Any, wanted: Any) -> bool:
    return any(_same(found, one) for one in wanted)


def _contains(found: Any, wanted: Any) -> bool:
    return str(_lower(wanted)) in str(_lower(found))


def _exists(found: Any, wanted: Any) -> bool:
    return (found is not None) == _same(str(wanted), "true")


_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "equals": _same,
    "like": _like,
    "in": _among,
    "contains": _contains,
    "exists": _exists,
}
_OPPOSITES = {"notequals": "equals", "notlike": "like", "notin": "in", "notcontains": "contains"}


def check_condition(condition: Any) -> None:
    """Raises ArmError for a condition that is none, or asks for what is not understood."""
    for name, value in _members(condition):
        if name in {"allof", "anyof"}:
            for one in value:
                check_condition(one)
        elif name == "not":
            check_condition(value)
        elif name == "field":
            _check_field(str(value))
        elif name not in _COMPARISONS and name not in _OPPOSITES:
            raise not_served(f"policy conditions with '{name}'")


def applies(condition: Mapping[str, Any], resource: Mapping[str, Any], given: Parameters) -> bool:
    """Whether a condition holds for a resource."""
    members = dict(_members(condition))
    if "allof" in members:
        return all(applies(one, resource, given) for one in members["allof"])
    if "anyof" in members:
        return any(applies(one, resource, given) for one in members["anyof"])
    if "not" in members:
        return not applies(members["not"], resource, given)
    found = _value(str(members.pop("field")), resource, given)
    ((comparison, wanted),) = members.items()
    opposite = _OPPOSITES.get(comparison)
    holds = _COMPARISONS[opposite or comparison](found, _resolved(wanted, given))
    return holds is (opposite is None)


def effect_of(then: Mapping[str, Any], given: Parameters) -> str:
    """`deny`, `audit`, …, in lower case."""
    return str(_resolved(then.get("effect"), given)).lower()


def _members(condition: Any) -> list[tuple[str, Any]]:
    """By name in lower case; ArmError for what has neither one logical operator nor a field."""
    if isinstance(condition, Mapping):
        members = {str(name).lower(): value for name, value in condition.items()}
        sizes = {1: members.keys() <= _LOGIC, 2: "field" in members}
        if sizes.get(len(members)):
            return list(members.items())
        if "value" in members or "count" in members:
            raise not_served("policy conditions with 'value' or 'count'")
    raise ArmError(
        400,
        "InvalidPolicyRule",
        "Failed to parse policy rule: a condition needs 'field' and one comparison, or one of"
        " 'allOf', 'anyOf' and 'not'.",
    )


def _check_field(field: str) -> None:
    known = field.lower() in _PLAIN or _TAG.fullmatch(field) or _WHOLE_TAG.fullmatch(field)
    if not known:
        raise not_served(f"policy conditions on the field '{field}'")


def _value(field: str, resource: Mapping[str, Any], given: Parameters) -> Any:
    if whole := _WHOLE_TAG.fullmatch(field):
        return _tag(str(given[whole["name"]]), resource)
    if tag := _TAG.fullmatch(field):
        return _tag(tag["plain"] or tag["bracket"], resource)
    return resource.get(field.lower())


def _tag(name: str, resource: Mapping[str, Any]) -> Any:
    tags = {str(key).lower(): value for key, value in (resource.get("tags") or {}).items()}
    return tags.get(name.lower())


def _resolved(value: Any, given: Parameters) -> Any:
    named = _PARAMETER.fullmatch(value) if isinstance(value, str) else None
    return given[named["name"]] if named else value
