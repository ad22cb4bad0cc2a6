"""Commands of two machines: who is refused, who takes over, and what happens without claims."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pipeline.errors import AzureRefused, Overtaken, Refused
from pipeline.execution.azure.requests import delete, patch, put
from pipeline.execution.patience import NETWORK
from pipeline.execution.run.lock import only_run
from pipeline.execution.run.work import Work
from pipeline.execution.runner import begin, carry_out
from pipeline.planning.claims.claim import Actor
from pipeline.planning.names import network_id
from pipeline.planning.plan import Plan
from pipeline.planning.record_names import claims_zone_id
from tests.conftest import ROOT, Emulator
from tests.execution.claims.claimants import zone_of_claims
from tests.execution.landing_zone import LandingZone, until

ADDRESS = {
    "location": "westeurope",
    "sku": {"name": "Standard"},
    "properties": {"publicIPAllocationMethod": "Static"},
}


@pytest.fixture
def zone(tmp_path: Path, emulator: Emulator) -> LandingZone:
    """A zone of claims, as one machine sees it."""
    (tmp_path / "a").mkdir()
    return zone_of_claims(tmp_path / "a", emulator)


@pytest.fixture
def elsewhere(zone: LandingZone, tmp_path: Path) -> LandingZone:
    """The same, as another machine sees it."""
    (tmp_path / "b").mkdir()
    return replace(zone, root=tmp_path / "b", said=type(zone.said)())


def nothing(step: str, work: Work) -> None:
    """A step that is done."""


def write(step: str, work: Work) -> None:
    """A step that makes a public address."""
    work.send(put(network_id(work.azure.environment, "publicIPAddresses", step), ADDRESS), NETWORK)


def run(
    zone: LandingZone,
    command: str,
    step_by_step: Callable[[str, Work], None] = nothing,
    image: str = "web",
    plan_only: bool = False,
) -> None:
    """A command of two steps."""
    session = replace(zone.session(plan_only=plan_only), actor=Actor("ann", zone.root.name))
    with begin(session, command, image) as made:
        carry_out(Plan("test", ("one", "two")), made, step_by_step=step_by_step)


def meanwhile(elsewhere: LandingZone, command: str) -> Callable[[str, Work], None]:
    """Steps that write, with a command of the other machine before the second."""

    def step_by_step(step: str, work: Work) -> None:
        if step == "two":
            run(elsewhere, command)
        write(step, work)

    return step_by_step


def addresses(zone: LandingZone) -> list[str]:
    """What was written."""
    return [
        str(body["name"])
        for body in zone.session().azure.list_in_group("Microsoft.Network/publicIPAddresses")
    ]


def records(zone: LandingZone) -> list[str]:
    """The record sets there are."""
    azure = zone.session().azure
    found = (
        azure.record_sets(claims_zone_id(zone.environment), end) for end in ("test.swap", "build")
    )
    return [str(body["name"]) for some in found for body in some]


@pytest.mark.parametrize("second", ["stage", "promote", "unstage", "prune"])
def test_a_second_machine_is_refused_and_told_by_whom(
    zone: LandingZone, elsewhere: LandingZone, second: str
) -> None:
    with pytest.raises(
        Refused, match=r"^web in test: claimed by \S+ \(command stage, by ann on a\)"
    ):
        run(zone, "stage", meanwhile(elsewhere, second))

    assert addresses(zone) == ["one"]
    assert records(zone) == []


@pytest.mark.parametrize(
    ("first", "second"), [("build-image", "stage"), ("promote", "check-image")]
)
def test_a_build_and_a_swap_go_side_by_side(
    zone: LandingZone, elsewhere: LandingZone, first: str, second: str
) -> None:
    run(zone, first, meanwhile(elsewhere, second))

    assert addresses(zone) == ["one", "two"]


def test_two_builds_do_not_in_whatever_environment(
    zone: LandingZone, elsewhere: LandingZone
) -> None:
    other = replace(elsewhere, environment=replace(zone.environment, name="other"))

    with pytest.raises(Refused, match=r"^builds of web: claimed by"):
        run(zone, "build-image", meanwhile(other, "check-image"))


def test_a_plan_alone_takes_no_claim(zone: LandingZone, elsewhere: LandingZone) -> None:
    def step_by_step(step: str, work: Work) -> None:
        run(elsewhere, "promote", plan_only=True)

    run(zone, "stage", step_by_step)


def test_a_rollback_takes_over_and_the_other_run_ends_before_its_next_write(
    zone: LandingZone, elsewhere: LandingZone
) -> None:
    with pytest.raises(Overtaken) as caught:
        run(zone, "promote", meanwhile(elsewhere, "rollback"))

    assert str(caught.value).startswith("web in test: the claim of this run is gone: ")
    assert addresses(zone) == ["one"]
    assert "web in test: taken over from " in elsewhere.output
    assert "(command promote, by ann on a)" not in zone.output


def test_a_rollback_that_is_still_at_it_is_named(zone: LandingZone, elsewhere: LandingZone) -> None:
    def both(step: str, work: Work) -> None:
        with pytest.raises(Overtaken, match=r"taken over by \S+ \(command rollback, by ann on b\)"):
            write("by promote", work)

    def promote(step: str, work: Work) -> None:
        run(elsewhere, "rollback", lambda *_: both(step, work))
        work.run.check()

    with pytest.raises(Overtaken):
        run(zone, "promote", promote)
    assert addresses(zone) == []


def test_a_rollback_waits_for_no_run_of_its_own_checkout(zone: LandingZone) -> None:
    with pytest.raises(Overtaken):
        run(zone, "promote", meanwhile(zone, "rollback"))

    assert "another run is active" in zone.output
    assert addresses(zone) == ["one"]


@pytest.mark.parametrize("command", ["stage", "promote", "rollback", "build-image"])
def test_an_environment_made_before_has_no_claims_and_says_so(
    zone: LandingZone, command: str
) -> None:
    zone.session().azure.clients.resources.resources.begin_delete_by_id(
        str(claims_zone_id(zone.environment)), api_version="2024-06-01"
    ).result()

    run(zone, command, write)

    assert addresses(zone) == ["one", "two"]
    assert "this environment has no claims" in zone.output


FAULTS: list[dict[str, Any]] = [
    {"drop": True},
    {"fail": {"status": 403, "code": "AuthorizationFailed", "message": "No."}},
    {"fail": {"status": 500, "code": "InternalServerError", "message": "No."}},
]


@pytest.mark.parametrize("fault", FAULTS, ids=str)
@pytest.mark.parametrize("command", ["promote", "rollback"])
def test_emergency_commands_go_on_where_claims_cannot_be_asked_for(
    zone: LandingZone, command: str, fault: dict[str, Any]
) -> None:
    path = f"{zone.environment.resource_group}/.*/TXT/"
    zone.fault({"path": path}, fault, times=99)

    run(zone, command, write)

    assert addresses(zone) == ["one", "two"]
    assert zone.output.count("continuing without a claim") == 1


@pytest.mark.parametrize("command", ["promote", "rollback"])
def test_emergency_commands_go_on_where_claims_cannot_be_asked_for_any_more(
    zone: LandingZone, command: str
) -> None:
    path = f"{zone.environment.resource_group}/.*/TXT/"

    def step_by_step(step: str, work: Work) -> None:
        if step == "one":
            zone.fault({"path": path}, {"drop": True}, times=99)
        write(step, work)

    run(zone, command, step_by_step)

    assert addresses(zone) == ["one", "two"]
    assert "stays claimed until" in zone.output


@pytest.mark.parametrize("command", ["stage", "build-image"])
def test_other_commands_are_refused_in_azures_words(zone: LandingZone, command: str) -> None:
    path = f"{zone.environment.resource_group}/.*/TXT/"
    zone.fault({"path": path}, FAULTS[1], times=99)

    with pytest.raises(AzureRefused, match="AuthorizationFailed: No"):
        run(zone, command, write)

    assert addresses(zone) == []


def test_every_write_is_preceded_by_a_look_whatever_it_is(
    zone: LandingZone, elsewhere: LandingZone
) -> None:
    address = network_id(zone.environment, "publicIPAddresses", "one")
    zone.put(address, ADDRESS)

    def step_by_step(step: str, work: Work) -> None:
        run(elsewhere, "rollback")
        for request in (put(address, ADDRESS), patch(address, {"tags": {}}), delete(address)):
            with pytest.raises(Overtaken):
                work.send(request, NETWORK)
        work.run.check()

    with pytest.raises(Overtaken):
        run(zone, "stage", step_by_step)
    assert addresses(zone) == ["one"]


HOLD = """
import sys
from pathlib import Path
from pipeline.definition.model import Cloud
from pipeline.execution.runner import begin
from tests.execution.landing_zone import LandingZone, environment_of, image_of
manager, ca, credential, subscription, group, root = sys.argv[1:]
cloud = Cloud("BakeswapEmulator", manager, manager, Path(ca), Path(credential))
environment = environment_of(cloud, subscription, group)
zone = LandingZone(Path(root), environment, image_of(Path(root)), emulator=None)
with begin(zone.session(), "stage", "web") as run:
    print("held", flush=True)
    sys.stdin.readline()
