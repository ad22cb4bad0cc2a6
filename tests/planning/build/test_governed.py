"""What Azure Policy is asked about before a bake, and what is said when it would deny it."""

from __future__ import annotations

import pytest

from pipeline.errors import Refused
from pipeline.planning.build.build import plan_build, plan_check
from pipeline.planning.build.governed import Made, made, refuse_denied
from pipeline.planning.build.survey import BuildSurvey
from pipeline.planning.denials import Denial
from tests.planning.build.examples import LOCAL, WEB, baked, survey
from tests.planning.build.test_access import ADMITTING, OPEN
from tests.planning.build.test_build import SHARED, TOLD

SUBSCRIPTION = f"/subscriptions/{LOCAL.subscription}"
OWNERS = Denial(f"{SUBSCRIPTION}/providers/Microsoft.Authorization/policyAssignments/owners")
COSTS = Denial(f"{SUBSCRIPTION}/providers/Microsoft.Authorization/policyAssignments/costs")


def of_a_build(now: BuildSurvey) -> dict[str, Made]:
    """What its build makes, by words."""
    found = made(plan_build(now).plan.steps, WEB, now.environment)
    return {one.words: one for one in found}


def test_groups_machines_and_the_version_are_asked_about_each_where_it_is_made() -> None:
    found = of_a_build(survey())
    assert {words: (one.scope, one.content["type"]) for words, one in found.items()} == {
        "the resource group of a bake": (
            SUBSCRIPTION,
            "Microsoft.Resources/subscriptions/resourceGroups",
        ),
        "the machine of a bake": (SUBSCRIPTION, "Microsoft.Compute/virtualMachines"),
        "the image version": (
            f"{SUBSCRIPTION}/resourceGroups/{LOCAL.resource_group}",
            "Microsoft.Compute/galleries/images/versions",
        ),
        "the resource group of a check": (
            SUBSCRIPTION,
            "Microsoft.Resources/subscriptions/resourceGroups",
        ),
        "the machine of a check": (SUBSCRIPTION, "Microsoft.Compute/virtualMachines"),
    }
    for one in found.values():
        assert one.content["location"] == LOCAL.location
        assert one.content["tags"]["image"] == "web"
    size = {"vmSize": WEB.build_size}
    assert found["the machine of a bake"].content["properties"] == {"hardwareProfile": size}
    assert "storageProfile" in found["the machine of a check"].content["properties"]


def test_in_a_group_that_is_there_it_is_asked_about_what_comes_into_it() -> None:
    found = of_a_build(survey(TOLD, environment=SHARED))
    assert {one.scope for one in found.values()} == {
        f"{SUBSCRIPTION}/resourceGroups/shop-builds",
        f"{SUBSCRIPTION}/resourceGroups/{LOCAL.resource_group}",
    }
    assert not [words for words in found if words.startswith("the resource group")]


def test_public_addresses_are_asked_about_where_machines_have_some() -> None:
    found = of_a_build(survey(ADMITTING, environment=OPEN, runner="203.0.113.7"))
    assert found["the public address of a bake"].content["sku"] == {"name": "Standard"}
    assert "the public address of a check" in found


def test_of_a_check_alone_nothing_of_a_bake_is_asked_about() -> None:
    steps = plan_check(survey(versions=(baked("1.0.0"),))).plan.steps
    assert [one.words for one in made(steps, WEB, LOCAL)] == [
        "the resource group of a check",
        "the machine of a check",
    ]


def test_all_denials_are_told_together_and_each_policy_once_in_the_advice() -> None:
    group, machine = Made("the group", "", {}), Made("the machine", "", {})
    with pytest.raises(Refused) as refused:
        refuse_denied([(group, (OWNERS, COSTS)), (machine, (OWNERS,))])
    assert str(refused.value).splitlines() == [
        f"owners of {SUBSCRIPTION} would deny the group (RequestDisallowedByPolicy)",
        f"costs of {SUBSCRIPTION} would deny the group (RequestDisallowedByPolicy)",
        f"owners of {SUBSCRIPTION} would deny the machine (RequestDisallowedByPolicy)",
        "nothing was made: ask for an exemption, or give it what it asks",
    ]
    assert len(refused.value.advice) == 2


def test_what_no_policy_denies_is_made() -> None:
    refuse_denied([(Made("the group", "", {}), ())])
