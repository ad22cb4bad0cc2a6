"""Policies that would deny what a bake makes end it before it begins, asked of the emulator."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from pipeline.errors import Refused
from tests.conftest import Emulator
from tests.execution.image_project import ImageProject, image_project

AUTHORIZATION = "providers/Microsoft.Authorization"
TAGGED = {"field": "tags.cost-centre", "exists": "false"}
OF_GROUPS = {"field": "type", "equals": "Microsoft.Resources/subscriptions/resourceGroups"}


@pytest.fixture
def project(tmp_path: Path, emulator: Emulator) -> ImageProject:
    return image_project(tmp_path, emulator)


@contextmanager
def denying(project: ImageProject, condition: dict[str, Any]) -> Iterator[None]:
    """A policy of the subscription that denies what meets a condition."""
    definition = f"{project.subscription}/{AUTHORIZATION}/policyDefinitions/cost-centre"
    assigned = f"{project.subscription}/{AUTHORIZATION}/policyAssignments/cost-centre"
    rule = {"if": condition, "then": {"effect": "deny"}}
    for path, properties in (
        (definition, {"policyRule": rule, "mode": "All"}),
        (assigned, {"policyDefinitionId": definition}),
    ):
        assert project.emulator.call("PUT", path, {"properties": properties}).status == 201
    try:
        yield
    finally:
        for path in (assigned, definition):
            assert project.emulator.call("DELETE", path).status == 200


def test_a_group_that_a_policy_denies_is_told_before_the_bake(project: ImageProject) -> None:
    with (
        denying(project, {"allOf": [OF_GROUPS, TAGGED]}),
        pytest.raises(Refused) as refused,
    ):
        project.build()
    told = str(refused.value).splitlines()
    above = f"cost-centre of {project.subscription} would deny"
    assert told[:2] == [
        f"{above} the resource group of a bake (RequestDisallowedByPolicy)",
        f"{above} the resource group of a check (RequestDisallowedByPolicy)",
    ]
    assert "az policy assignment show --name cost-centre" in str(refused.value.advice[0].command)
    assert project.left_over() == []
    assert project.requests("PUT", f"resourcegroups/bakeswap-build-{project.image}") == []


def test_the_tags_of_an_environment_are_what_a_policy_sees(project: ImageProject) -> None:
    file = project.root / "environments.hcl"
    tags = '  tags = { "cost-centre" = "4711" }\n  gallery {'
    file.write_text(file.read_text().replace("  gallery {", tags, 1))
    with denying(project, {"allOf": [OF_GROUPS, TAGGED]}):
        project.build(plan_only=True)
    assert "bake " in project.output


def test_who_may_not_ask_policies_is_told_so_and_goes_on(project: ImageProject) -> None:
    denied = {"status": 403, "code": "AuthorizationFailed", "message": "not for you"}
    project.fault({"method": "POST", "path": "checkPolicyRestrictions"}, {"fail": denied}, 9)
    project.build(plan_only=True)
    assert "Azure Policy could not be asked about what is made" in project.output
    assert "bake " in project.output
