"""Steps of a build that meet something else than the plan saw. Real SDK, simulated machines."""

from __future__ import annotations

import itertools
import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.definition.model import Base
from pipeline.errors import AzureRefused, Refused, Unreachable, UsageError
from pipeline.execution.azure.bases import pinned
from pipeline.execution.azure.requests import delete
from pipeline.execution.azure.versions import image_versions
from pipeline.execution.build.survey import survey_build
from pipeline.execution.wait import Clock
from pipeline.planning.build.steps import (
    BootCheckMachine,
    DeleteGroup,
    DeleteVersion,
    MarkVersion,
    RejectVersion,
    RunChecks,
)
from pipeline.planning.names import (
    check_group,
    check_machine_id,
    check_network_id,
    image_definition_id,
    image_version_id,
)
from tests.conftest import Emulator
from tests.execution.landing_zone import LandingZone, landing_zone
from tests.execution.one_step import carry_out_one

_numbers = itertools.count(1)


@pytest.fixture
def zone(tmp_path: Path, emulator: Emulator) -> LandingZone:
    """A landing zone."""
    made = landing_zone(tmp_path, emulator)
    made.create()
    _ = made.output
    return made


@pytest.fixture
def group(zone: LandingZone) -> Iterator[str]:
    """The name of a check's resource group."""
    name = check_group(f"web{next(_numbers)}", "1.0.0", "mine")
    yield name
    zone.emulator.call("DELETE", f"/resourceGroups/{name}")


def make_group(zone: LandingZone, name: str, **tags: str) -> None:
    """A resource group with tags."""
    body = {"location": "westeurope", "tags": tags}
    assert zone.emulator.call("PUT", f"/resourceGroups/{name}", body).status == 201


@pytest.mark.parametrize(("tags", "owner"), [({"run": "theirs"}, "theirs"), ({}, "someone else")])
def test_a_group_of_another_run_is_left_as_it_is(
    zone: LandingZone, group: str, tags: dict[str, str], owner: str
) -> None:
    make_group(zone, group, **tags)
    told = carry_out_one(zone, DeleteGroup(group, "mine"))
    assert f"{group} left as it is: it belongs to {owner}" in told
    assert zone.session().azure.group(group) is not None


def test_a_group_of_the_run_is_deleted(zone: LandingZone, group: str) -> None:
    make_group(zone, group, run="mine")
    carry_out_one(zone, DeleteGroup(group, "mine"))
    assert zone.session().azure.group(group) is None


def test_a_group_that_goes_meanwhile_is_deleted_already(zone: LandingZone, group: str) -> None:
    make_group(zone, group, run="mine")
    gone = {"status": 404, "code": "ResourceGroupNotFound", "message": "It is gone."}
    zone.fault({"method": "DELETE", "path": f"/{group}$"}, {"fail": gone})
    assert " ok      1  delete the resource group" in carry_out_one(
        zone, DeleteGroup(group, "mine")
    )


def test_what_else_azure_says_about_a_deletion_is_raised(zone: LandingZone, group: str) -> None:
    make_group(zone, group, run="mine")
    locked = {"status": 409, "code": "ScopeLocked", "message": "It is locked."}
    zone.fault({"method": "DELETE", "path": f"/{group}$"}, {"fail": locked})
    with pytest.raises(AzureRefused, match="ScopeLocked"):
        carry_out_one(zone, DeleteGroup(group, "mine"))


def test_a_half_made_version_is_deleted_and_one_that_is_gone_is_deleted_already(
    zone: LandingZone,
) -> None:
    zone.add_versions("1.0.0")
    for _ in range(2):
        carry_out_one(zone, DeleteVersion("web", "1.0.0", "Failed"))
        assert image_versions(zone.session().azure, "web") == ()


@pytest.mark.parametrize("passed", [True, False])
def test_a_verdict_is_marked_on_the_version(zone: LandingZone, passed: bool) -> None:
    zone.add_versions("1.0.0", check="", excluded=True)
    carry_out_one(zone, MarkVersion("web", "1.0.0", passed=passed))
    (version,) = image_versions(zone.session().azure, "web")
    assert version.is_eligible == passed
    assert version.check == ("passed" if passed else "failed")


def test_regions_get_their_copies_in_the_one_write_of_the_verdict(zone: LandingZone) -> None:
    zone.add_versions("1.0.0", check="", excluded=True)
    version = image_version_id(zone.environment, "web", "1.0.0")
    writes = zone.writes("/versions/1.0.0")
    counts = (("westeurope", 3), ("northeurope", 2))

    carry_out_one(zone, MarkVersion("web", "1.0.0", passed=True, replicas=counts))

    found = (zone.session().azure.get(version) or {})["properties"]["publishingProfile"]
    copies = {one["name"]: one["regionalReplicaCount"] for one in found["targetRegions"]}
    assert copies == {"West Europe": 3, "North Europe": 2}
    assert not found["excludeFromLatest"]
    assert zone.writes("/versions/1.0.0") == writes + 1


def test_what_a_failed_bake_published_is_marked_and_never_eligible(zone: LandingZone) -> None:
    tags = (("fingerprint", "f" * 64), ("run", "mine"))
    told = carry_out_one(zone, RejectVersion("web", "1.0.0", tags))
    assert "web 1.0.0 was not published" in told
    zone.add_versions("1.0.0", check="passed")

    told = carry_out_one(zone, RejectVersion("web", "1.0.0", tags))

    assert "web 1.0.0 marked failed" in told
    (version,) = image_versions(zone.session().azure, "web")
    assert version.tags.items() >= {**dict(tags), "bake": "failed"}.items()
    assert (version.is_eligible, version.exclude_from_latest) == (False, True)


