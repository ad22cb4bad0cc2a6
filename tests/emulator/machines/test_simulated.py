"""Simulated machines, through real ssh, scp, sftp and HTTP clients."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import asyncssh
import pytest

from pipeline.emulator.machines.seam import SSH_PORT, Machine, MachineError, Marketplace, Profile
from pipeline.emulator.machines.simulated import Simulated
from pipeline.emulator.machines.simulated_faults import MachineFault, MachineFaults
from tests.emulator.conftest import entered
from tests.emulator.loopback import address

BASE = Marketplace("Debian", "debian-12", "12-gen2", "0.20260101.1")
ADDRESS = address(80_000)


class BootedMachine:
    """A started simulated machine and a key that opens it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.machines = Simulated(folder / "state")
        self.key = asyncssh.generate_private_key("ssh-rsa", key_size=2048)
        self.key_file = folder / "key"
        self.key.write_private_key(str(self.key_file))
        self.key_file.chmod(0o600)

    def machine(self, name: str = "m1", disk: str = "d1", at: str = ADDRESS) -> Machine:
        public = self.key.export_public_key("openssh").decode().strip()
        profile = Profile("web000000", "packer", ssh_keys=(f"{public} packer Azure Deployment",))
        facts = (("version", "1.0.0"), ("image", "web"))
        return Machine(name, disk, at, 1, 1024, profile, frozenset({8080}), facts)

    async def call(self, program: str, *arguments: str) -> tuple[int, str]:
        port = "-p" if program == "ssh" else "-P"
        options = ["StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "LogLevel=ERROR"]
        process = await asyncio.create_subprocess_exec(
            program,
            *(word for option in (*options, "BatchMode=yes") for word in ("-o", option)),
            *("-F", "/dev/null", "-i", str(self.key_file), port, str(SSH_PORT)),
            *arguments,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        out, _ = await process.communicate()
        return process.returncode or 0, out.decode()

    async def ssh(self, command: str) -> tuple[int, str]:
        return await self.call("ssh", f"packer@{ADDRESS}", command)


@asynccontextmanager
async def _booted(folder: Path) -> AsyncIterator[BootedMachine]:
    booted = BootedMachine(folder)
    await booted.machines.recover()
    await booted.machines.provide(BASE, "base")
    await booted.machines.create_disk("d1", "base")
    await booted.machines.start(booted.machine())
    try:
        yield booted
    finally:
        await booted.machines.close()


@pytest.fixture
def booted(tmp_path: Path, runner: asyncio.Runner) -> Iterator[BootedMachine]:
    """A simulated machine that runs."""
    with entered(runner, _booted(tmp_path)) as made:
        yield made


async def _get(port: int = 8080, path: str = "/healthz") -> tuple[int, dict[str, str]]:
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"http://{ADDRESS}:{port}{path}") as answer,
    ):
        return answer.status, json.loads(await answer.text())


async def test_a_machine_answers_its_health_version_and_hostname(booted: BootedMachine) -> None:
    assert await _get() == (
        200,
        {
            "ApplicationHealthState": "Healthy",
            "version": "1.0.0",
            "image": "web",
            "hostname": "web000000",
        },
    )


async def test_ports_open_and_close_while_the_machine_runs(booted: BootedMachine) -> None:
    await booted.machines.open_ports("m1", frozenset({8080, 9090}))
    assert (await _get(9090, "/"))[0] == 200
    await booted.machines.open_ports("m1", frozenset({8080}))
    with pytest.raises(aiohttp.ClientConnectorError):
        await _get(9090)


@pytest.mark.parametrize(
    ("command", "status", "output"),
    [
        ("true", 0, ""),
        ("exit 7", 7, ""),
        ("echo one; false || echo two && echo 'a  b'", 0, "one\ntwo\na  b\n"),
        ("sudo -E -n hostname", 0, "web000000\n"),
        ("sh -c 'uname -s'", 0, "Linux\n"),
        ("X='1 2' Y=3 whoami", 0, "packer\n"),
        ("test -e /etc/os-release", 0, ""),
        ("test -d /etc/../../../../work", 1, ""),
        ("nginx -v", 127, "sh: nginx: not found\n"),
    ],
)
async def test_a_machine_answers_a_command(
    booted: BootedMachine, command: str, status: int, output: str
) -> None:
    assert await booted.ssh(command) == (status, output)


@pytest.mark.parametrize("protocol", ["-O", "-s"])
async def test_an_uploaded_script_is_run_as_packer_does_and_decides_its_status(
    booted: BootedMachine, protocol: str
) -> None:
    script = booted.folder / "script_1.sh"
    script.write_text("#!/bin/sh\nif false; then\n  exit 9\nfi\nexit 3\n")
    uploaded = await booted.call("scp", protocol, str(script), f"packer@{ADDRESS}:/tmp/script_1.sh")
    assert uploaded == (0, "")
    command = "chmod 0755 /tmp/script_1.sh; PACKER_BUILD_NAME='web' /tmp/script_1.sh"
    assert (await booted.ssh(command))[0] == 3
    assert await booted.ssh("rm -f /tmp/script_1.sh; test -e /tmp/script_1.sh") == (1, "")