"""


def test_the_claim_of_a_killed_run_goes_to_the_next_of_its_checkout_and_to_no_other(
    zone: LandingZone, elsewhere: LandingZone
) -> None:
    facts = zone.emulator.facts
    words = [facts[key] for key in ("resource_manager", "ca_file", "credentials_file")]
    group = zone.environment.resource_group
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, *words, zone.emulator.subscription, group, str(zone.root)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    ) as held:
        assert held.stdout is not None
        assert held.stdout.readline() == "held\n"
        with pytest.raises(Refused, match="another run is active"):
            run(zone, "promote")
        held.send_signal(signal.SIGKILL)
    with pytest.raises(Refused, match=r"claimed by \S+ \(command stage"):
        run(elsewhere, "stage")

    run(zone, "promote", write)

    assert "taken over from" in zone.output
    assert addresses(zone) == ["one", "two"]
    assert records(zone) == []


def test_a_lock_names_those_who_held_it_before(tmp_path: Path) -> None:
    lock = tmp_path / "web.lock"
    for number in range(3):
        with only_run(lock, f"run-{number}") as earlier:
            assert earlier == {f"run-{before}" for before in range(number)}


def test_the_end_of_a_run_that_was_refused_gives_nothing_away(
    zone: LandingZone, elsewhere: LandingZone
) -> None:
    def step_by_step(step: str, work: Work) -> None:
        if step == "one":
            with pytest.raises(Refused):
                run(elsewhere, "stage")
        until(lambda: records(zone) == ["web.test.swap"])

    run(zone, "stage", step_by_step)
