"""The machine of a check is asked what its instances will be asked: ssh, simulated machines."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.definition.balancing import Health
from pipeline.errors import CheckFailed
from pipeline.execution.build.contract import ask, wrong_with
from pipeline.execution.hosts import SshHost
from pipeline.execution.run.work import Work
from pipeline.execution.runner import begin, carry_out
from pipeline.execution.watch.exchange import UNNAMED, Answer
from pipeline.planning.build.contract import Contract
from pipeline.planning.build.steps import BootCheckMachine, RunChecks
from pipeline.planning.names import check_group, check_network_id
from pipeline.planning.plan import Plan
from tests.conftest import Emulator
from tests.execution.landing_zone import LandingZone, landing_zone

RICH = Health("http", 8080, "/healthz")
BINARY = Health("http", 8080, "/", "binary", "none")
PROMISED = Contract(RICH, (9100,), 2.0)
NOBODYS = "192.0.2.1"
"""An address that the machine reaches nobody at."""
GROUP = check_group("contract", "1.0.0", "mine")


@pytest.fixture
def zone(tmp_path: Path, emulator: Emulator) -> Iterator[LandingZone]:
    """A landing zone with a version, and an image with a check that passes."""
    made = landing_zone(tmp_path, emulator)
    made.create()
    made.add_versions("1.0.0")
    made.image.checks.mkdir(parents=True, exist_ok=True)
    (made.image.checks / "test_it.py").write_text("def test_it(host):\n    assert host\n")
    _ = made.output
    yield made
    emulator.call("DELETE", f"/resourceGroups/{GROUP}")


def checked(zone: LandingZone) -> str:
    """Boot a machine and check it; what was told."""
    checks = RunChecks("web", "1.0.0", GROUP, "images/web/checks", contract=PROMISED)
    steps = (BootCheckMachine("web", "1.0.0", GROUP, (("run", "mine"),)), checks)
    with begin(zone.session(), "test", "web") as run:
        carry_out(Plan("test", steps), run)
    return zone.output


@pytest.fixture
def sick(request: pytest.FixtureRequest, emulator: Emulator) -> Iterator[None]:
    """Every machine of 1.0.0 is ill."""
    path = "/emulator/machines/version:1.0.0"
    sickness = {"sickness": request.param}
    assert emulator.call("POST", f"{path}/sicken", sickness).status == 204
    yield
    emulator.call("POST", f"{path}/heal", {})


def test_a_machine_that_answers_as_promised_has_passed(zone: LandingZone) -> None:
    told = checked(zone)
    promise = "its health page, port 8080/healthz and port 9100: as promised"
    assert f"images/web/checks: 1 passed; {promise}" in told


@pytest.mark.parametrize(
    ("sick", "words"),
    [("unhealthy", "HTTP 503"), ("failing", "HTTP 500")],
    indirect=["sick"],
)
def test_a_page_that_is_not_well_fails_the_check_with_what_it_says(
    zone: LandingZone, sick: None, words: str
) -> None:
    with pytest.raises(CheckFailed, match=rf"port 8080/healthz: {words}, after \d+ s") as failed:
        checked(zone)
    assert "`latest` never resolves to it and it cannot be staged" in str(failed.value)


def test_a_port_that_nobody_opens_fails_the_check(zone: LandingZone) -> None:
    step = BootCheckMachine("web", "1.0.0", GROUP, (("run", "mine"),))
    checks = RunChecks("web", "1.0.0", GROUP, "images/web/checks", contract=PROMISED)
    environment = zone.environment
    with begin(zone.session(), "test", "web") as run:
        carry_out(Plan("test", (step,)), run)
        nic = run.session.azure.get(check_network_id(environment, GROUP, "networkInterfaces")) or {}
        (address,) = nic["properties"]["ipConfigurations"]
        private = address["properties"]["privateIPAddress"]
        host = SshHost(environment.ssh_username, private, environment.ssh_port, run.access.config)
        work = Work(1, Plan("test", (checks,)), run)
        with pytest.raises(CheckFailed, match=r"port 9100: connection closed, after \d+ s"):
            ask(checks, PROMISED, work, host, NOBODYS)


@pytest.mark.parametrize("sick", ["unforwarding"], indirect=True)
def test_a_machine_that_forwards_no_ports_is_not_asked_and_that_is_told(
    zone: LandingZone, sick: None
) -> None:
    assert "not asked, as its SSH server forwards no ports" in checked(zone)


@pytest.mark.parametrize(
    ("health", "answer", "wrong"),
    [
        (RICH, Answer("1.0.0", state="Healthy"), ""),
        (RICH, Answer(problem="HTTP 404"), "HTTP 404"),
        (RICH, Answer("1.0.0"), "its ApplicationHealthState is not told, not Healthy"),
        (
            RICH,
            Answer("1.0.0", state="Initializing"),
            "its ApplicationHealthState is Initializing, not Healthy",
        ),
        (RICH, Answer("1.0.1", state="Healthy"), "it tells 1.0.1, not 1.0.0"),
        (RICH, Answer(UNNAMED, state="Healthy"), "it tells no version, not 1.0.0"),
        (BINARY, Answer(UNNAMED), ""),
        (Health("tcp", 5432, "", "binary", "none"), Answer("tcp"), ""),
    ],
)
def test_what_a_page_lacks_is_named(health: Health, answer: Answer, wrong: str) -> None:
    assert wrong_with(answer, health, "1.0.0") == wrong
