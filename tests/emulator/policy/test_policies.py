"""Policies that deny: through the real SDK where it writes, by Azure's code and sentence."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError
from azure.mgmt.network import NetworkManagementClient
from azure.mgmt.resource.resources import ResourceManagementClient

from tests.conftest import Emulator, Reply

OWNER = {"field": "tags['owner']", "exists": "false"}
SECURITY_GROUP = {"field": "type", "equals": "microsoft.network/networksecuritygroups"}


@dataclass(frozen=True, slots=True)
class Governed:
    """A resource group, and what may be assigned to it."""

    emulator: Emulator
    network: NetworkManagementClient
    group: str

    @property
    def scope(self) -> str:
        """The group's id."""
        return f"/subscriptions/{self.emulator.subscription}/resourceGroups/{self.group}"

    def definition(self, name: str = "owners") -> str:
        """The id of a definition of the subscription."""
        above = self.scope.partition("/resourceGroups")[0]
        return f"{above}/providers/Microsoft.Authorization/policyDefinitions/{name}"

    @property
    def assignment(self) -> str:
        """The id of an assignment to the group."""
        return f"{self.scope}/providers/Microsoft.Authorization/policyAssignments/owners"

    def define(self, condition: Any, effect: str = "deny", **more: Any) -> Reply:
        """PUT of a definition."""
        rule = {"if": condition, "then": {"effect": effect}}
        body = {"properties": {"policyRule": rule, **more}}
        return self.emulator.call("PUT", self.definition(), body)

    def assign(self, **parameters: Any) -> Reply:
        """PUT of its assignment."""
        given = {name: {"value": value} for name, value in parameters.items()}
        properties = {"policyDefinitionId": self.definition(), "parameters": given}
        return self.emulator.call("PUT", self.assignment, {"properties": properties})

    def govern(self, condition: Any, **more: Any) -> None:
        """A policy with this condition, in force."""
        assert self.define(condition, **more).status == 201
        assert self.assign().status == 201

    def write(self, name: str = "guard", **more: Any) -> None:
        """A network security group, through the SDK."""
        body: Any = {"location": "westeurope", **more}
        self.network.network_security_groups.begin_create_or_update(self.group, name, body).result()

    def asked(self, content: dict[str, Any]) -> list[dict[str, Any]]:
        """What `checkPolicyRestrictions` evaluates."""
        path = f"{self.scope}/providers/Microsoft.PolicyInsights/checkPolicyRestrictions"
        body = {"resourceDetails": {"resourceContent": content}}
        answer = self.emulator.call("POST", path, body)
        assert answer.status == 200
        found: list[dict[str, Any]] = answer.body["contentEvaluationResult"].get(
            "policyEvaluations", []
        )
        return found


@pytest.fixture
def governed(
    emulator: Emulator, network: NetworkManagementClient, resources: ResourceManagementClient
) -> Iterator[Governed]:
    """A resource group; no policy is left."""
    made = Governed(emulator, network, f"rg-policies-{os.getpid()}")
    assert emulator.call("PUT", made.scope, {"location": "westeurope"}).status == 201
    yield made
    emulator.call("DELETE", made.assignment)
    emulator.call("DELETE", made.definition())
    resources.resource_groups.begin_delete(made.group).result()


def test_a_write_is_disallowed_by_name(governed: Governed) -> None:
    governed.govern({"allOf": [SECURITY_GROUP, OWNER]}, displayName="An owner is named")
    with pytest.raises(HttpResponseError) as refusal:
        governed.write()
    error = refusal.value.error
    assert refusal.value.status_code == 403
    assert error is not None
    assert (error.code, error.target) == ("RequestDisallowedByPolicy", "guard")
    words, _, identifiers = str(error.message).partition(" Policy identifiers: ")
    assert words == "Resource 'guard' was disallowed by policy."
    (named,) = json.loads(identifiers.removesuffix(".").strip("'"))
    assert named["policyAssignment"]["id"] == governed.assignment
    assert named["policyDefinition"] == {
        "name": "An owner is named",
        "id": governed.definition(),
    }
    governed.write(tags={"Owner": "web"})


def test_the_question_writes_nothing_and_names_the_assignment(governed: Governed) -> None:
    governed.govern(OWNER)
    content = {"type": "Microsoft.Network/networkSecurityGroups", "name": "guard"}
    (told,) = governed.asked(content)
    assert told["evaluationResult"] == "NonCompliant"
    assert told["policyInfo"]["policyAssignmentId"] == governed.assignment
    assert governed.asked({**content, "tags": {"owner": "web"}}) == []
    assert not list(governed.network.network_security_groups.list(governed.group))


