"""What Azure's own probes find is told where it is offered, and is never in the way."""

from __future__ import annotations

import pytest

from pipeline.errors import NotConfirmed
from pipeline.execution.azure.rule_health import ask_rule_health
from pipeline.execution.patience import RULE_HEALTH
from pipeline.execution.wait import Clock
from pipeline.planning.names import load_balancer_id
from pipeline.planning.watch.health import RuleHealth
from pipeline.planning.watch.steps import AskProbes
from tests.conftest import Emulator
from tests.execution.landing_zone import LandingZone, landing_zone, until
from tests.execution.one_step import carry_out_one


@pytest.fixture(scope="module")
def zone(tmp_path_factory: pytest.TempPathFactory, emulator: Emulator) -> LandingZone:
    """A landing zone where 1.0.0 is staged."""
    made = landing_zone(tmp_path_factory.mktemp("zone"), emulator, capacity=2)
    made.create()
    made.add_versions("1.0.0")
    made.stage()
    return made


def asked(zone: LandingZone, rule: str, clock: Clock | None = None) -> RuleHealth:
    """The health of a rule."""
    resource = load_balancer_id(zone.environment, "front").child("loadBalancingRules", rule)
    clock = clock or Clock()
    azure = zone.session().azure
    (found,) = ask_rule_health(azure, [resource], patience=RULE_HEALTH, clock=clock)
    return found


def test_each_member_behind_a_rule_is_told(zone: LandingZone) -> None:
    health = asked(zone, "http-staging")
    assert (health.is_known, health.up, len(health.members)) == (True, 2, 2)
    assert {member.reason for member in health.members} == {"Up_Probe_Success"}


@pytest.mark.parametrize(
    ("status", "code", "because"),
    [
        (404, "NotFound", "not offered (NotFound)"),
        (501, "NotServed", "not offered (NotServed)"),
        (403, "AuthorizationFailed", "AuthorizationFailed: no"),
        (409, "ScopeLocked", "ScopeLocked: no"),
    ],
)
def test_what_is_not_offered_or_not_allowed_is_no_error(
    zone: LandingZone, status: int, code: str, because: str
) -> None:
    path = f"/{zone.environment.resource_group}/.*/http-staging/health$"
    refusal = {"status": status, "code": code, "message": "no"}
    zone.fault({"method": "POST", "path": path}, {"fail": refusal})
    assert asked(zone, "http-staging") == RuleHealth("http-staging", because=because)


def test_a_dropped_answer_is_no_error(zone: LandingZone) -> None:
    path = f"/{zone.environment.resource_group}/.*/http-staging/health$"
    zone.fault({"method": "POST", "path": path}, {"drop": True})
    assert asked(zone, "http-staging").because == "Azure did not answer"


def steps(zone: LandingZone, *rules: str, patience: float = 60.0) -> AskProbes:
    """The proof of rules by their probes."""
    return AskProbes(load_balancer_id(zone.environment, "front"), rules, patience)


def test_members_that_are_up_are_proof(zone: LandingZone) -> None:
    told = carry_out_one(zone, steps(zone, "http-staging", "metrics-staging"))
    assert (
        " ok      1  http-staging: 2 of 2 members up; metrics-staging: 2 of 2 members up\n" in told
    )


def test_what_is_not_known_is_told_and_in_nobodys_way(zone: LandingZone) -> None:
    assert "http: not known (no member is named)" in carry_out_one(zone, steps(zone, "http"))


def test_a_member_that_stays_down_is_no_proof(zone: LandingZone) -> None:
    zone.sicken("web-1-0-0/virtualMachines/1", "failing")
    until(lambda: asked(zone, "http-staging").up == 1)
    reason = r"1 of 2 members up; \S+ is down \(Down_Probe_HttpStatusCodeError\)"
    with pytest.raises(NotConfirmed, match=reason):
        carry_out_one(zone, steps(zone, "http-staging", patience=0.0))
    zone.heal("web-1-0-0/virtualMachines/1")
    assert "2 of 2 members up" in carry_out_one(zone, steps(zone, "http-staging"))