async def test_uploaded_files_are_part_of_a_captured_image(
    booted: BootedMachine, tmp_path: Path
) -> None:
    (tmp_path / "page").write_text("v2")
    (tmp_path / "page").chmod(0o700)
    await booted.call("scp", str(tmp_path / "page"), f"packer@{ADDRESS}:/var/page")
    await booted.machines.stop("m1")
    await booted.machines.capture("d1", "captured")
    await booted.machines.delete_disk("d1")
    await booted.machines.copy_image("captured", "version")
    await booted.machines.delete_image("captured")
    await booted.machines.create_disk("d2", "version")
    await booted.machines.start(booted.machine("m2", "d2"))
    assert await booted.ssh("cat /var/page") == (0, "v2")
    (uploaded,) = tmp_path.glob("**/d2/root/var/page")
    assert uploaded.stat().st_mode & 0o777 == 0o700


async def test_another_key_does_not_log_in(booted: BootedMachine) -> None:
    status, _ = await booted.call("ssh", f"root@{ADDRESS}", "true")
    assert status == 255
    asyncssh.generate_private_key("ssh-ed25519").write_private_key(str(booted.key_file))
    status, _ = await booted.ssh("true")
    assert status == 255


async def test_an_unhealthy_machine_answers_503_until_its_fault_is_taken_back(
    booted: BootedMachine,
) -> None:
    booted.machines.set_fault("m1", "unhealthy")
    assert await _get() == (503, {**(await _get())[1], "ApplicationHealthState": "Unhealthy"})
    booted.machines.clear_fault("m1")
    assert (await _get())[0] == 200
    booted.machines.set_fault("version:1.0.0", "unhealthy")
    assert (await _get())[0] == 503


async def test_an_unreachable_machine_hangs_up_on_ssh_until_its_fault_is_taken_back(
    booted: BootedMachine,
) -> None:
    booted.machines.set_fault("m1", "unreachable")
    assert (await booted.ssh("true"))[0] == 255
    booted.machines.clear_fault("m1")
    assert (await booted.ssh("true"))[0] == 0


async def test_a_dead_machine_hangs_up_on_everybody(booted: BootedMachine) -> None:
    booted.machines.set_fault("m1", "dead")
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await _get()
    assert (await booted.ssh("true"))[0] == 255


async def test_a_fault_of_a_share_strikes_exactly_that_share(booted: BootedMachine) -> None:
    booted.machines.set_fault("m1", "failing", 0.1)
    statuses = [(await _get())[0] for _ in range(40)]
    assert (statuses.count(500), statuses.count(200)) == (4, 36)


def test_a_fault_begins_when_its_time_has_come() -> None:
    now = 100.0
    faults = MachineFaults(clock=lambda: now)
    machine = Machine("m1", "d1", ADDRESS, 1, 1024, None)
    faults.set("m1", "hanging", 1.0, after=30.0)
    now = 129.9
    assert faults.of(machine) is None
    now = 130.0
    assert faults.of(machine) == MachineFault("hanging", 1.0, 130.0)


@pytest.mark.parametrize(
    ("sickness", "share", "after", "words"),
    [
        ("tired", 1.0, 0.0, "'tired' is none of unhealthy, failing, hanging, dead, unreachable"),
        ("failing", 0.0, 0.0, "a share is above 0 and at most 1, not 0.0"),
        ("failing", 1.5, 0.0, "a share is above 0 and at most 1, not 1.5"),
        ("failing", float("nan"), 0.0, "a share is above 0 and at most 1, not nan"),
        ("failing", 1.0, -1.0, "'after' is a number of seconds, not -1.0"),
        ("failing", 1.0, float("inf"), "'after' is a number of seconds, not inf"),
    ],
)
def test_a_fault_that_cannot_be_is_refused(
    tmp_path: Path, sickness: str, share: float, after: float, words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        Simulated(tmp_path).set_fault("m1", sickness, share, after)


def test_a_newer_marketplace_version_can_be_put_on_offer(tmp_path: Path) -> None:
    machines = Simulated(tmp_path)
    machines.offer(Marketplace("Debian", "debian-12", "12-gen2", "0.20260201.1"))
    assert machines.marketplace_versions("debian", "Debian-12", "12-GEN2") == (
        "0.20260101.1",
        "0.20260201.1",
    )
    assert machines.marketplace_versions("Debian", "debian-13", "13") == ()


async def test_a_machine_without_a_disk_does_not_start(booted: BootedMachine) -> None:
    with pytest.raises(MachineError, match="there is no disk d9"):
        await booted.machines.start(booted.machine("m9", "d9", address(80_001)))
    assert not booted.machines.is_running("m9")


@pytest.mark.slow
async def test_a_thousand_machines_run_at_once(booted: BootedMachine) -> None:
    for number in range(1000):
        name = f"n{number}"
        await booted.machines.create_disk(name, "base")
        await booted.machines.start(booted.machine(name, name, address(90_000 + number)))
    assert all(booted.machines.is_running(f"n{number}") for number in range(1000))
