"""Each line of a pre-flight, against the emulator, by the real SDK; and that a stage heeds it."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import pytest

from pipeline.definition.shape import ScaleSetShape
from pipeline.errors import Refused
from pipeline.execution.azure.requests import patch
from pipeline.execution.azure.side_by_side import AT_ONCE
from pipeline.execution.commands import preflight as commands
from pipeline.execution.commands import swap as swap_commands
from pipeline.execution.preflight.survey import reads, survey_preflight
from pipeline.output.programs import ForPrograms
from pipeline.planning.names import (
    image_definition_id,
    image_version_id,
    network_id,
    scale_set_id,
    subnet_id,
    virtual_network_id,
)
from pipeline.planning.preflight.preflight import findings
from pipeline.planning.preflight.wanted import Wanted
from tests.conftest import Emulator
from tests.execution.landing_zone import LandingZone, landing_zone

FAMILY = "standardDSv5Family"
REGION = "westeurope"


@pytest.fixture(scope="module")
def zone(emulator: Emulator, tmp_path_factory: pytest.TempPathFactory) -> LandingZone:
    """A landing zone where 1.0.0 serves; tests put back what they change."""
    made = landing_zone(tmp_path_factory.mktemp("preflight"), emulator)
    made.create()
    made.add_versions("1.0.0", "1.0.1")
    made.add_versions("1.0.2", check="", excluded=True)
    made.serve("1.0.0")
    _ = made.output
    return made


@pytest.fixture(autouse=True)
def no_limit_left(zone: LandingZone) -> Iterator[None]:
    """The subscription may use all again."""
    yield
    zone.emulator.call("DELETE", "/emulator/limits")


@dataclass(frozen=True, slots=True)
class Line:
    """One check of the document that `--json` prints."""

    result: str
    text: str


def lines(zone: LandingZone, check: str, version: str = "1.0.1") -> list[Line]:
    """What `preflight --json` says of one check."""
    said = io.StringIO()
    session = replace(zone.session(), output=ForPrograms(said))
    try:
        commands.preflight(session, "web", version)
        failed = False
    except Refused:
        failed = True
    document = json.loads(said.getvalue().splitlines()[0])
    assert failed == any(one["result"] == "FAILED" for one in document["checks"])
    checks = [one for one in document["checks"] if one["check"] == check]
    return [Line(one["result"], f"{one['what']}; {one['fix']}") for one in checks]


def results(zone: LandingZone, check: str, version: str = "1.0.1") -> list[str]:
    """The results of one check."""
    return [line.result for line in lines(zone, check, version)]


def refused(zone: LandingZone, version: str = "") -> str:
    """The refusal of a stage, which has written nothing but its claim."""
    before = zone.writes("") - zone.writes("/TXT/")
    with pytest.raises(Refused) as refusal:
        zone.stage(version)
    assert zone.writes("") - zone.writes("/TXT/") == before
    return str(refusal.value)


def planned(zone: LandingZone) -> str:
    """What `stage --plan` prints."""
    _ = zone.output
    swap_commands.stage(zone.session(plan_only=True), "web", "1.0.1")
    return " ".join(zone.output.split())


@contextmanager
def there(zone: LandingZone, identifier: str, body: dict[str, Any]) -> Iterator[None]:
    """A resource that somebody made, for as long as the context lasts."""
    assert zone.emulator.call("PUT", identifier, body).status in {200, 201}
    try:
        yield
    finally:
        assert zone.emulator.call("DELETE", identifier).status in {200, 202}


def scope(zone: LandingZone) -> str:
    """The id of the resource group."""
    environment = zone.environment
    return f"/subscriptions/{environment.subscription}/resourceGroups/{environment.resource_group}"


def limit(zone: LandingZone, **asked: Any) -> None:
    """Let the subscription use less in the region."""
    answer = zone.emulator.call("POST", "/emulator/limits", {"location": REGION, **asked})
    assert answer.status == 201


def used(zone: LandingZone, name: str) -> int:
    """How much of a quota is used."""
    listed = zone.session().azure.clients.compute.usage.list(REGION)
    return next(int(one["currentValue"]) for one in listed if one["name"]["value"] == name)


def test_where_nothing_is_wrong_every_check_says_so(zone: LandingZone) -> None:
    commands.preflight(zone.session(), "web")
    told = zone.output
    assert "FAILED" not in told
    assert "warning" not in told
    assert "unknown" not in told
    assert "web 1.0.1 passed its check" in told
    assert "4 more required for 2 x Standard_D2s_v5" in told


@pytest.mark.parametrize("quota", [FAMILY, "cores"])
def test_one_core_short_refuses_a_stage_and_one_more_lets_it(zone: LandingZone, quota: str) -> None:
    enough = used(zone, quota) + 4
    limit(zone, quota=quota, limit=enough - 1)
    assert sorted(results(zone, "quota")) == ["FAILED", "ok"]
    assert f"ask for a limit of at least {enough} for {quota} in {REGION}" in refused(zone)
    limit(zone, quota=quota, limit=enough)
    assert results(zone, "quota") == ["ok", "ok"]
    assert "note:" not in planned(zone)


def test_a_size_that_is_not_on_offer_refuses_a_stage(zone: LandingZone) -> None:
    limit(zone, size="Standard_D2s_v5", reason="QuotaId")
    assert results(zone, "size") == ["FAILED"]
    assert "Standard_D2s_v5 is restricted in westeurope: QuotaId" in refused(zone)


@pytest.mark.parametrize(
    ("size", "check", "words"),
    [
        ("Standard_D2_v2", "image", "generation V2, Standard_D2_v2 boots V1"),
        ("Standard_D2ps_v5", "image", "the image is x64, Standard_D2ps_v5 is Arm64"),
        ("Standard_D2s_v6", "image", "NVMe disks only"),
        ("Standard_M416ms_v2", "size", "Standard_M416ms_v2 is not offered in westeurope"),
    ],
)
def test_an_image_must_fit_the_size(zone: LandingZone, size: str, check: str, words: str) -> None:
    other = replace(zone, image=replace(zone.image, scale_set=ScaleSetShape(size, 2)))
    (line,) = lines(other, check)
    assert line.result == "FAILED"
    assert words in line.text


def test_a_definition_for_trusted_launch_makes_no_standard_scale_set(zone: LandingZone) -> None:
    definition = str(image_definition_id(zone.environment, "web"))
    guarded = [{"name": "SecurityType", "value": "TrustedLaunch"}]
    patched = zone.emulator.call("PATCH", definition, {"properties": {"features": guarded}})
    assert patched.status == 200
    try:
        assert "security type is TrustedLaunch: it makes no standard scale set" in refused(zone)
    finally:
        zone.emulator.call("PATCH", definition, {"properties": {"features": []}})


def test_a_version_that_is_only_in_another_region_is_refused(zone: LandingZone) -> None:
    version = image_version_id(zone.environment, "web", "1.0.3")
    zone.add_versions("1.0.3")
    body = zone.session().azure.get(version)
    assert body is not None
    body["properties"]["publishingProfile"]["targetRegions"] = [{"name": "North Europe"}]
    zone.put(version, body)
    (line,) = lines(zone, "replication", "1.0.3")
    assert line.result == "FAILED"
    assert "1.0.3 is in northeurope, not in westeurope" in line.text
    zone.emulator.call("DELETE", str(version))


def test_the_last_free_address_decides(zone: LandingZone) -> None:
    network = virtual_network_id(zone.environment)
    body = zone.session().azure.get(network)
    assert body is not None
    (subnet,) = body["properties"]["subnets"]
    subnet["properties"]["addressPrefix"] = "10.80.0.0/28"
    zone.put(network, body)
    address = {"name": "ip", "properties": {"subnet": {"id": str(subnet_id(zone.environment))}}}
    interface = {"location": REGION, "properties": {"ipConfigurations": [address]}}
    free = 11 - 3  # two instances and the interface of the machine that versions are made from
    for number in range(free - 2):
        zone.put(network_id(zone.environment, "networkInterfaces", f"nic-{number}"), interface)
    assert lines(zone, "addresses")[0].text.startswith("subnet machines: 2 of 11 addresses free")
    assert results(zone, "addresses") == ["ok"]
    zone.put(network_id(zone.environment, "networkInterfaces", "one-more"), interface)
    assert "1 of 11 addresses free, 2 more required; free 1" in refused(zone)
    subnet["properties"]["addressPrefix"] = "10.80.0.0/20"
    zone.put(network, body)


def test_a_read_only_lock_refuses_a_stage(zone: LandingZone) -> None:
    where = str(network_id(zone.environment, "loadBalancers", "front"))
    lock = f"{where}/providers/Microsoft.Authorization/locks/freeze"
    with there(zone, lock, {"properties": {"level": "ReadOnly"}}):
        assert f"freeze (ReadOnly) on {where} refuses every write" in refused(zone)


@pytest.mark.parametrize("where", ["group", "subscription"])
def test_a_read_only_lock_of_all_is_told(zone: LandingZone, where: str) -> None:
    locked = scope(zone) if where == "group" else scope(zone).partition("/resourceGroups")[0]
    lock = f"{locked}/providers/Microsoft.Authorization/locks/freeze"
    with there(zone, lock, {"properties": {"level": "ReadOnly"}}):
        assert "FAILED" in results(zone, "locks")


def test_a_lock_against_deletions_is_a_note(zone: LandingZone) -> None:
    lock = f"{scope(zone)}/providers/Microsoft.Authorization/locks/keep"
    with there(zone, lock, {"properties": {"level": "CanNotDelete"}}):
        assert "note: warning: locks: keep (CanNotDelete)" in planned(zone)


def test_a_policy_that_would_deny_the_scale_set_refuses_a_stage(zone: LandingZone) -> None:
    above, _, _ = scope(zone).partition("/resourceGroups")
    definition = f"{above}/providers/Microsoft.Authorization/policyDefinitions/owners"
    rule = {"if": {"field": "tags.owner", "exists": "false"}, "then": {"effect": "deny"}}
    assigned = f"{scope(zone)}/providers/Microsoft.Authorization/policyAssignments/owners"
    with (
        there(zone, definition, {"properties": {"policyRule": rule, "mode": "Indexed"}}),
        there(zone, assigned, {"properties": {"policyDefinitionId": definition}}),
    ):
        assert "owners of" in refused(zone)
        assert results(zone, "policy") == ["FAILED"]
    assert results(zone, "policy") == ["ok"]


@pytest.mark.parametrize(("port", "expected"), [("8080", "FAILED"), ("8082", "ok")])
def test_a_security_rule_against_probes_refuses_a_stage(
    zone: LandingZone, port: str, expected: str
) -> None:
    group = network_id(zone.environment, "networkSecurityGroups", "machines-security")
    properties = {
        "priority": 105,
        "direction": "Inbound",
        "access": "Deny",
        "protocol": "*",
        "sourceAddressPrefixes": ["10.0.0.0/8", "AzureLoadBalancer"],
        "sourcePortRange": "*",
        "destinationAddressPrefix": "*",
        "destinationPortRange": port,
    }
    rule = f"{group}/securityRules/deny"
    with there(zone, rule, {"name": "deny", "properties": properties}):
        assert results(zone, "probes")[0] == expected
        if expected == "FAILED":
            assert "machines-security refuses probes to port 8080 (deny" in refused(zone)


def test_an_upgrade_that_would_move_production_by_itself_is_a_note(zone: LandingZone) -> None:
    production = scale_set_id(zone.environment, "web-1-0-0")
    pinned = {"id": str(image_version_id(zone.environment, "web", "1.0.0"))}
    latest = {"id": str(image_definition_id(zone.environment, "web"))}

    def write(image: dict[str, str], enabled: bool) -> None:
        policy = {"automaticOSUpgradePolicy": {"enableAutomaticOSUpgrade": enabled}}
        profile = {"storageProfile": {"imageReference": image}}
        body = {"properties": {"upgradePolicy": policy, "virtualMachineProfile": profile}}
        zone.session().azure.begin(patch(production, body)).result()

    write(pinned, True)
    assert "note:" not in planned(zone)
    write(latest, True)
    assert "web-1-0-0 serves and has automatic OS upgrades" in planned(zone)
    write(pinned, False)
    assert results(zone, "upgrades") == ["ok"]


def test_a_setting_that_scales_production_is_told(zone: LandingZone) -> None:
    capacity = {"minimum": "2", "maximum": "10", "default": "2"}
    properties = {
        "targetResourceUri": str(scale_set_id(zone.environment, "web-1-0-0")),
        "enabled": True,
        "profiles": [{"name": "default", "capacity": capacity, "rules": []}],
    }
    setting = f"{scope(zone)}/providers/Microsoft.Insights/autoscaleSettings/web"
    with there(zone, setting, {"location": REGION, "properties": properties}):
        (told,) = lines(zone, "autoscale", "1.0.1")
    said = "web scales web-1-0-0 between 2 and 10, now 2; it follows a promotion"
    assert (told.result, told.text.removesuffix("; ")) == ("ok", said)


def test_a_provider_that_is_not_registered_refuses_a_stage(zone: LandingZone) -> None:
    provider = f"{scope(zone).partition('/resourceGroups')[0]}/providers/Microsoft.Compute"
    zone.emulator.call("POST", f"{provider}/unregister")
    try:
        assert "provider: Microsoft.Compute is NotRegistered; register it" in refused(zone)
    finally:
        zone.emulator.call("POST", f"{provider}/register")


def test_a_version_without_a_check_gets_every_other_reason_too(zone: LandingZone) -> None:
    limit(zone, size="Standard_D2s_v5")
    limit(zone, quota="cores", limit=0)
    told = refused(zone, "1.0.2").splitlines()
    assert told[0].startswith("web 1.0.2 cannot be promoted: it was not checked")
    assert [line.partition(":")[0] for line in told[1:]] == ["size", "quota"]
    assert results(zone, "version", "1.0.2") == ["FAILED"]


def test_a_plan_is_shown_with_what_refuses_it(zone: LandingZone) -> None:
    limit(zone, size="Standard_D2s_v5")
    with pytest.raises(Refused):
        planned(zone)
    told = " ".join(zone.output.split())
    assert "Plan: stage web 1.0.1" in told
    assert "note: FAILED: size: Standard_D2s_v5 is restricted" in told


@pytest.mark.parametrize("status", [403, 404, 501])
@pytest.mark.parametrize(
    ("path", "check"),
    [
        ("Microsoft.Compute/locations/[^/]+/usages", "quota"),
        ("Microsoft.Authorization/locks", "locks"),
        ("Microsoft.Insights/autoscaleSettings", "autoscale"),
        ("Microsoft.PolicyInsights/checkPolicyRestrictions", "policy"),
    ],
)
def test_what_azure_refuses_to_tell_is_a_note(
    zone: LandingZone, status: int, path: str, check: str
) -> None:
    refusal = {"status": status, "code": "AuthorizationFailed", "message": "No rights."}
    zone.fault({"path": path}, {"fail": refusal}, times=2)
    told = planned(zone)
    zone.emulator.call("DELETE", "/emulator/faults")
    if status == 404 and check == "quota":
        return  # a list that is not there is an empty one, as everywhere
    why = "could not be known: AuthorizationFailed: No rights."
    assert f"note: unknown: {check}: {why}" in told


@pytest.mark.parametrize(
    ("action", "why"),
    [
        ({"fail": {"status": 503, "code": "Down", "message": "Later."}}, "Down: Later."),
        ({"drop": True}, "Azure did not answer"),
    ],
)
def test_a_provider_that_is_down_does_not_hold_a_stage_up(
    zone: LandingZone, action: dict[str, Any], why: str
) -> None:
    zone.fault({"method": "GET", "path": "Microsoft.Compute/skus"}, action, times=3)
    told = planned(zone)
    assert "note: unknown: size: could not be known: " in told
    assert why in told


def test_where_only_the_group_may_be_read_its_own_locks_are_looked_at(zone: LandingZone) -> None:
    lock = f"{scope(zone)}/providers/Microsoft.Authorization/locks/keep"
    refusal = {"status": 403, "code": "AuthorizationFailed", "message": "No rights."}
    above = "^/subscriptions/[^/]+/providers/Microsoft.(Authorization|Insights)"
    with there(zone, lock, {"properties": {"level": "CanNotDelete"}}):
        zone.fault({"method": "GET", "path": above}, {"fail": refusal}, times=2)
        told = planned(zone)
    assert "note: warning: locks: keep (CanNotDelete)" in told
    assert "note: unknown: locks: those of the subscription could not be known" in told
    assert "autoscale" not in told


def test_a_version_that_is_staged_already_is_not_looked_at_again(
    emulator: Emulator, tmp_path_factory: pytest.TempPathFactory
) -> None:
    zone = landing_zone(tmp_path_factory.mktemp("staged"), emulator, capacity=1)
    zone.create()
    zone.add_versions("1.0.0")
    zone.stage()
    limit(zone, quota="cores", limit=0)
    _ = zone.output
    zone.stage()
    assert "nothing to do" in zone.output
    assert results(zone, "quota", "1.0.0") == ["ok", "FAILED"]


def asked(zone: LandingZone) -> Wanted:
    """What a stage of 1.0.1 asks for."""
    return Wanted(zone.environment, zone.image, "1.0.1", 2)


def test_no_read_needs_more_than_two_calls_after_each_other(zone: LandingZone) -> None:
    azure = zone.session().azure
    azure.clients.prepare()
    for name, read in reads(azure, asked(zone)).items():
        before = requests(zone)[-1]["number"]
        read()
        assert len(seen(zone, before)) <= 2, name
    assert len(reads(azure, asked(zone))) <= AT_ONCE


def test_a_pre_flight_asks_everything_once(zone: LandingZone) -> None:
    session = zone.session()
    before = requests(zone)[-1]["number"]
    assert {one.result for one in findings(survey_preflight(session, asked(zone)))} == {"ok"}
    paths = seen(zone, before)
    assert len(paths) == len(set(paths)) == 13


def requests(zone: LandingZone, after: int = 0) -> list[dict[str, Any]]:
    """What the emulator was asked since the request of that number."""
    listed = zone.emulator.call("GET", f"/emulator/requests?after={after}").body["value"]
    return list(listed)


def seen(zone: LandingZone, after: int) -> list[str]:
    """The paths of the GETs since the request of that number."""
    paths = (str(one["path"]) for one in requests(zone, after) if one["method"] == "GET")
    return [path for path in paths if path.startswith("/subscriptions")]


def test_a_write_of_ours_is_still_possible_afterwards(zone: LandingZone) -> None:
    """Nothing that these tests changed is left: the next stage goes through."""
    zone.stage("1.0.1")
    assert zone.status().idle == "1.0.1"
