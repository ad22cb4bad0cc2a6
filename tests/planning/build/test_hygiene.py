"""What the packaged checks of hygiene are told of an image."""

from __future__ import annotations

from dataclasses import replace

from pipeline.definition.balancing import LoadBalancer, RulePair
from pipeline.definition.hygiene import KINDS, Hygiene
from pipeline.planning.build.hygiene import Declared, declared
from tests.planning.build.examples import LOCAL, WEB

PAIRS = (RulePair("http", 80, 8081, 8080), RulePair("metrics", 9100, 9101, 9100))
SERVED = replace(LOCAL, load_balancers=(LoadBalancer("front", "web", PAIRS),))


def test_the_ports_of_health_rules_and_ssh_are_declared() -> None:
    assert declared(WEB, SERVED) == Declared((22, 2222, 8080, 9100))


def test_what_the_author_says_is_passed_on() -> None:
    image = replace(WEB, hygiene=Hygiene(("journal",), ("/opt/*",)))
    assert declared(image, LOCAL) == Declared((22, 2222, 8080), ("journal",), ("/opt/*",))


def test_without_any_kind_nothing_is_looked_for() -> None:
    assert declared(replace(WEB, hygiene=Hygiene(("all",))), LOCAL) is None
    assert declared(replace(WEB, hygiene=Hygiene(KINDS)), LOCAL) is None


def test_where_a_rule_leads_to_every_port_each_is_declared() -> None:
    every = replace(PAIRS[0], protocol="all", backend_port=0)
    environment = replace(LOCAL, load_balancers=(LoadBalancer("front", "web", (every,)),))
    found = declared(WEB, environment)
    assert found and found.skip == ("listening",)
