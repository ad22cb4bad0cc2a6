"""Where rules lead, from a survey."""

from __future__ import annotations

import json

from pipeline.planning.report.topology import Topology, moved, topology_of
from tests.planning.swap.examples import (
    SERVED,
    V0,
    V1,
    body,
    members_of,
    scale_set,
    surveyed,
    swap_tags,
)

OLD = scale_set("1.0.0", tags=SERVED)
NEW = scale_set("1.0.1", sick=1)
BEFORE = topology_of(surveyed(OLD, NEW))
AFTER = topology_of(surveyed(NEW, OLD, tags=swap_tags(V1, V0)))


def test_what_serves_comes_first_with_its_rules_sets_and_members() -> None:
    first = BEFORE.pools[0]
    assert (first.name, first.role, first.version) == ("web-1-0-0", "serving", "1.0.0")
    assert first.sets == ("web-1-0-0",)
    assert {led.frontend for led in first.rules} == {"production"}
    assert all(led.address for led in first.rules)
    assert all(member.is_healthy for member in first.members)
    assert [member.is_healthy for member in BEFORE.pools[1].members].count(False) == 1


def test_rules_that_lead_elsewhere_than_before_are_named_production_s_first() -> None:
    lines = moved(BEFORE, AFTER)
    assert lines[0] == "production rule http: web-1-0-0 -> web-1-0-1"
    assert any(line.startswith("staging rule http-staging: ") for line in lines)
    assert moved(BEFORE, BEFORE) == ()
    assert moved(Topology(()), BEFORE)[0] == "production rule http: nothing -> web-1-0-0"


def test_a_pool_that_only_rules_lead_to_is_empty() -> None:
    empty = topology_of(surveyed(OLD)).pools[-1]
    assert (empty.members, empty.sets, empty.role) == ((), (), "")
    assert empty.rules


def test_what_was_written_is_read_again() -> None:
    assert Topology.read(json.loads(json.dumps(BEFORE.document))) == BEFORE


def test_a_rule_that_leads_to_nothing_leads_to_no_pool() -> None:
    document = body("web-1-0-0", members=members_of(OLD))
    (metrics,) = [
        rule for rule in document["properties"]["loadBalancingRules"] if rule["name"] == "metrics"
    ]
    del metrics["properties"]["backendAddressPool"]
    del metrics["properties"]["backendAddressPools"]
    found = topology_of(surveyed(OLD, load_balancer=document))
    assert found.leads("http") == "web-1-0-0"
    assert found.leads("metrics") == ""