@pytest.mark.parametrize(
    ("condition", "name", "denied"),
    [
        ({"field": "name", "like": "web-*"}, "WEB-1", True),
        ({"field": "name", "like": "web-*"}, "db-1", False),
        ({"field": "name", "notLike": "web-*"}, "db-1", True),
        ({"field": "name", "in": ["a", "b"]}, "B", True),
        ({"field": "name", "notIn": ["a", "b"]}, "b", False),
        ({"field": "name", "contains": "prod"}, "my-prod-1", True),
        ({"field": "name", "notContains": "prod"}, "my-prod-1", False),
        ({"field": "name", "notEquals": "one"}, "two", True),
        ({"not": {"field": "name", "equals": "one"}}, "two", True),
        ({"anyOf": [{"field": "name", "equals": "one"}, SECURITY_GROUP]}, "two", True),
        ({"field": "tags.owner", "equals": "web"}, "two", False),
        ({"field": "tags[owner]", "exists": True}, "two", False),
        ({"field": "kind", "exists": "false"}, "two", True),
    ],
)
def test_conditions_mean_what_azure_says(
    governed: Governed, condition: dict[str, Any], name: str, denied: bool
) -> None:
    governed.govern(condition)
    content = {"type": "Microsoft.Network/networkSecurityGroups", "name": name}
    assert bool(governed.asked(content)) is denied


def test_parameters_come_from_the_assignment_or_have_a_default(governed: Governed) -> None:
    declared = {
        "tagName": {"type": "String"},
        "effect": {"type": "String", "defaultValue": "deny"},
    }
    tag = "[concat('tags[', parameters('tagName'), ']')]"
    condition = {"field": tag, "exists": "false"}
    assert governed.define(condition, "[parameters('effect')]", parameters=declared).status == 201
    assert governed.assign().code == "MissingPolicyParameter"
    assert governed.assign(tagName="team").status == 201
    assert governed.asked({"name": "x"})
    assert governed.asked({"name": "x", "tags": {"team": "web"}}) == []
    assert governed.assign(tagName="team", effect="audit").status == 201
    assert governed.asked({"name": "x"}) == []


def test_a_policy_reaches_only_its_scope_and_what_it_sees(governed: Governed) -> None:
    governed.govern(OWNER, mode="Indexed")
    governed.write(tags={"owner": "web"})
    properties = {
        "protocol": "Tcp",
        "direction": "Inbound",
        "access": "Allow",
        "priority": 100,
        "sourceAddressPrefix": "*",
        "sourcePortRange": "*",
        "destinationAddressPrefix": "*",
        "destinationPortRange": "80",
    }
    rule: Any = {"properties": properties}
    rules = governed.network.security_rules
    rules.begin_create_or_update(governed.group, "guard", "http", rule).result()
    elsewhere = f"{governed.scope}-b"
    body = {"location": "westeurope"}
    assert governed.emulator.call("PUT", elsewhere, body).status == 201
    governed.emulator.call("DELETE", elsewhere)


def test_what_is_kept_is_answered_listed_and_deleted(governed: Governed) -> None:
    governed.govern(OWNER)
    emulator = governed.emulator
    assert emulator.call("GET", governed.definition()).body["name"] == "owners"
    assert emulator.call("GET", governed.assignment).body["properties"]["scope"] == governed.scope
    for one in (governed.definition(), governed.assignment):
        listed = emulator.call("GET", one.rpartition("/")[0]).body["value"]
        assert [kept["id"] for kept in listed] == [one]
        assert emulator.call("DELETE", one).status == 200
        assert emulator.call("DELETE", one).status == 204
        assert emulator.call("GET", one).code.endswith("NotFound")
    assert governed.assign().code == "PolicyDefinitionNotFound"


def test_an_assignment_without_its_definition_denies_nothing(governed: Governed) -> None:
    governed.govern(OWNER)
    governed.emulator.call("DELETE", governed.definition())
    governed.write()
    assert governed.asked({"name": "x"}) == []


@pytest.mark.parametrize(
    ("condition", "code", "words"),
    [
        ({"field": "Microsoft.Compute/imagePublisher", "equals": "x"}, 501, "imagePublisher"),
        ({"field": "name", "match": "web-##"}, 501, "'match'"),
        ({"value": "[resourceGroup().location]", "equals": "x"}, 501, "'value'"),
        ({"field": "name"}, 400, "Failed to parse policy rule"),
        (["name"], 400, "Failed to parse policy rule"),
    ],
)
def test_what_is_not_understood_is_refused_by_name(
    governed: Governed, condition: Any, code: int, words: str
) -> None:
    told = governed.define(condition)
    assert told.status == code
    assert words in told.body["error"]["message"]


def test_other_effects_are_refused_or_keep_quiet(governed: Governed) -> None:
    assert "'modify'" in governed.define(OWNER, "modify").body["error"]["message"]
    assert governed.define(OWNER, "audit").status == 201
    assert governed.assign().status == 201
    governed.write()


def test_a_rule_without_parts_and_a_question_without_content_are_refused(
    governed: Governed,
) -> None:
    empty = governed.emulator.call("PUT", governed.definition(), {"properties": {}})
    assert (empty.status, empty.code) == (400, "InvalidPolicyRule")
    path = f"{governed.scope}/providers/Microsoft.PolicyInsights/checkPolicyRestrictions"
    assert governed.emulator.call("POST", path, {}).code == "InvalidRequestContent"
