"""Tags by themselves and roles, as az asks for them; both on any scope."""

from __future__ import annotations

import pytest

from tests.conftest import Emulator

ROLES = "/providers/Microsoft.Authorization"
READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
SOMEBODY = "99999999-9999-4999-8999-999999999999"


@pytest.fixture
def group(emulator: Emulator) -> str:
    """A resource group's id, with a security group in it."""
    path = f"/subscriptions/{emulator.subscription}/resourceGroups/rg-tags"
    assert emulator.call("PUT", path, {"location": "westeurope"}).status in {200, 201}
    emulator.call("PUT", nsg(path), {"location": "westeurope", "tags": {"Owner": "sre"}})
    return path


def nsg(group: str) -> str:
    """The id of the security group."""
    return f"{group}/providers/Microsoft.Network/networkSecurityGroups/nsg"


def tags_of(scope: str) -> str:
    """Where the tags of a scope are."""
    return f"{scope}/providers/Microsoft.Resources/tags/default"


def changed(emulator: Emulator, scope: str, operation: str, **tags: str) -> dict[str, str]:
    """The tags after a PATCH."""
    body = {"operation": operation, "properties": {"tags": tags}}
    reply = emulator.call("PATCH", tags_of(scope), body)
    found: dict[str, str] = reply.body["properties"]["tags"]
    return found


def test_tags_change_and_nothing_else_of_the_resource_does(emulator: Emulator, group: str) -> None:
    before = emulator.call("GET", nsg(group)).body
    assert changed(emulator, nsg(group), "Merge", owner="ops", a="1") == {"owner": "ops", "a": "1"}
    assert changed(emulator, nsg(group), "Delete", A="") == {"owner": "ops"}
    after = emulator.call("GET", nsg(group)).body
    assert after["tags"] == {"owner": "ops"}
    assert after["etag"] != before["etag"]
    assert changed(emulator, nsg(group), "Replace", b="2") == {"b": "2"}
    assert emulator.call("DELETE", tags_of(nsg(group))).status == 200
    assert emulator.call("GET", tags_of(nsg(group))).body["properties"]["tags"] == {}


@pytest.mark.parametrize("below", ["", "/resourceGroups/rg-tags"])
def test_groups_and_the_subscription_have_tags_too(
    emulator: Emulator, group: str, below: str
) -> None:
    scope = f"/subscriptions/{emulator.subscription}{below}"
    reply = emulator.call("PUT", tags_of(scope), {"properties": {"tags": {"a": "1"}}})
    assert (reply.status, reply.body["properties"]["tags"]) == (200, {"a": "1"})
    assert emulator.call("GET", tags_of(scope)).body == reply.body


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"operation": "Add", "properties": {"tags": {}}}, 400, "InvalidParameter"),
        ({"operation": "Merge"}, 400, "InvalidParameter"),
        (
            {
                "operation": "Merge",
                "properties": {"tags": {str(number): "" for number in range(51)}},
            },
            400,
            "TooManyTags",
        ),
    ],
)
def test_a_change_of_tags_is_refused(
    emulator: Emulator, group: str, body: object, status: int, code: str
) -> None:
    reply = emulator.call("PATCH", tags_of(group), body)
    assert (reply.status, reply.code) == (status, code)


def test_tags_of_what_is_not_there_are_404_and_locked_ones_409(
    emulator: Emulator, group: str
) -> None:
    assert emulator.call("GET", tags_of(f"{nsg(group)}-none")).code == "ResourceNotFound"
    lock = f"{group}{ROLES}/locks/stay"
    emulator.call("PUT", lock, {"properties": {"level": "ReadOnly"}})
    reply = emulator.call("PUT", tags_of(group), {"properties": {"tags": {}}})
    assert (reply.status, reply.code) == (409, "ScopeLocked")
    emulator.call("DELETE", lock)


def assignment(emulator: Emulator, scope: str, name: str, **changes: str) -> tuple[str, object]:
    """The path and the body of a role assignment."""
    role = f"/subscriptions/{emulator.subscription}{ROLES}/roleDefinitions/{READER}"
    properties = {"roleDefinitionId": role, "principalId": SOMEBODY, **changes}
    return f"{scope}{ROLES}/roleAssignments/{name}", {"properties": properties}


def listed(emulator: Emulator, scope: str, asked: str = "") -> list[str]:
    """The names of the assignments that a list at a scope shows."""
    query = f"?$filter={asked}&api-version=2022-04-01" if asked else ""
    reply = emulator.call("GET", f"{scope}{ROLES}/roleAssignments{query}")
    return [each["name"] for each in reply.body["value"]]


def test_assignments_are_listed_at_above_and_below_their_scope(
    emulator: Emulator, group: str
) -> None:
    path, body = assignment(emulator, group, "one")
    made = emulator.call("PUT", path, body)
    assert (made.status, made.body["properties"]["scope"]) == (201, group)
    subscription = f"/subscriptions/{emulator.subscription}"
    assert listed(emulator, group) == listed(emulator, nsg(group)) == ["one"]
    assert listed(emulator, subscription) == ["one"]
    assert listed(emulator, subscription, "atScope()") == []
    assert listed(emulator, group, f"principalId%20eq%20'{SOMEBODY}'") == ["one"]
    assert listed(emulator, group, "principalId%20eq%20'nobody'") == []
    again, _ = assignment(emulator, group, "two")
    assert emulator.call("PUT", again, body).code == "RoleAssignmentExists"
    _, other = assignment(emulator, group, "one", principalId="other")
    assert emulator.call("PUT", path, other).code == "RoleAssignmentUpdateNotPermitted"
    assert emulator.call("DELETE", path).status == 200
    assert emulator.call("DELETE", path).status == 204
    assert emulator.call("GET", path).code == "RoleAssignmentNotFound"


def test_roles_are_found_by_name_and_custom_ones_are_kept(emulator: Emulator) -> None:
    roles = f"/subscriptions/{emulator.subscription}{ROLES}/roleDefinitions"
    named = "?$filter=roleName%20eq%20'Reader'&api-version=2022-04-01"
    assert [each["name"] for each in emulator.call("GET", roles + named).body["value"]] == [READER]
    assert emulator.call("GET", f"{roles}/{READER}").body["properties"]["roleName"] == "Reader"
    own = {"roleName": "swap", "assignableScopes": [f"/subscriptions/{emulator.subscription}"]}
    assert emulator.call("PUT", f"{roles}/own", {"properties": own}).status == 201
    assert emulator.call("GET", f"{roles}/own").body["properties"]["type"] == "CustomRole"
    assert emulator.call("DELETE", f"{roles}/own").status == 200
    assert emulator.call("GET", f"{roles}/own").code == "RoleDefinitionNotFound"
    assert emulator.call("PUT", f"{roles}/own", {"properties": {}}).status == 400
