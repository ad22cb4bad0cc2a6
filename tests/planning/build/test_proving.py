"""What the machine of a check is asked, besides the image's own checks."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pipeline.definition.balancing import Health, LoadBalancer, RulePair
from pipeline.definition.health import NO_HEALTH
from pipeline.definition.shape import Attached, DataDisk, Identity, Instances, ScaleSetShape
from pipeline.planning.build.build import plan_build
from pipeline.planning.build.proving import contract
from pipeline.planning.build.steps import RunChecks
from tests.planning.build.examples import LOCAL, WEB, survey

GIVEN = Attached("given", "0" * 64, b"x")
PLAIN = ScaleSetShape("Standard_D2s_v5", 2)


def test_the_health_page_and_the_ports_of_the_rules_are_asked() -> None:
    pairs = (
        RulePair("http", 80, 8081, 8080),
        RulePair("metrics", 9100, 9101, 9100),
        RulePair("dns", 53, 5353, 53, protocol="udp"),
        RulePair("all", 0, 0, 0, protocol="all"),
    )
    served = replace(LOCAL, load_balancers=(LoadBalancer("front", "web", pairs),))
    asked = contract(WEB, served)
    assert asked is not None
    assert (asked.health, asked.ports, asked.patience) == (WEB.health, (9100,), 60)
    assert str(asked) == "its health page, port 8080/healthz and port 9100"


def test_an_open_port_is_all_that_is_asked_of_health_over_tcp() -> None:
    asked = contract(
        replace(WEB, health=Health("tcp", 5432, states="binary", version="none")), LOCAL
    )
    assert str(asked) == "its port 5432"


@pytest.mark.parametrize(
    "shape",
    [
        replace(PLAIN, custom_data=GIVEN),
        replace(PLAIN, user_data=GIVEN),
        replace(PLAIN, identity=Identity(system=True)),
        replace(PLAIN, data_disks=(DataDisk(0, 64),)),
        replace(PLAIN, like="serving"),
    ],
)
def test_what_only_instances_get_keeps_the_machine_of_a_check_from_being_asked(
    shape: ScaleSetShape,
) -> None:
    image = replace(WEB, scale_set=shape)
    assert contract(image, LOCAL) is None
    said = replace(image, health=replace(WEB.health, check=True))
    assert contract(said, LOCAL) is not None


def test_what_an_environment_gives_its_instances_counts_there() -> None:
    front = LoadBalancer("front", "web", (), instances=Instances(user_data=GIVEN))
    assert contract(WEB, replace(LOCAL, load_balancers=(front,))) is None


def test_whoever_says_so_is_not_asked_and_neither_is_a_base() -> None:
    assert contract(replace(WEB, health=replace(WEB.health, check=False)), LOCAL) is None
    base = replace(WEB, health=NO_HEALTH, scale_set=ScaleSetShape("Standard_D2s_v5", 0))
    assert contract(base, LOCAL) is None
    (step,) = [one for one in plan_build(survey(base)).plan.steps if isinstance(one, RunChecks)]
    assert str(step) == "run the checks in images/web/checks and those of hygiene on it"
