"""Checks of Windows: what Azure's side refuses here by name, and WinRM where a machine answers.

The emulator has no Windows. What listens at the address of its machine is the test's own.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.definition.operating_system import WINDOWS, OperatingSystem
from pipeline.errors import AzureRefused, CheckFailed, Unreachable
from pipeline.execution.azure.requests import put
from pipeline.execution.build import steps
from pipeline.execution.build.reaching import await_listening
from pipeline.execution.run.run import Run
from pipeline.execution.run.work import Work
from pipeline.execution.runner import begin, carry_out
from pipeline.planning import windows
from pipeline.planning.build import check_machine
from pipeline.planning.build.steps import BootCheckMachine, RunChecks
from pipeline.planning.names import check_extension_id, check_group, check_network_id
from pipeline.planning.plan import Plan
from tests.conftest import Emulator
from tests.execution.landing_zone import LandingZone, landing_zone
from tests.execution.offline import Time
from tests.execution.one_step import carry_out_one
from tests.execution.winrm_server import Machine, Ran, listening

GROUP = check_group("windows", "1.0.0", "mine")
SYSTEM = OperatingSystem(WINDOWS, "packer/windows/windows.pkr.hcl:56")
LINUX_BOOT = BootCheckMachine("web", "1.0.0", GROUP, (("run", "mine"),))
BOOT = replace(LINUX_BOOT, system=SYSTEM)
CHECKS = RunChecks("web", "1.0.0", GROUP, "images/web/checks", system=SYSTEM)
ASKS = "def test_it(host):\n    assert host.run('ver').stdout == 'Windows'\n"


@pytest.fixture
def zone(tmp_path: Path, emulator: Emulator) -> Iterator[LandingZone]:
    """A landing zone with a version, and an image with a check that asks for Windows."""
    made = landing_zone(tmp_path, emulator)
    made.create()
    made.add_versions("1.0.0")
    made.image.checks.mkdir(parents=True, exist_ok=True)
    (made.image.checks / "test_it.py").write_text(ASKS)
    _ = made.output
    yield made
    emulator.call("DELETE", f"/resourceGroups/{GROUP}")


@contextmanager
def booted(zone: LandingZone, *, keep: bool = False) -> Iterator[tuple[Run, str]]:
    """A run with a machine of a check, which Azure calls Linux, and its private address."""
    session = replace(zone.session(), keep=keep)
    with begin(session, "test", "web") as run:
        carry_out(Plan("test", (LINUX_BOOT,)), run)
        nic = check_network_id(zone.environment, GROUP, "networkInterfaces")
        (address,) = (run.session.azure.get(nic) or {})["properties"]["ipConfigurations"]
        yield run, str(address["properties"]["privateIPAddress"])


@contextmanager
def answering(folder: Path, run: Run, address: str, printed: str) -> Iterator[Machine]:
    """A machine at the address that listens for WinRM, with the run's password."""

    def ran(command: str) -> Ran:
        return 0, printed

    place = (address, windows.PORT)
    with listening(folder, ran, place=place, password=run.access.password) as machine:
        yield machine


def test_the_emulator_refuses_windows_by_name_and_no_file_has_the_password(
    zone: LandingZone,
) -> None:
    with begin(zone.session(), "test", "web") as run:
        password = run.access.password
        with pytest.raises(AzureRefused, match=r"osProfile\.windowsConfiguration") as refused:
            carry_out(Plan("test", (BOOT,)), run)

    assert password not in str(refused.value) + zone.output
    for file in (path for path in zone.root.rglob("*") if path.is_file()):
        assert password.encode() not in file.read_bytes()


def test_the_extension_is_asked_for_on_the_machine(zone: LandingZone) -> None:
    carry_out_one(zone, LINUX_BOOT)
    wanted = check_extension_id(zone.environment, GROUP, LINUX_BOOT.machine)
    body = check_machine.extension(LINUX_BOOT, zone.environment)

    with pytest.raises(AzureRefused, match=r"Microsoft\.Compute\.CustomScriptExtension"):
        zone.session().azure.begin(put(wanted, body))


def test_checks_run_over_winrm_with_the_password_of_the_run(
    zone: LandingZone, tmp_path: Path
) -> None:
    with booted(zone) as (run, address), answering(tmp_path, run, address, "Windows") as machine:
        work = Work(1, Plan("test", (BOOT,)), run)
        await_listening(BOOT, work)
        assert work.seen == f"web 1.0.0 booted; WinRM at {address}:5986 answers"

        asking = Work(1, Plan("test", (CHECKS,)), run)
        steps.run_checks(CHECKS, asking)
        assert asking.seen == "images/web/checks: 1 passed"
        assert list(machine.commands.values()) == ["ver"]


def test_a_failed_check_keeps_the_password_where_the_machine_stays(
    zone: LandingZone, tmp_path: Path
) -> None:
    with (
        booted(zone, keep=True) as (run, address),
        answering(tmp_path, run, address, "Debian"),
    ):
        work = Work(1, Plan("test", (CHECKS,)), run)
        with pytest.raises(CheckFailed, match="assert 'Debian' == 'Windows'") as failed:
            steps.run_checks(CHECKS, work)
        kept = run.folder / "machine" / "password"
        assert kept.read_text() == run.access.password
        assert kept.stat().st_mode & 0o777 == 0o600

    told = {advice.wish: str(advice.command) for advice in failed.value.advice}
    words = f"log in to its machine, {address}, as azureuser with the password in"
    assert told[words].startswith("cat ")
    assert told[words].endswith("machine/password")


def test_a_machine_that_never_listens_is_told_by_protocol_and_address(zone: LandingZone) -> None:
    carry_out_one(zone, LINUX_BOOT)
    with begin(zone.session(clock=Time().clock), "test", "web") as run:
        work = Work(1, Plan("test", (BOOT,)), run)
        with pytest.raises(Unreachable, match=r"WinRM at 127\.\S+:5986, the private address"):
            await_listening(BOOT, work)