def test_a_number_that_was_marked_stays_used_when_its_version_is_deleted(
    zone: LandingZone,
) -> None:
    zone.add_versions("1.0.4", check="", excluded=True)
    carry_out_one(zone, MarkVersion("web", "1.0.4", passed=True))
    version = image_version_id(zone.environment, "web", "1.0.4")
    zone.session().azure.begin(delete(version)).result()
    assert survey_build(zone.session(), zone.image, "run").next_version == "1.0.5"
    tags = (zone.session().azure.get(image_definition_id(zone.environment, "web")) or {})["tags"]
    assert (tags["system"], tags["last-1.0"]) == ("bakeswap", "1.0.4")


def test_a_version_that_went_since_its_check_cannot_be_marked(zone: LandingZone) -> None:
    with pytest.raises(AzureRefused, match="it is gone since it was checked") as caught:
        carry_out_one(zone, MarkVersion("web", "1.0.0", passed=True))
    assert caught.value.resource == str(image_version_id(zone.environment, "web", "1.0.0"))


def test_a_check_machine_that_never_answers_is_told_by_its_address(
    zone: LandingZone, group: str
) -> None:
    zone.add_versions("1.0.0")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    silent = replace(zone, environment=replace(zone.environment, ssh_port=port))
    ticks = itertools.count(0.0, 60.0)
    minutes = Clock(lambda: next(ticks), lambda seconds: None)
    step = BootCheckMachine("web", "1.0.0", group, (("run", "mine"),))
    with pytest.raises(Unreachable, match=rf"SSH at 127\.[\d.]+:{port}, the private") as caught:
        carry_out_one(silent, step, minutes)
    assert "web 1.0.0 stays unchecked" in str(caught.value)
    assert "its console ends with\n    Debian GNU/Linux 12" in str(caught.value)
    first, second = (str(advice.command) for advice in caught.value.advice)
    assert first.startswith("ls .pipeline/runs/")
    assert second == "invoke check-image web --version 1.0.0"


def test_a_machine_that_is_lost_during_its_checks_gives_no_verdict(
    zone: LandingZone, group: str
) -> None:
    zone.add_versions("1.0.0")
    carry_out_one(zone, BootCheckMachine("web", "1.0.0", group, (("run", "mine"),)))
    machine = check_machine_id(zone.environment, group)
    zone.session().azure.clients.compute.virtual_machines.begin_power_off(
        machine.resource_group, machine.name
    ).result()
    (zone.image.checks / "test_it.py").write_text(
        "def test_it(host):\n    assert host.run('true').rc == 0\n"
    )

    with pytest.raises(Unreachable, match="the connection was lost in test_it") as caught:
        carry_out_one(zone, RunChecks("web", "1.0.0", group, "images/web/checks"))

    assert "That is no verdict: web 1.0.0 is marked neither failed nor eligible" in str(
        caught.value
    )
    assert str(caught.value.advice[-1].command) == "invoke check-image web --version 1.0.0"


def test_a_public_check_machine_admits_one_address_and_is_reached_by_its_public_one(
    zone: LandingZone, group: str
) -> None:
    zone.add_versions("1.0.0")
    environment = replace(zone.environment, access="public")
    step = BootCheckMachine("web", "1.0.0", group, (("run", "mine"),), "203.0.113.7")

    told = carry_out_one(replace(zone, environment=environment), step)

    azure = zone.session().azure
    nsg = azure.get(check_network_id(environment, group, "networkSecurityGroups")) or {}
    (rule,) = nsg["properties"]["securityRules"]
    assert rule["properties"]["sourceAddressPrefix"] == "203.0.113.7"
    assert rule["properties"]["destinationPortRange"] == "2222"
    public = azure.get(check_network_id(environment, group, "publicIPAddresses")) or {}
    assert f"SSH at {public['properties']['ipAddress']}:2222 answers" in told
    own = azure.get(check_network_id(environment, group, "virtualNetworks")) or {}
    guard = own["properties"]["subnets"][0]["properties"]["networkSecurityGroup"]["id"]
    assert guard == nsg["id"]


def test_a_gallery_without_the_image_is_told_how_to_create_it(zone: LandingZone) -> None:
    definition = image_definition_id(zone.environment, "web")
    assert zone.emulator.call("DELETE", str(definition)).status in {200, 202}
    with pytest.raises(Refused, match="has no image definition web") as caught:
        survey_build(zone.session(), zone.image, "run")
    assert str(caught.value.advice[0].command) == "invoke create-environment"


def test_a_base_is_pinned_once(zone: LandingZone) -> None:
    azure = zone.session().azure
    latest = pinned(azure, Base("Debian", "debian-12", "12-gen2", "latest"))
    assert latest.version != "latest"
    assert pinned(azure, latest) == latest


def test_a_base_without_a_version_is_a_mistake_in_the_definition(zone: LandingZone) -> None:
    with pytest.raises(UsageError, match="there is no version of it in westeurope"):
        pinned(zone.session().azure, Base("Debian", "debian-99", "none", "latest"))
