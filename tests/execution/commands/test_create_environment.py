"""`create-environment` against the emulator, by the real SDK."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.definition.model import Cloud
from pipeline.errors import (
    AzureRefused,
    Overtaken,
    Refused,
    SignInFailed,
    Unreachable,
    UsageError,
)
from pipeline.execution.commands.environment import create_environment, destroy_environment
from pipeline.output.programs import ForPrograms
from pipeline.planning.landing_zone.steps import DestroyGroup
from pipeline.planning.names import network_id
from tests.conftest import Emulator
from tests.execution.landing_zone import LandingZone, landing_zone
from tests.execution.one_step import carry_out_one


@pytest.fixture
def zone(tmp_path: Path, emulator: Emulator) -> LandingZone:
    """Nothing yet."""
    return landing_zone(tmp_path, emulator)


def test_a_landing_zone_is_made_once_and_completed_later(zone: LandingZone) -> None:
    zone.create()
    assert "10  create the image definition web" in zone.output
    writes = zone.writes("")
    zone.create()
    assert "is complete" in zone.output
    assert zone.writes("") == writes

    def without_metrics(body: dict[str, dict[str, list[dict[str, str]]]]) -> None:
        rules = body["properties"]["loadBalancingRules"]
        body["properties"]["loadBalancingRules"] = [
            rule for rule in rules if not rule["name"].startswith("metrics")
        ]

    zone.write_load_balancer(without_metrics)
    zone.create()
    assert "complete the load balancer front for web: metrics, metrics-staging" in zone.output
    zone.create()
    assert "nothing to do" in zone.output


def test_what_was_made_is_tagged_as_ours(zone: LandingZone) -> None:
    zone.create()
    tags = zone.load_balancer()["tags"]
    assert (tags["system"], tags["environment"]) == ("bakeswap", "test")
    assert tags["run"]


def test_printing_the_plan_makes_nothing(zone: LandingZone) -> None:
    said = io.StringIO()
    create_environment(replace(zone.session(plan_only=True), output=ForPrograms(said)))
    plan = json.loads(said.getvalue().splitlines()[0])
    assert len(plan["steps"]) == 11
    assert zone.session().azure.group(zone.environment.resource_group) is None


def test_azures_refusal_is_told_with_the_resource_and_its_own_words(zone: LandingZone) -> None:
    fault = {
        "match": {"method": "PUT", "path": f"{zone.environment.resource_group}/.*/natGateways/"},
        "action": {"fail": {"code": "QuotaExceeded", "message": "No more.", "status": 400}},
    }
    assert zone.emulator.call("POST", "/emulator/faults", fault).status == 201
    with pytest.raises(AzureRefused, match="QuotaExceeded: No more") as refusal:
        zone.create()
    assert refusal.value.resource.endswith("/natGateways/nat")
    zone.create()
    assert "create the security group" not in zone.output.rpartition("Plan: ")[2]


@pytest.mark.slow
def test_no_azure_at_the_address_is_told_without_a_traceback(zone: LandingZone) -> None:
    nowhere = replace(
        zone.environment.cloud,
        resource_manager="https://127.0.0.1:1",
        authority="https://127.0.0.1:1",
    )
    unreachable = replace(zone, environment=replace(zone.environment, cloud=nowhere))
    with pytest.raises(Unreachable, match=r"127\.0\.0\.1"):
        unreachable.create()


def test_a_missing_credential_is_told_by_its_file(zone: LandingZone, tmp_path: Path) -> None:
    cloud: Cloud = replace(zone.environment.cloud, credential=tmp_path / "none.json")
    without = replace(zone, environment=replace(zone.environment, cloud=cloud))
    with pytest.raises(Unreachable, match=r"none\.json: does not exist"):
        without.create()


def test_a_wrong_secret_is_told_and_not_shown(zone: LandingZone, tmp_path: Path) -> None:
    file = tmp_path / "wrong.json"
    facts = {"tenant": zone.emulator.facts["tenant"], "client_id": "x", "client_secret": "hunter2"}
    file.write_text(json.dumps(facts))
    cloud = replace(zone.environment.cloud, credential=file)
    session = replace(zone.session(), environment=replace(zone.environment, cloud=cloud))
    with pytest.raises(SignInFailed, match="AADSTS") as error:
        create_environment(session)
    assert "hunter2" not in str(error.value)
    assert "hunter2" not in repr(session.azure.clients)


def test_an_environment_is_destroyed_when_its_name_was_typed(
    tmp_path: Path, emulator: Emulator
) -> None:
    zone = landing_zone(tmp_path, emulator)
    zone.create()
    with pytest.raises(UsageError, match="this deletes everything in zone"):
        destroy_environment(zone.session(), "")
    destroy_environment(zone.session(plan_only=True), "")
    assert "note: deletes front, a loadBalancers" in zone.output
    destroy_environment(zone.session(), "test")
    assert zone.session().azure.group(zone.environment.resource_group) is None
    destroy_environment(zone.session(), "test")
    assert "nothing to do, there is no resource group" in zone.output


def test_an_environment_with_something_of_another_hand_is_not_destroyed(
    tmp_path: Path, emulator: Emulator
) -> None:
    zone = landing_zone(tmp_path, emulator)
    zone.create()
    theirs = network_id(zone.environment, "publicIPAddresses", "theirs")
    zone.put(
        theirs,
        {
            "location": "westeurope",
            "sku": {"name": "Standard"},
            "properties": {"publicIPAllocationMethod": "Static"},
        },
    )
    with pytest.raises(Refused, match=r"holds what bakeswap did not make: .*/theirs"):
        destroy_environment(zone.session(), "test")
    with pytest.raises(Overtaken, match=r"not deleted: .*/theirs"):
        carry_out_one(zone, DestroyGroup(zone.environment.resource_group, "test", 1))
    assert zone.session().azure.get(theirs) is not None
