"""What Azure Policy is asked, and what its answer means."""

from __future__ import annotations

from dataclasses import replace

from pipeline.planning.denials import Denial, denials
from pipeline.planning.preflight.policy import content
from pipeline.planning.preflight.wanted import wanted
from tests.planning.preflight.examples import GROUP, PLANNED, found, results
from tests.planning.swap.examples import ENVIRONMENT, IMAGE

ASSIGNMENT = f"{GROUP}/providers/Microsoft.Authorization/policyAssignments/owners"


def test_policies_are_asked_about_the_whole_body_of_the_scale_set() -> None:
    asked = content(PLANNED)
    assert asked is not None
    assert (asked["type"], asked["name"]) == (
        "Microsoft.Compute/virtualMachineScaleSets",
        "web-1-0-1",
    )
    assert asked["tags"]["image"] == "web"
    assert asked["properties"]["virtualMachineProfile"]["storageProfile"]


def test_without_a_plan_they_are_asked_about_what_is_known() -> None:
    asked = content(wanted(ENVIRONMENT, IMAGE, "1.0.2", None))
    assert asked is not None
    assert (asked["name"], asked["sku"]) == ("web-1-0-2", {"name": "Standard_D2s_v5"})
    assert "properties" not in asked
    tagged = replace(ENVIRONMENT, tags=(("team", "shop"),), load_balancers=())
    asked = content(wanted(tagged, IMAGE, "1.0.2", None))
    assert asked is not None
    assert (asked["tags"]["team"], asked["tags"]["image"]) == ("shop", "web")


def test_nothing_is_asked_where_nothing_is_made() -> None:
    assert content(wanted(ENVIRONMENT, IMAGE, "1.0.1", ())) is None
    assert content(wanted(ENVIRONMENT, IMAGE, "", None)) is None
    assert results("policy", policies=None) == []


def test_a_policy_that_would_deny_is_named_with_its_scope() -> None:
    (one,) = found("policy", policies=(Denial(ASSIGNMENT),))
    assert one.result == "FAILED"
    assert one.what.startswith(f"owners of {GROUP} would deny the scale set")
    assert f"policy assignment show --name owners --scope {GROUP}" in str(one.advice[0].command)


def test_only_what_does_not_comply_is_a_denial() -> None:
    told = [
        {"policyInfo": {"policyAssignmentId": ASSIGNMENT}, "evaluationResult": "NonCompliant"},
        {"policyInfo": {"policyAssignmentId": "another"}, "evaluationResult": "Compliant"},
    ]
    answer = {"contentEvaluationResult": {"policyEvaluations": told}}
    assert denials(answer) == (Denial(ASSIGNMENT),)
    assert denials({"fieldRestrictions": []}) == ()
