"""Each rule is asked in the protocol of its own probe, where its frontend is."""

from __future__ import annotations

from typing import Any

from pipeline.arm import ResourceId
from pipeline.planning.watch.health import MemberHealth, RuleHealth, rule_health
from pipeline.planning.watch.targets import Target, targets_of

LOAD_BALANCER = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/loadBalancers/front"
FRONTEND = f"{LOAD_BALANCER}/frontendIPConfigurations/production"
ADDRESSES = {ResourceId.parse(FRONTEND): "10.0.0.1"}


def rule(name: str, port: int, backend_port: int, probe: str = "", frontend: str = FRONTEND) -> Any:
    """A load balancing rule."""
    properties: dict[str, Any] = {
        "protocol": "Udp" if name == "dns" else "Tcp",
        "frontendIPConfiguration": {"id": frontend},
        "frontendPort": port,
        "backendPort": backend_port,
    }
    if probe:
        properties["probe"] = {"id": f"{LOAD_BALANCER}/probes/{probe}".upper()}
    return {"name": name, "properties": properties}


def body(*rules: Any) -> dict[str, Any]:
    """A load balancer with three probes."""
    probes = [
        ("health", {"protocol": "Http", "port": 8080, "requestPath": "/healthz"}),
        ("secure", {"protocol": "Https", "port": 8443}),
        ("metrics", {"protocol": "Tcp", "port": 9100}),
    ]
    return {
        "properties": {
            "probes": [{"name": name, "properties": properties} for name, properties in probes],
            "loadBalancingRules": list(rules),
        }
    }


def test_a_rule_is_asked_as_its_own_probe_asks() -> None:
    found = targets_of(
        body(
            rule("http", 80, 8080, "health"),
            rule("https", 443, 8443, "secure"),
            rule("metrics", 9100, 9100, "metrics"),
        ),
        ADDRESSES,
        {"http", "https", "metrics"},
    )
    assert found == (
        Target("http", "http", "10.0.0.1", 80, "/healthz"),
        Target("https", "https", "10.0.0.1", 443, "/"),
        Target("metrics", "tcp", "10.0.0.1", 9100),
    )
    assert list(map(str, found)) == [
        "http://10.0.0.1:80/healthz",
        "https://10.0.0.1:443/",
        "tcp://10.0.0.1:9100",
    ]


def test_a_rule_whose_probe_asks_another_port_is_asked_over_tcp() -> None:
    found = targets_of(
        body(rule("metrics", 9100, 9100, "health"), rule("bare", 22, 2222)),
        ADDRESSES,
        {"metrics", "bare"},
    )
    assert [target.protocol for target in found] == ["tcp", "tcp"]


def test_only_the_named_rules_with_a_known_address_are_asked() -> None:
    elsewhere = f"{LOAD_BALANCER}/frontendIPConfigurations/new"
    found = targets_of(
        body(
            rule("http", 80, 8080, "health"),
            rule("other", 81, 8080, "health"),
            rule("new", 82, 8080, "health", elsewhere),
            rule("dns", 53, 53),
        ),
        ADDRESSES,
        {"http", "new", "dns"},
    )
    assert [target.rule for target in found] == ["http"]


def test_what_azures_probes_find_is_read_with_its_reason() -> None:
    health = rule_health(
        "http",
        {
            "up": 1,
            "down": 1,
            "loadBalancerBackendAddresses": [
                {"ipAddress": "10.0.0.4", "state": "Up", "reason": "Up_Probe_Success"},
                {"ipAddress": "10.0.0.5", "state": "Down", "reason": "Down_Probe_HttpNoResponse"},
            ],
        },
    )
    assert health.members[1] == MemberHealth("10.0.0.5", False, "Down_Probe_HttpNoResponse")
    assert (health.is_known, health.up, health.is_in_doubt) == (True, 1, True)
    assert str(health) == ("http: 1 of 2 members up; 10.0.0.5 is down (Down_Probe_HttpNoResponse)")


def test_an_answer_without_members_says_nothing() -> None:
    health = rule_health("http", {})
    assert (health.is_known, health.is_in_doubt) == (False, False)
    assert str(health) == "http: not known (no member is named)"


def test_what_azure_does_not_tell_is_said() -> None:
    health = RuleHealth("http", because="not offered (HTTP 404)")
    assert not health.is_known
    assert str(health) == "http: not known (not offered (HTTP 404))"
