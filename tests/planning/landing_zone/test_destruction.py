"""Destroying an environment: only what is ours, and all of it by name."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pipeline.definition.model import Project
from pipeline.errors import Refused
from pipeline.planning.landing_zone.destruction import Found, plan_destruction
from pipeline.planning.names import compute_id, network_id
from tests.planning.swap.examples import ENVIRONMENT, PROJECT

OURS = {"system": "bakeswap", "environment": "production"}
USING = replace(
    ENVIRONMENT,
    name="production-two",
    resource_group="shop-two",
    gallery=replace(ENVIRONMENT.gallery, managed=False, resource_group="SHOP"),
)
BALANCER = Found(network_id(ENVIRONMENT, "loadBalancers", "shop"), OURS)
DISK = Found(compute_id(ENVIRONMENT, ("disks", "one")), {}, "/an/instance")
THEIRS = Found(network_id(ENVIRONMENT, "publicIPAddresses", "theirs"), {})


def test_everything_is_named_before_it_goes() -> None:
    plan = plan_destruction(PROJECT, ENVIRONMENT, OURS, [BALANCER, DISK])
    assert str(plan) == (
        "Plan: destroy the environment production\n"
        "   1  delete the resource group shop and the 2 resources in it\n"
        "note: deletes shop, a loadBalancers\n"
        "note: deletes one, a disks"
    )
    many = plan_destruction(PROJECT, ENVIRONMENT, OURS, [BALANCER] * 23)
    assert many.notes[-1] == "and 3 more"


def test_an_environment_that_is_gone_needs_nothing() -> None:
    assert plan_destruction(PROJECT, ENVIRONMENT, None, []).is_empty


@pytest.mark.parametrize(
    ("project", "tags", "reason"),
    [
        (PROJECT, {}, "bakeswap did not create this resource group"),
        (PROJECT, {**OURS, "environment": "other"}, "did not create this resource group"),
        (PROJECT, OURS, "holds what bakeswap did not make: /subscriptions/.*/theirs"),
        (
            Project(
                PROJECT.root,
                PROJECT.images,
                (ENVIRONMENT, replace(ENVIRONMENT, name="twin", resource_group="SHOP")),
            ),
            OURS,
            "shop is also the resource group of twin",
        ),
        (
            Project(PROJECT.root, PROJECT.images, (ENVIRONMENT, USING)),
            OURS,
            "the gallery in shop is also that of production-two",
        ),
    ],
)
def test_what_is_not_ours_is_never_destroyed(
    project: Project, tags: dict[str, str], reason: str
) -> None:
    with pytest.raises(Refused, match=reason):
        plan_destruction(project, ENVIRONMENT, tags, [BALANCER, THEIRS])
