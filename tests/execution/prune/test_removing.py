"""Unstaging and pruning, against the emulator, by the real SDK."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipeline.errors import Overtaken, Refused
from pipeline.execution.azure.requests import patch
from pipeline.execution.commands import prune
from pipeline.execution.run.journal import Journal
from pipeline.execution.watch.answers import version_at
from pipeline.planning.names import (
    Tag,
    build_group,
    check_group,
    image_version_id,
    scale_set_id,
    tags_of,
)
from pipeline.planning.prune.steps import DeleteScaleSet, RemovePools, RetirePools
from pipeline.planning.swap.load_balancer import lead, swapped
from pipeline.planning.swap.promotion import plan_promotion
from pipeline.planning.swap.steps import SwapPools, Wish
from tests.conftest import Emulator
from tests.execution.landing_zone import LandingZone, at_once, landing_zone, with_one_staged
from tests.execution.one_step import carry_out_one


@pytest.fixture
def zone(tmp_path: Path, emulator: Emulator) -> LandingZone:
    """A landing zone where 1.0.0 serves and 1.0.1 is staged; nothing drains."""
    return with_one_staged(at_once(landing_zone(tmp_path, emulator, capacity=1)), "1.0.2")


def pools(zone: LandingZone) -> set[str]:
    """The names of the load balancer's pools."""
    return {pool["name"] for pool in zone.load_balancer()["properties"]["backendAddressPools"]}


def test_what_was_staged_is_unstaged_with_its_pool(zone: LandingZone) -> None:
    zone.unstage("1.0.1")
    assert pools(zone) == {"web-empty", "web-empty-staging", "web-1-0-0"}
    assert zone.session().azure.get(scale_set_id(zone.environment, "web-1-0-1")) is None
    assert not [tag for tag in zone.load_balancer()["tags"] if tag.startswith("removing")]
    status = zone.status()
    assert (status.serving, status.idle) == ("1.0.0", "")
    zone.stage("1.0.1")
    assert zone.status().idle == "1.0.1"


def test_pruning_keeps_what_serves_the_way_back_and_what_is_staged(zone: LandingZone) -> None:
    zone.promote()
    zone.stage("1.0.2")
    zone.prune()
    assert "nothing to do" in zone.output
    zone.promote()
    zone.prune()
    assert "delete web-1-0-0 (it served; production left it on" in zone.output
    assert pools(zone) == {"web-empty", "web-empty-staging", "web-1-0-1", "web-1-0-2"}
    zone.rollback()
    assert version_at(zone.survey().health_url("production")) == "1.0.1"


def test_groups_of_runs_that_are_surely_dead_are_pruned(zone: LandingZone) -> None:
    old, young = "20261123T181500Z-host-1a2b", f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-host-1a2b"
    mine = {**tags_of("web", "1.0.9"), Tag.ENVIRONMENT: zone.environment.name}
    groups = {
        build_group("web", "1.0.9", old): {**mine, Tag.RUN: old},
        check_group("web", "1.0.9", young): {**mine, Tag.RUN: young},
        check_group("web", "1.0.8", old): {**mine, Tag.RUN: old, Tag.ENVIRONMENT: "other"},
        build_group("web", "1.0.7", old): {},
    }
    for name, tags in groups.items():
        body = {"location": "westeurope", "tags": dict(tags)}
        zone.emulator.call("PUT", f"/resourceGroups/{name}", body)
    zone.prune()
    gone, *kept = groups
    assert f"delete the resource group {gone}, left by run {old}" in zone.output
    azure = zone.session().azure
    assert azure.group(gone) is None
    assert all(azure.group(name) is not None for name in kept)


def test_a_plan_to_prune_changes_nothing(zone: LandingZone) -> None:
    zone.stage("1.0.2")
    before = zone.load_balancer()
    prune.prune(zone.session(plan_only=True))
    assert "delete web-1-0-1 (it was staged and never served)" in zone.output
    assert zone.load_balancer() == before


def test_versions_beyond_the_retention_are_deleted_and_those_in_use_kept(
    zone: LandingZone,
) -> None:
    zone.add_versions("1.0.3", "1.0.4")
    zone = replace(zone, image=replace(zone.image, retention=2))
    zone.prune()
    azure = zone.session().azure
    there = {
        number
        for number in range(5)
        if azure.get(image_version_id(zone.environment, "web", f"1.0.{number}"))
    }
    assert there == {0, 1, 3, 4}


def promoting_meanwhile(zone: LandingZone, words: str) -> type[Journal]:
    """A journal in whose run somebody else promotes just before the step with these words."""
    now = zone.survey()
    swap = next(
        step for step in plan_promotion(now, Wish("promote")).steps if isinstance(step, SwapPools)
    )

    class SomebodyPromotes(Journal):
        """Another tool: it knows nothing of retired pools."""

        def append(self, event: str, **fields: object) -> None:
            if event == "started" and str(fields["words"]).startswith(words):
                zone.write_load_balancer(lambda body: body.update(swapped(body, swap, {})))
            super().append(event, **fields)

    return SomebodyPromotes


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("retire", "not removed: it serves"),
        ("delete", "leads to it by now, so it is not deleted"),
    ],
)
def test_what_comes_to_serve_meanwhile_is_not_removed(
    zone: LandingZone, words: str, reason: str
) -> None:
    journal = promoting_meanwhile(zone, words)
    with pytest.raises(Overtaken, match=reason):
        prune.unstage(zone.session(journal=journal), "web", "1.0.1")
    assert version_at(zone.survey().health_url("production")) == "1.0.1"


def test_a_pool_that_is_retired_is_refused_by_everything_else(zone: LandingZone) -> None:
    resource = zone.survey().load_balancer.resource
    carry_out_one(zone, RetirePools(resource, "web", ("web-1-0-1",), by_name=True))
    with pytest.raises(Refused, match="is being removed by the run"):
        zone.stage("1.0.1")
    with pytest.raises(Refused, match="is being removed by the run"):
        zone.rollback("1.0.1")
    zone.promote()
    assert "nothing to do, 1.0.0 serves, and nothing is staged" in zone.output
    zone.prune()
    assert zone.session().azure.get(scale_set_id(zone.environment, "web-1-0-1")) is None


def test_a_set_whose_pool_is_retired_no_longer_is_not_deleted(zone: LandingZone) -> None:
    balancer = zone.survey().load_balancer
    resource = scale_set_id(zone.environment, "web-1-0-1")
    nowhere = balancer.pool("web-empty-staging")
    zone.write_load_balancer(
        lambda body: lead(body, {"http-staging": nowhere, "metrics-staging": nowhere})
    )
    with pytest.raises(Overtaken, match="its pool is retired no longer"):
        carry_out_one(zone, DeleteScaleSet(resource, "web", "web-1-0-1", "a test"))
    assert zone.session().azure.get(resource) is not None


def test_a_pool_that_a_rule_leads_to_is_not_removed(zone: LandingZone) -> None:
    resource = zone.survey().load_balancer.resource
    with pytest.raises(Overtaken, match="http leads to it by now"):
        carry_out_one(zone, RemovePools(resource, "web", ("web-1-0-0",)))


def test_what_is_scaled_by_another_hand_meanwhile_is_still_removed(zone: LandingZone) -> None:
    staged = scale_set_id(zone.environment, "web-1-0-1")
    zone.session().azure.begin(patch(staged, {"sku": {"capacity": 2}})).result()
    zone.unstage("1.0.1")
    assert zone.session().azure.get(staged) is None
