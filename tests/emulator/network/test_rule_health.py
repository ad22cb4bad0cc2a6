"""What Azure's own probes find, asked of a rule; and the etag that moves with the members."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError

from pipeline.emulator.balancer.traffic import Finding, Probe
from pipeline.emulator.network.probe_reasons import reason
from tests.emulator.network.sdk_zone import Body, Zone


def health(zone: Zone, rule: str) -> Body:
    """The health of a rule, as the SDK gets it."""
    operations = zone.network.load_balancer_load_balancing_rules
    return dict(operations.begin_health(zone.group, "lb", rule).result().as_dict())


def member(zone: Zone, rule: str) -> tuple[str, str]:
    """State and reason of a rule's only member."""
    (address,) = health(zone, rule)["loadBalancerBackendAddresses"]
    return address["state"], address["reason"]


def ask_until(holds: Callable[[], bool]) -> None:
    """Ask again until it holds, a minute at most; each question takes a request's time."""
    patience = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < patience, "it never held"


def sicken(zone: Zone, pool: str, sickness: str) -> None:
    """Make the instance of a scale set ill."""
    instance = f"{zone.prefix}/Microsoft.Compute/virtualMachineScaleSets/{pool}/virtualMachines/0"
    path = f"/emulator/machines{instance}/sicken"
    assert zone.emulator.call("POST", path, {"sickness": sickness}).status == 204


def test_a_rule_tells_what_its_probe_finds_at_each_member(zone: Zone) -> None:
    found = health(zone, "production")
    members = zone.read()["properties"]["backendAddressPools"][0]["properties"]
    (address,) = found["loadBalancerBackendAddresses"]
    assert (found["up"], found["down"]) == (1, 0)
    assert (address["state"], address["reason"]) == ("Up", "Up_Probe_Success")
    assert (
        address["networkInterfaceIPConfigurationId"] == members["backendIPConfigurations"][0]["id"]
    )


@pytest.mark.parametrize(
    ("sickness", "reason"),
    [
        ("failing", "Down_Probe_HttpStatusCodeError"),
        ("dead", "Down_Probe_HttpNoResponse"),
    ],
)
def test_a_member_that_fails_its_probe_is_down_and_why(
    zone: Zone, sickness: str, reason: str
) -> None:
    sicken(zone, "green", sickness)
    ask_until(lambda: member(zone, "staging") == ("Down", reason))
    assert (health(zone, "staging")["down"], health(zone, "production")["up"]) == (1, 1)


def test_a_question_leaves_the_etag_alone(zone: Zone) -> None:
    before = zone.read()["etag"]
    health(zone, "production")
    assert zone.read()["etag"] == before


def test_a_rule_without_a_probe_is_refused(zone: Zone) -> None:
    before = zone.read()
    without = zone.read()
    del without["properties"]["loadBalancingRules"][1]["properties"]["probe"]
    zone.write(without)
    with pytest.raises(HttpResponseError) as caught:
        health(zone, "staging")
    assert caught.value.status_code == 400
    zone.write(before)


def test_a_rule_that_is_not_there_is_not_found(zone: Zone) -> None:
    with pytest.raises(HttpResponseError) as caught:
        health(zone, "nothing")
    assert caught.value.status_code == 404


def test_the_etag_moves_when_members_join_and_when_they_leave(zone: Zone) -> None:
    sets = zone.compute.virtual_machine_scale_sets
    etags = [zone.read()["etag"]]
    for count in (2, 1):
        capacity: Any = {"sku": {"capacity": count}}
        sets.begin_update(zone.group, "blue", capacity).result()
        etags.append(zone.read()["etag"])
    assert len(set(etags)) == 3
    assert all(pool["etag"] == etags[-1] for pool in zone.read()["properties"]["probes"])


HTTP = Probe("http", 8080)


@pytest.mark.parametrize(
    ("probe", "finding", "expected"),
    [
        (HTTP, None, (False, "NA")),
        (HTTP, Finding("UP", "INI"), (False, "NA")),
        (HTTP, Finding("UP", "L7OK"), (True, "Up_Probe_Success")),
        (HTTP, Finding("UP 1/2", "L7STS"), (True, "Up_Probe_ApproachingUnhealthyThreshold")),
        (HTTP, Finding("DOWN", "L7STS"), (False, "Down_Probe_HttpStatusCodeError")),
        (HTTP, Finding("DOWN", "L4CON"), (False, "Down_Probe_HttpEndpointUnreachable")),
        (HTTP, Finding("DOWN", "L7TOUT"), (False, "Down_Probe_HttpNoResponse")),
        (Probe("tcp", 9100), Finding("UP", "L4OK"), (True, "Up_Probe_Success")),
        (Probe("tcp", 9100), Finding("DOWN", "L4CON"), (False, "Down_Probe_TcpProbeTimeout")),
    ],
)
def test_what_haproxy_finds_is_told_in_azures_words(
    probe: Probe, finding: Finding | None, expected: tuple[bool, str]
) -> None:
    assert reason(probe, finding) == expected
