"""Policies that deny: their definitions and assignments, and what they refuse."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pipeline.emulator.arm.errors import ArmError, not_served
from pipeline.emulator.arm.ids import key
from pipeline.emulator.arm.kept import Documents
from pipeline.emulator.arm.policy_rules import Parameters, applies, check_condition, effect_of
from pipeline.emulator.arm.store import Store
from pipeline.emulator.serialization import dumps

DEFINITIONS = "policyDefinitions"
ASSIGNMENTS = "policyAssignments"
_PROVIDER = "/providers/Microsoft.Authorization"
_KEPT_ONLY = frozenset({"audit", "auditifnotexists", "disabled"})
"""Effects that refuse nothing."""
_MISSING = {
    DEFINITIONS: ("PolicyDefinitionNotFound", "policy definition"),
    ASSIGNMENTS: ("PolicyAssignmentNotFound", "policy assignment"),
}
"""Azure's codes, and what its sentences call them."""


@dataclass(frozen=True, slots=True)
class Denial:
    """A policy that denies a resource: the documents of its assignment and its definition."""

    assignment: Mapping[str, Any]
    definition: Mapping[str, Any]

    @property
    def identifiers(self) -> dict[str, Any]:
        """As Azure's refusal names it."""
        return {
            "policyAssignment": {"name": _title(self.assignment), "id": self.assignment["id"]},
            "policyDefinition": {"name": _title(self.definition), "id": self.definition["id"]},
        }


class Policies:
    """All policies of the subscription."""

    def __init__(self, store: Store) -> None:
        self._kept = {kind: Documents(store, kind) for kind in _MISSING}

    def put(self, kind: str, scope: str, name: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Keep one; ArmError for what Azure refuses, or what is not understood here."""
        properties = dict(body.get("properties") or {})
        if kind == DEFINITIONS:
            _check_definition(properties)
        else:
            self._check_assignment(name, properties)
            properties["scope"] = scope
        properties.setdefault("displayName", name)
        document = {
            "id": f"{scope}{_PROVIDER}/{kind}/{name}",
            "name": name,
            "type": f"Microsoft.Authorization/{kind}",
            "properties": properties,
        }
        self._kept[kind].put(document)
        return document

    def get(self, kind: str, scope: str, name: str) -> dict[str, Any]:
        """One; raises ArmError without it."""
        found = self._kept[kind].find(f"{scope}{_PROVIDER}/{kind}/{name}")
        if found is None:
            raise _not_found(kind, name)
        return found

    def delete(self, kind: str, scope: str, name: str) -> dict[str, Any] | None:
        """Take one away; what it was, None where there was none."""
        return self._kept[kind].delete(f"{scope}{_PROVIDER}/{kind}/{name}")

    def of(self, kind: str, scope: str) -> list[dict[str, Any]]:
        """Definitions of a scope; assignments that reach it."""
        if kind == ASSIGNMENTS:
            return list(self._reaching(scope))
        own = key(f"{scope}{_PROVIDER}/{kind}/")
        return [one for one in self._kept[kind].all if key(str(one["id"])).startswith(own)]

    def denials(self, scope: str, resource: Mapping[str, Any]) -> list[Denial]:
        """The policies that would deny a resource as it is, in a scope.

        An assignment whose definition is gone denies nothing.
        """
        found = []
        for assignment in self._reaching(scope):
            definition = self._definition_of(assignment["properties"])
            if definition is None:
                continue
            parameters = _parameters(definition, assignment)
            rule = definition["properties"]["policyRule"]
            denies = effect_of(rule["then"], parameters) == "deny" and _is_seen(
                definition, resource
            )
            if denies and applies(rule["if"], resource, parameters):
                found.append(Denial(assignment, definition))
        return found

    def check(self, scope: str, resource: Mapping[str, Any]) -> None:
        """Raises ArmError `RequestDisallowedByPolicy`, in the words of Microsoft's page of it."""
        denials = self.denials(scope, resource)
        if not denials:
            return
        name = str(resource.get("name") or "")
        named = dumps([denial.identifiers for denial in denials])
        raise ArmError(
            403,
            "RequestDisallowedByPolicy",
            f"Resource '{name}' was disallowed by policy. Policy identifiers: '{named}'.",
            target=name,
        )

    def _reaching(self, scope: str) -> Iterator[dict[str, Any]]:
        for assignment in self._kept[ASSIGNMENTS].all:
            own = key(str(assignment["properties"]["scope"]))
            if key(scope) == own or key(scope).startswith(f"{own}/"):
                yield assignment

    def _check_assignment(self, name: str, properties: Mapping[str, Any]) -> None:
        definition = self._definition_of(properties)
        if definition is None:
            identifier = str(properties.get("policyDefinitionId") or "")
            raise _not_found(DEFINITIONS, identifier.rpartition("/")[2])
        _check_parameters(name, definition, properties)

    def _definition_of(self, assigned: Mapping[str, Any]) -> dict[str, Any] | None:
        return self._kept[DEFINITIONS].find(str(assigned.get("policyDefinitionId") or ""))


def _check_definition(properties: Mapping[str, Any]) -> None:
    rule = properties.get("policyRule")
    if not isinstance(rule, Mapping) or "if" not in rule or "then" not in rule:
        raise ArmError(
            400,
            "InvalidPolicyRule",
            "Failed to parse policy rule: the rule must have the members 'if' and 'then'.",
        )
    check_condition(rule["if"])
    effect = effect_of(rule["then"], _parameters({"properties": properties}, {}))
    if effect != "deny" and effect not in _KEPT_ONLY:
        raise not_served(f"policies with the effect '{effect}'")


def _check_parameters(
    name: str, definition: Mapping[str, Any], properties: Mapping[str, Any]
) -> None:
    """The sentence is Azure's as users report it."""
    given = _parameters(definition, {"properties": properties})
    declared = definition["properties"].get("parameters") or {}
    if missing := sorted(declared.keys() - given.keys()):
        raise ArmError(
            400,
            "MissingPolicyParameter",
            f"The policy assignment '{name}' is missing the parameter(s) '{', '.join(missing)}' as"
            f" defined in the policy definition '{definition['name']}'.",
        )


def _parameters(definition: Mapping[str, Any], assignment: Mapping[str, Any]) -> Parameters:
    declared = definition["properties"].get("parameters") or {}
    given = (assignment.get("properties") or {}).get("parameters") or {}
    defaults = {
        name: value["defaultValue"] for name, value in declared.items() if "defaultValue" in value
    }
    values = {name: value["value"] for name, value in given.items()}
    return {**defaults, **values}


def _is_seen(definition: Mapping[str, Any], resource: Mapping[str, Any]) -> bool:
    """The mode `Indexed` sees only what has a location and tags (Azure Policy, modes)."""
    mode = str(definition["properties"].get("mode") or "All").lower()
    return mode != "indexed" or "location" in resource


def _title(document: Mapping[str, Any]) -> str:
    return str(document["properties"]["displayName"])


def _not_found(kind: str, name: str) -> ArmError:
    code, words = _MISSING[kind]
    return ArmError(404, code, f"The {words} '{name}' could not be found.")
