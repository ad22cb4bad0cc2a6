"""Stage, promote, roll back and status: the whole way, against the emulator, by the real SDK."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from pipeline.advice import Advice, stage
from pipeline.definition.balancing import RulePair
from pipeline.errors import AzureRefused, Overtaken, Refused
from pipeline.execution.azure.requests import patch
from pipeline.execution.commands import swap as commands
from pipeline.execution.runner import begin
from pipeline.execution.wait import Clock
from pipeline.execution.watch.answers import version_at
from pipeline.output.programs import ForPrograms
from pipeline.planning.names import scale_set_id
from pipeline.planning.swap.load_balancer import swapped
from pipeline.planning.swap.promotion import plan_promotion
from pipeline.planning.swap.steps import SwapPools, Wish
from tests.conftest import Emulator
from tests.execution.landing_zone import LandingZone, landing_zone, until, with_one_staged

Edit = Callable[[dict[str, Any]], None]


@pytest.fixture
def zone(emulator: Emulator, tmp_path: Path) -> LandingZone:
    """A landing zone where 1.0.0 serves and 1.0.1 is staged."""
    return with_one_staged(landing_zone(tmp_path, emulator))


def pools(zone: LandingZone) -> dict[str, str]:
    """Where the rules lead."""
    return {
        rule["name"]: rule["properties"]["backendAddressPool"]["id"].rpartition("/")[2]
        for rule in zone.load_balancer()["properties"]["loadBalancingRules"]
    }


def serving(zone: LandingZone) -> str:
    """Which version answers on the production frontend."""
    return version_at(zone.survey().health_url("production"))


def test_a_version_is_promoted_and_rolled_back(zone: LandingZone) -> None:
    before = pools(zone)
    assert before == {
        "http": "web-1-0-0",
        "metrics": "web-1-0-0",
        "http-staging": "web-1-0-1",
        "metrics-staging": "web-1-0-1",
    }
    writes = zone.writes("loadBalancers/front")

    zone.promote()
    assert serving(zone) == "1.0.1"
    assert zone.writes("loadBalancers/front") == writes + 1
    assert {pools(zone)[name] for name in ("http", "metrics")} == {"web-1-0-1"}
    assert "go back          invoke rollback web" in zone.output
    promoted = zone.status()
    assert (promoted.serving, promoted.idle, promoted.way_back) == ("1.0.1", "1.0.0", "ready")
    assert promoted.since

    zone.promote()
    assert "nothing to do, 1.0.1 serves" in zone.output

    zone.rollback()
    assert serving(zone) == "1.0.0"
    assert pools(zone) == before
    zone.rollback()
    assert "nothing to do, 1.0.0 serves again" in zone.output
    assert zone.status().idle_role == "rolled back"


def test_an_unhealthy_staged_instance_keeps_production_as_it_is(zone: LandingZone) -> None:
    before = zone.load_balancer()
    zone.sicken("web-1-0-1/virtualMachines/0")
    _until_unhealthy(zone)
    with pytest.raises(
        Refused, match=r"web-1-0-1 cannot be promoted: \d of \d instances healthy; .* is unknown"
    ) as refusal:
        zone.promote()
    assert zone.load_balancer() == before
    assert serving(zone) == "1.0.0"
    assert "Now: web 1.0.0 serves, " in "".join(refusal.value.__notes__)


def test_a_staged_set_smaller_than_production_is_refused_until_it_has_grown(
    zone: LandingZone,
) -> None:
    production = scale_set_id(zone.environment, "web-1-0-0")
    zone.session().azure.begin(patch(production, {"sku": {"capacity": 3}})).result()
    with pytest.raises(Refused, match="it has 2 instances, production 3") as refusal:
        zone.promote()
    assert Advice("scale it up", stage("web", "1.0.1")) in refusal.value.advice
    assert serving(zone) == "1.0.0"

    zone.stage("1.0.1")
    zone.promote()
    assert zone.status().instances == 3
    assert serving(zone) == "1.0.1"


def while_the_swap_is_on_its_way(zone: LandingZone, edit: Edit) -> None:
    """Promote; while the pipeline's write is on its way, somebody else's arrives."""
    fault = {
        "match": {"method": "PUT", "path": f"{zone.environment.resource_group}/.*/front$"},
        "action": {"delay": 600},
        "times": 1,
    }
    assert zone.emulator.call("POST", "/emulator/faults", fault).status == 201

    def somebody_else() -> None:
        until(lambda: not zone.emulator.call("GET", "/emulator/faults").body["value"])
        try:
            zone.write_load_balancer(edit)
        finally:
            zone.emulator.call("DELETE", "/emulator/faults")  # which ends the delay

    other = Thread(target=somebody_else)
    other.start()
    try:
        zone.promote()
    finally:
        other.join()


def test_a_change_elsewhere_on_the_load_balancer_is_kept_and_the_swap_goes_on(
    zone: LandingZone,
) -> None:
    while_the_swap_is_on_its_way(zone, lambda body: body["tags"].update(theirs="kept"))
    assert serving(zone) == "1.0.1"
    assert zone.load_balancer()["tags"]["theirs"] == "kept"


def test_a_change_of_the_rules_in_between_is_left_alone(zone: LandingZone) -> None:
    def edit(body: dict[str, Any]) -> None:
        kept = ("metrics", "metrics-staging")
        rules = body["properties"]["loadBalancingRules"]
        body["properties"]["loadBalancingRules"] = [r for r in rules if r["name"] not in kept]

    with pytest.raises(Overtaken) as refusal:
        while_the_swap_is_on_its_way(zone, edit)
    assert "no rule metrics" in str(refusal.value)
    assert serving(zone) == "1.0.0"
    assert pools(zone) == {"http": "web-1-0-0", "http-staging": "web-1-0-1"}


def test_a_promotion_by_somebody_else_in_between_is_not_undone(zone: LandingZone) -> None:
    now = zone.survey()
    swap = next(
        step for step in plan_promotion(now, Wish("promote")).steps if isinstance(step, SwapPools)
    )

    def edit(body: dict[str, Any]) -> None:
        body.update(swapped(body, swap, {}))

    zone_before = pools(zone)
    while_the_swap_is_on_its_way(zone, edit)
    assert serving(zone) == "1.0.1"
    assert pools(zone) != zone_before


def test_a_superseded_write_is_looked_at_again(zone: LandingZone) -> None:
    fault = {
        "match": {"operation": f"loadBalancers .*{zone.environment.resource_group}/.*front$"},
        "action": {
            "fail": {"code": "Canceled", "message": "Operation was canceled.", "status": 409}
        },
    }
    assert zone.emulator.call("POST", "/emulator/faults", fault).status == 201
    zone.promote()
    assert not zone.emulator.call("GET", "/emulator/faults").body["value"]
    assert serving(zone) == "1.0.1"


def test_what_azure_refuses_is_told_in_its_own_words(zone: LandingZone) -> None:
    fault = {
        "match": {"method": "PUT", "path": f"{zone.environment.resource_group}/.*/front$"},
        "action": {"fail": {"code": "ScopeLocked", "message": "It is locked.", "status": 409}},
    }
    assert zone.emulator.call("POST", "/emulator/faults", fault).status == 201
    with pytest.raises(AzureRefused, match="ScopeLocked: It is locked") as refusal:
        zone.promote()
    assert refusal.value.resource.endswith("/loadBalancers/front")
    assert "Now: web 1.0.0 serves" in "".join(refusal.value.__notes__)
    assert serving(zone) == "1.0.0"


def test_a_rule_that_nobody_declared_never_serves_what_was_not_promoted(
    zone: LandingZone,
) -> None:
    def copy_of_http(body: dict[str, Any]) -> None:
        rules = body["properties"]["loadBalancingRules"]
        rule = json.loads(json.dumps(next(rule for rule in rules if rule["name"] == "http")))
        rule["name"] = "admin"
        rule["properties"] |= {"frontendPort": 9443, "backendPort": 9443}
        rule.pop("id", None)
        rules.append(rule)

    zone.write_load_balancer(copy_of_http)
    zone.promote()
    assert "undeclared rule admin" in zone.output
    assert pools(zone)["admin"] == pools(zone)["http"]
    zone.add_versions("1.0.2")
    zone.stage("1.0.2")
    assert pools(zone)["admin"] == pools(zone)["http"]
    assert any(one.rule == "admin" for one in zone.status().frontends["production"])


def test_a_pair_that_is_declared_later_leads_to_what_serves(zone: LandingZone) -> None:
    zone.promote()
    zone.rollback()
    zone.promote(again=True)
    (declared,) = zone.environment.load_balancers
    more = replace(declared, pairs=(*declared.pairs, RulePair("extra", 7000, 7001, 7002)))
    zone = replace(zone, environment=replace(zone.environment, load_balancers=(more,)))
    zone.create()
    assert zone.status().serving == "1.0.1"
    assert pools(zone)["extra"] == pools(zone)["http"]
    assert pools(zone)["extra-staging"] == pools(zone)["http-staging"]
    zone.rollback()
    assert pools(zone)["extra"] == pools(zone)["http"]
    assert serving(zone) == "1.0.0"


def test_printing_a_plan_changes_nothing(zone: LandingZone) -> None:
    before = zone.load_balancer()
    planning = zone.session(plan_only=True)
    commands.promote(planning, "web")
    commands.stage(planning, "web", "1.0.1")
    assert zone.load_balancer() == before
    assert "promote web 1.0.0 -> 1.0.1" in zone.output


def test_two_runs_do_not_meet(zone: LandingZone) -> None:
    with begin(zone.session(), "stage", "web") as other, pytest.raises(Refused, match=other.id):
        zone.promote()
    assert serving(zone) == "1.0.0"


def test_an_unchecked_version_is_refused_by_name(zone: LandingZone) -> None:
    zone.add_versions("1.0.2", check="", excluded=True)
    zone.add_versions("1.0.3", check="failed", excluded=True)
    with pytest.raises(Refused, match=r"web 1\.0\.2 cannot be promoted: it was not checked"):
        zone.stage("1.0.2")
    with pytest.raises(Refused, match=r"web 1\.0\.3 cannot be promoted: its check failed"):
        zone.stage("1.0.3")
    zone.stage()
    assert "nothing to do, web-1-0-1 exists" in zone.output


def test_staging_the_next_version_ends_no_way_back(zone: LandingZone) -> None:
    zone.promote()
    zone.add_versions("1.0.2")
    zone.stage()
    assert "delete" not in zone.output
    status = zone.status()
    assert (status.serving, status.idle, status.idle_role) == ("1.0.1", "1.0.2", "staged")
    assert [str(one) for one in status.others] == ["1.0.0 (previous, 2 of 2)"]
    zone.rollback()
    assert serving(zone) == "1.0.0"


def test_programs_read_the_status_as_one_document(zone: LandingZone) -> None:
    said = io.StringIO()
    commands.status(replace(zone.session(), output=ForPrograms(said)))
    document = json.loads(said.getvalue())
    (row,) = document["images"]
    assert (row["serving"], row["idle"], row["idle_role"]) == ("1.0.0", "1.0.1", "staged")
    frontend = row["frontends"]["production"][0]
    url = f"http://{frontend['address']}:{frontend['port']}/healthz"
    assert version_at(url) == "1.0.0"


def _until_unhealthy(zone: LandingZone) -> None:
    def is_sick() -> bool:
        staged = zone.survey().at_staging
        return staged is not None and bool(staged.sick)

    until(is_sick)


def test_a_degraded_production_is_told_and_answered(zone: LandingZone) -> None:
    assert not commands.status(zone.session(), "web")
    zone.sicken("web-1-0-0/virtualMachines/0")
    until(lambda: bool(zone.survey().serving.sick))
    assert commands.status(zone.session(), "web")
    assert "web degraded: 1 of 2 instances healthy" in zone.output


def test_a_status_that_is_watched_is_printed_again_only_when_it_changed(
    zone: LandingZone,
) -> None:
    def pause(seconds: float) -> None:
        looks.append(seconds)
        if len(looks) == 2:
            zone.promote()
            _ = zone.output
        if len(looks) == 4:
            raise KeyboardInterrupt

    looks: list[float] = []
    session = zone.session(clock=Clock(sleep=pause))
    with pytest.raises(KeyboardInterrupt):
        commands.status(session, "web", watch=True)
    assert zone.output.count("image  serves") == 1
