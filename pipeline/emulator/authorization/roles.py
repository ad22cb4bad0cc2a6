"""Role definitions and assignments: kept and listed; nothing is allowed or refused by them.

Shapes: azure-mgmt-authorization 2022-04-01. The identifiers of built-in roles are Azure's own
("Azure built-in roles" of its documentation).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from pipeline.emulator.arm.answers import Answer
from pipeline.emulator.arm.errors import ArmError, invalid_parameter
from pipeline.emulator.arm.ids import key, same
from pipeline.emulator.arm.kept import Documents
from pipeline.emulator.arm.operations import now
from pipeline.emulator.arm.providers import Call, Route
from pipeline.emulator.arm.store import Store

_DEFINITIONS = "{scope}/providers/Microsoft.Authorization/roleDefinitions"
_ASSIGNMENTS = "{scope}/providers/Microsoft.Authorization/roleAssignments"
_BUILT_IN = {
    "Owner": "8e3af657-a8ff-443c-a75c-2fe8c4bcb635",
    "Contributor": "b24988ac-6180-42a0-ab88-20f7382dd24c",
    "Reader": "acdd72a7-3385-48ef-bd42-f606fba81ae7",
    "User Access Administrator": "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9",
    "Network Contributor": "4d97b98b-1d4f-4787-a291-c67834d212e7",
    "Virtual Machine Contributor": "9980e02c-c2be-4d73-94e8-173b1dc7cf3c",
    "Tag Contributor": "4a9ae827-6dc8-4573-8ac7-8239d42aa03f",
    "Private DNS Zone Contributor": "b12aa53e-6015-4669-85d0-8515ebb3ae7f",
}
_EQUALS = re.compile(r"(roleName|type|principalId)\s+eq\s+'([^']*)'", re.IGNORECASE)


class Roles:
    """All of one subscription."""

    def __init__(self, store: Store) -> None:
        self._definitions = _Kept(store, "roleDefinitions")
        self._assignments = _Kept(store, "roleAssignments")

    @property
    def routes(self) -> tuple[Route, ...]:
        """Both types, on any scope."""
        return (
            Route("GET", _DEFINITIONS, self._list_definitions),
            Route("GET", f"{_DEFINITIONS}/{{name}}", self._get_definition),
            Route("PUT", f"{_DEFINITIONS}/{{name}}", self._put_definition),
            Route("DELETE", f"{_DEFINITIONS}/{{name}}", self._definitions.delete),
            Route("GET", _ASSIGNMENTS, self._list_assignments),
            Route("GET", f"{_ASSIGNMENTS}/{{name}}", self._assignments.get),
            Route("PUT", f"{_ASSIGNMENTS}/{{name}}", self._put_assignment),
            Route("DELETE", f"{_ASSIGNMENTS}/{{name}}", self._assignments.delete),
        )

    async def _list_definitions(self, call: Call) -> Answer:
        wanted = _conditions(call)
        listed = [one for one in self._all_definitions(call) if _fits(one["properties"], wanted)]
        return Answer(200, {"value": listed})

    async def _get_definition(self, call: Call) -> Answer:
        for definition in self._all_definitions(call):
            if same(definition["name"], call.parameters["name"]):
                return Answer(200, definition)
        return await self._definitions.get(call)

    async def _put_definition(self, call: Call) -> Answer:
        given = _properties(call)
        if not given.get("roleName") or not given.get("assignableScopes"):
            raise invalid_parameter("properties", "A role has a name and assignable scopes.")
        custom = {"type": "CustomRole", "permissions": [], "description": "", **given}
        return self._definitions.put(call, custom)

    def _all_definitions(self, call: Call) -> Iterator[dict[str, Any]]:
        scope = call.parameters["scope"]
        for role, name in _BUILT_IN.items():
            yield _built_in(scope, role, name)
        yield from self._definitions.documents.all

    async def _list_assignments(self, call: Call) -> Answer:
        scope, asked = call.parameters["scope"], call.query.get("$filter", "")
        wanted = _conditions(call)
        listed = [
            one
            for one in self._assignments.documents.all
            if _is_seen(one["properties"]["scope"], scope, only_above="atscope" in asked.lower())
            and _fits(one["properties"], wanted)
        ]
        return Answer(200, {"value": listed})

    async def _put_assignment(self, call: Call) -> Answer:
        given, scope = _properties(call), call.parameters["scope"]
        if not given.get("roleDefinitionId") or not given.get("principalId"):
            raise invalid_parameter("properties", "A role and a principal must be given.")
        own = {"principalType": "ServicePrincipal", **given, "scope": scope}
        for other in self._assignments.documents.all:
            _refuse_second(call, own, other)
        return self._assignments.put(call, own)


class _Kept:
    """One of the two types."""

    def __init__(self, store: Store, kind: str) -> None:
        self._kind = kind
        self.documents = Documents(store, kind)

    def put(self, call: Call, properties: Mapping[str, Any]) -> Answer:
        """Write one; 201 as Azure answers."""
        document = {
            "id": call.path,
            "name": call.parameters["name"],
            "type": f"Microsoft.Authorization/{self._kind}",
            "properties": {"createdOn": now(), **properties, "updatedOn": now()},
        }
        self.documents.put(document)
        return Answer(201, document)

    async def get(self, call: Call) -> Answer:
        """One of them; raises ArmError without it."""
        found = self.documents.find(call.path)
        if found is None:
            kind = f"Role{self._kind.removeprefix('role').removesuffix('s')}"
            name = call.parameters["name"]
            raise ArmError(
                404, f"{kind}NotFound", f"The {kind} with ID '{name}' could not be found."
            )
        return Answer(200, found)

    async def delete(self, call: Call) -> Answer:
        """Take one away: 200 with what it was, 204 when it was not there."""
        found = self.documents.delete(call.path)
        return Answer(200, found) if found else Answer(204)


def _refuse_second(call: Call, own: Mapping[str, Any], other: Mapping[str, Any]) -> None:
    """Refuse a second assignment of a role, or another one of the same name.

    Sentences: Azure's "Troubleshoot Azure RBAC" of its documentation.
    """
    fixed = ("roleDefinitionId", "principalId", "scope")
    is_equal = all(same(str(own[name]), str(other["properties"][name])) for name in fixed)
    is_same_name = same(call.path, other["id"])
    if is_equal and not is_same_name:
        raise ArmError(409, "RoleAssignmentExists", "The role assignment already exists.")
    if is_same_name and not is_equal:
        raise ArmError(
            400,
            "RoleAssignmentUpdateNotPermitted",
            "Tenant ID, application ID, principal ID, and scope are not allowed to be updated.",
        )


def _properties(call: Call) -> dict[str, Any]:
    given = call.body.get("properties")
    if not isinstance(given, dict):
        raise invalid_parameter("properties", "Properties must be given.")
    return {name: value for name, value in given.items() if value is not None}


def _built_in(scope: str, role: str, name: str) -> dict[str, Any]:
    subscription = "/".join(scope.split("/")[:3])
    return {
        "id": f"{subscription}/providers/Microsoft.Authorization/roleDefinitions/{name}",
        "name": name,
        "type": "Microsoft.Authorization/roleDefinitions",
        "properties": {
            "roleName": role,
            "type": "BuiltInRole",
            "description": role,
            "assignableScopes": ["/"],
            "permissions": [],
        },
    }


def _conditions(call: Call) -> dict[str, str]:
    asked = call.query.get("$filter", "")
    return {name.lower(): value.lower() for name, value in _EQUALS.findall(asked)}


def _fits(properties: Mapping[str, Any], wanted: Mapping[str, str]) -> bool:
    lowered = {name.lower(): str(value).lower() for name, value in properties.items()}
    return all(lowered.get(name) == value for name, value in wanted.items())


def _is_seen(own: str, scope: str, *, only_above: bool) -> bool:
    """An assignment is listed at its scope and below it, without `atScope()` also above it."""
    inner, outer = f"{key(scope)}/", f"{key(own)}/"
    return inner.startswith(outer) or (not only_above and outer.startswith(inner))
