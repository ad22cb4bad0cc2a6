"""A load balancer of another hand: what it lacks is named with its command, never written."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

import pytest

from pipeline.advice import Shell
from pipeline.arm import ResourceId
from pipeline.definition.balancing import LoadBalancer, RulePair, RuleProbe
from pipeline.errors import Refused
from pipeline.planning.landing_zone.plan import plan_landing_zone
from pipeline.planning.landing_zone.steps import LandingZoneStep
from pipeline.planning.landing_zone.wanted import used, wanted
from pipeline.planning.names import declared_id
from pipeline.planning.plan import Plan
from tests.planning.swap.examples import ENVIRONMENT, PROJECT

PAIR = RulePair("https", 443, 8443, 8080, production_rule="lbrule-443")
THEIRS = LoadBalancer(
    *("lb-shop", "web", (PAIR,)),
    managed=False,
    resource_group="platform",
    production_frontend="",
    staging_frontend="",
)
OWN = declared_id(replace(ENVIRONMENT, load_balancers=(THEIRS,)), THEIRS)
OF = "--resource-group platform --lb-name lb-shop"


def rule(name: str, port: int, probe: str = "alive", **more: Any) -> dict[str, Any]:
    """A rule as a GET answers it."""
    properties = {
        "protocol": "Tcp",
        "frontendIPConfiguration": {"id": str(OWN.child("frontendIPConfigurations", "PublicIP"))},
        "frontendPort": port,
        "backendPort": 8080,
        "backendAddressPool": {"id": str(OWN.child("backendAddressPools", "bepool"))},
        "probe": {"id": str(OWN.child("probes", probe))} if probe else None,
        "idleTimeoutInMinutes": 15,
        "enableTcpReset": True,
        "enableFloatingIP": False,
        "disableOutboundSnat": False,
        **more,
    }
    return {"name": name, "properties": properties}


def balancer(*rules: dict[str, Any]) -> dict[str, Any]:
    """Their load balancer, with one frontend and one probe."""
    return {
        "name": "lb-shop",
        "properties": {
            "frontendIPConfigurations": [{"name": "PublicIP"}],
            "probes": [{"name": "alive", "properties": {"protocol": "Tcp", "port": 8080}}],
            "loadBalancingRules": list(rules),
        },
    }


def planned(body: dict[str, Any] | None, declared: LoadBalancer = THEIRS) -> Plan[LandingZoneStep]:
    """The plan where all else is there."""
    environment = replace(ENVIRONMENT, load_balancers=(declared,))
    there: dict[ResourceId, dict[str, Any]] = {
        one.resource: {**copy.deepcopy(one.body), "etag": 'W/"1"'}
        for one in wanted(PROJECT, environment)
    }
    if body is not None:
        there[OWN] = body
    return plan_landing_zone(PROJECT, environment, True, there)


def refused(body: dict[str, Any] | None, declared: LoadBalancer = THEIRS) -> tuple[str, list[str]]:
    """Why nothing is planned, and the commands that are advised."""
    with pytest.raises(Refused) as caught:
        planned(body, declared)
    commands = [one.command for one in caught.value.advice]
    return str(caught.value), [one.text for one in commands if isinstance(one, Shell)]


def pairs(*pairs: RulePair, **changes: Any) -> LoadBalancer:
    """Their load balancer, declared otherwise."""
    return replace(THEIRS, pairs=pairs, **changes)


COMPLETE = balancer(rule("lbrule-443", 443), rule("https-staging", 8443))


def test_what_is_complete_is_left_alone() -> None:
    for declared in (THEIRS, pairs(replace(PAIR, probe_name="Alive"))):
        plan = planned(COMPLETE, declared)
        assert (plan.is_empty, plan.notes) == (True, ())
    environment = replace(ENVIRONMENT, load_balancers=(THEIRS,))
    assert used(environment) == (OWN,)
    assert OWN not in {one.resource for one in wanted(PROJECT, environment)}


def test_what_is_not_there_is_not_created() -> None:
    why, commands = refused(None)
    assert f"{OWN}: does not exist, and environments.hcl says that bakeswap does not" in why
    assert commands == []


def test_a_missing_staging_rule_is_told_with_the_twin_of_production_s() -> None:
    why, commands = refused(balancer(rule("lbrule-443", 443)))
    assert f"{OWN}: no rule https-staging: port 8443 of the frontend PublicIP" in why
    assert "Nothing was changed" in why
    assert commands == [
        f"az network lb address-pool create {OF} --name web-empty-staging",
        f"az network lb rule create {OF} --name https-staging --protocol Tcp --frontend-ip PublicIP"
        " --frontend-port 8443 --backend-port 8080 --backend-pool-name web-empty-staging"
        " --probe-name alive --idle-timeout 15 --enable-tcp-reset true"
        " --disable-outbound-snat false",
    ]


def test_a_twin_keeps_floating_ip_and_has_no_probe_where_production_s_rule_has_none() -> None:
    _, (_, command) = refused(balancer(rule("lbrule-443", 443, "", enableFloatingIP=True)))
    assert command.endswith("--enable-floating-ip true")
    assert "--probe-name" not in command


def test_a_production_rule_that_is_not_there_is_a_slip_of_its_author() -> None:
    why, commands = refused(balancer(rule("lbrule-44", 443)))
    assert (f"{OWN}: no rule lbrule-443; did you mean lbrule-44?" in why, commands) == (True, [])


@pytest.mark.parametrize(
    ("private", "last"),
    [
        (False, "--name inner --public-ip-address lb-shop-inner"),
        (True, "--name inner --subnet /subscriptions/"),
    ],
)
def test_a_missing_frontend_is_told(private: bool, last: str) -> None:
    declared = pairs(PAIR, private=private, staging_frontend="inner")
    why, commands = refused(COMPLETE, declared)
    assert "no frontend inner" in why
    assert last in commands[-1]
    assert commands[0].startswith("az network public-ip create") is not private


@pytest.mark.parametrize(
    ("probe", "asked"),
    [
        (None, "--protocol Http --port 8080 --path /healthz --interval 5"),
        (RuleProbe("tcp"), "--protocol Tcp --port 8080 --interval 5"),
    ],
)
def test_a_missing_probe_is_told(probe: RuleProbe | None, asked: str) -> None:
    declared = pairs(replace(PAIR, probe_name="deep", probe=probe))
    why, commands = refused(COMPLETE, declared)
    assert "no probe deep" in why
    assert "lbrule-443 is probed by alive, not by deep" in why
    assert commands == [
        f"az network lb probe create {OF} --name deep {asked}",
        f"az network lb rule update {OF} --name lbrule-443 --probe-name deep",
        f"az network lb rule update {OF} --name https-staging --probe-name deep",
    ]


def test_a_twin_that_is_probed_otherwise_would_be_staged_unproven() -> None:
    there = balancer(rule("lbrule-443", 443), rule("https-staging", 8443, ""))
    why, commands = refused(there)
    assert "https-staging is probed by nothing, not by alive as its twin" in why
    assert commands == [f"az network lb rule update {OF} --name https-staging --probe-name alive"]


def test_a_twin_that_leads_elsewhere_than_production_s_is_told() -> None:
    there = balancer(rule("lbrule-443", 443), rule("https-staging", 8443, backendPort=9))
    assert "backendPort of https-staging is 9, of its twin 8080" in refused(there)[0]


def test_what_differs_is_told_and_left_as_it_is() -> None:
    there = balancer(rule("lbrule-443", 444, ""), rule("https-staging", 8443, ""))
    plan = planned(there)
    assert plan.is_empty
    assert plan.notes == (
        "lb-shop: frontendPort of lbrule-443 is 444, the definitions say 443: left as it is",
        "lb-shop: lbrule-443 has no probe: Azure sends connections to sick instances, too",
    )
