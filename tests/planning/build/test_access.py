"""How machines of bakes and checks are reached is said, or refused, before the bake."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pipeline.definition.model import Cloud, Environment
from pipeline.errors import Refused
from pipeline.planning.build.access import doubts
from pipeline.planning.build.build import plan_build
from pipeline.planning.build.steps import BakeVersion, BootCheckMachine
from tests.planning.build.examples import LOCAL, WEB, survey

AZURE = replace(LOCAL, cloud=Cloud())
OPEN = replace(AZURE, access="public")
ADMITTING = replace(
    WEB,
    template=replace(WEB.template, variables=frozenset({"allowed_inbound_ip_addresses"})),
)


def test_a_public_machine_admits_the_runner_and_the_plan_says_so() -> None:
    plan = plan_build(survey(environment=OPEN, image=ADMITTING, runner="203.0.113.7")).plan

    bake, boot, *_ = plan.steps
    assert isinstance(bake, BakeVersion)
    assert isinstance(boot, BootCheckMachine)
    assert bake.admitted == boot.admitted == "203.0.113.7"
    assert str(bake).endswith(", with a public address for 203.0.113.7 alone")
    assert str(boot).endswith(", with a public address for 203.0.113.7 alone")


def test_a_public_machine_wants_to_know_whom_it_admits() -> None:
    with pytest.raises(Refused, match=r"or BAKESWAP_RUNNER_ADDRESS for each run"):
        plan_build(survey(environment=OPEN, image=ADMITTING))
    with pytest.raises(Refused, match="its machine would admit everybody"):
        plan_build(survey(environment=OPEN, runner="203.0.113.7"))


@pytest.mark.parametrize(
    ("environment", "has_way", "is_doubted"),
    [
        (AZURE, False, True),
        (AZURE, True, False),
        (AZURE, None, False),
        (OPEN, False, False),
    ],
)
def test_a_network_without_a_way_into_it_is_doubted(
    environment: Environment, has_way: bool | None, is_doubted: bool
) -> None:
    assert bool(doubts(environment, has_way)) is is_doubted


def test_the_doubt_is_a_note_of_the_plan_with_the_ways_out() -> None:
    (note,) = plan_build(survey(environment=AZURE, has_way=False)).plan.notes

    assert note.startswith("no address or route of this machine leads to ")
    assert 'run inside that network, or say access = "public"' in note
