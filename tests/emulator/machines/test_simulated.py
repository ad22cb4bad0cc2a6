"""Simulated machines, through real ssh, scp, sftp and HTTP clients."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import asyncssh
import pytest

from pipeline.emulator.machines.seam import SSH_PORT, Machine, MachineError, Marketplace, Profile
from pipeline.emulator.machines.simulated import Simulated
from tests.emulator.loopback import address

BASE = Marketplace("Debian", "debian-12", "12-gen2", "0.20260101.1")
ADDRESS = address(80_000)


class Bench:
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
async def _booted(folder: Path) -> AsyncIterator[Bench]:
    bench = Bench(folder)
    await bench.machines.recover()
    await bench.machines.provide(BASE, "base")
    await bench.machines.create_disk("d1", "base")
    await bench.machines.start(bench.machine())
    try:
        yield bench
    finally:
        await bench.machines.close()


def with_booted(folder: Path, test: Callable[[Bench], Awaitable[None]]) -> None:
    """Run a test against one booted machine."""

    async def run() -> None:
        async with _booted(folder) as bench:
            await test(bench)

    asyncio.run(run())


async def _get(port: int = 8080, path: str = "/healthz") -> tuple[int, dict[str, str]]:
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"http://{ADDRESS}:{port}{path}") as answer,
    ):
        return answer.status, json.loads(await answer.text())


def test_a_machine_tells_its_health_version_and_hostname(tmp_path: Path) -> None:
    async def test(bench: Bench) -> None:
        assert await _get() == (
            200,
            {
                "ApplicationHealthState": "Healthy",
                "version": "1.0.0",
                "image": "web",
                "hostname": "web000000",
            },
        )

    with_booted(tmp_path, test)


def test_ports_open_and_close_while_the_machine_runs(tmp_path: Path) -> None:
    async def test(bench: Bench) -> None:
        await bench.machines.open_ports("m1", frozenset({8080, 9090}))
        assert (await _get(9090, "/"))[0] == 200
        await bench.machines.open_ports("m1", frozenset({8080}))
        with pytest.raises(aiohttp.ClientConnectorError):
            await _get(9090)

    with_booted(tmp_path, test)


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
def test_a_machine_answers_a_command(
    tmp_path: Path, command: str, status: int, output: str
) -> None:
    async def test(bench: Bench) -> None:
        assert await bench.ssh(command) == (status, output)

    with_booted(tmp_path, test)


@pytest.mark.parametrize("protocol", ["-O", "-s"])
def test_an_uploaded_script_is_run_as_packer_does_and_decides_its_status(
    tmp_path: Path, protocol: str
) -> None:
    async def test(bench: Bench) -> None:
        script = bench.folder / "script_1.sh"
        script.write_text("#!/bin/sh\nif false; then\n  exit 9\nfi\nexit 3\n")
        uploaded = await bench.call(
            "scp", protocol, str(script), f"packer@{ADDRESS}:/tmp/script_1.sh"
        )
        assert uploaded == (0, "")
        command = "chmod 0755 /tmp/script_1.sh; PACKER_BUILD_NAME='web' /tmp/script_1.sh"
        assert (await bench.ssh(command))[0] == 3
        assert await bench.ssh("rm -f /tmp/script_1.sh; test -e /tmp/script_1.sh") == (1, "")

    with_booted(tmp_path, test)


def test_uploaded_files_travel_with_a_captured_image(tmp_path: Path) -> None:
    async def test(bench: Bench) -> None:
        (tmp_path / "page").write_text("v2")
        await bench.call("scp", str(tmp_path / "page"), f"packer@{ADDRESS}:/var/page")
        await bench.machines.stop("m1")
        await bench.machines.capture("d1", "captured")
        await bench.machines.delete_disk("d1")
        await bench.machines.copy_image("captured", "version")
        await bench.machines.delete_image("captured")
        await bench.machines.create_disk("d2", "version")
        await bench.machines.start(bench.machine("m2", "d2"))
        assert await bench.ssh("cat /var/page") == (0, "v2")

    with_booted(tmp_path, test)


def test_nobody_else_logs_in(tmp_path: Path) -> None:
    async def test(bench: Bench) -> None:
        status, _ = await bench.call("ssh", f"root@{ADDRESS}", "true")
        assert status == 255
        asyncssh.generate_private_key("ssh-ed25519").write_private_key(str(bench.key_file))
        status, _ = await bench.ssh("true")
        assert status == 255

    with_booted(tmp_path, test)


def test_a_sick_machine_says_so_until_it_is_healed(tmp_path: Path) -> None:
    async def test(bench: Bench) -> None:
        bench.machines.set_fault("m1", "unhealthy")
        assert await _get() == (503, {**(await _get())[1], "ApplicationHealthState": "Unhealthy"})
        bench.machines.clear_fault("m1")
        assert (await _get())[0] == 200
        bench.machines.set_fault("version:1.0.0", "unhealthy")
        assert (await _get())[0] == 503

    with_booted(tmp_path, test)


def test_an_unreachable_machine_hangs_up_on_ssh_until_it_is_healed(tmp_path: Path) -> None:
    async def test(bench: Bench) -> None:
        bench.machines.set_fault("m1", "unreachable")
        assert (await bench.ssh("true"))[0] == 255
        bench.machines.clear_fault("m1")
        assert (await bench.ssh("true"))[0] == 0

    with_booted(tmp_path, test)


def test_an_unknown_sickness_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="'tired' is none of unhealthy, hanging, unreachable"):
        Simulated(tmp_path).set_fault("m1", "tired")


def test_a_newer_marketplace_version_can_be_put_on_offer(tmp_path: Path) -> None:
    machines = Simulated(tmp_path)
    machines.offer(Marketplace("Debian", "debian-12", "12-gen2", "0.20260201.1"))
    assert machines.marketplace_versions("debian", "Debian-12", "12-GEN2") == (
        "0.20260101.1",
        "0.20260201.1",
    )
    assert machines.marketplace_versions("Debian", "debian-13", "13") == ()


def test_a_machine_without_a_disk_does_not_start(tmp_path: Path) -> None:
    async def test(bench: Bench) -> None:
        with pytest.raises(MachineError, match="there is no disk d9"):
            await bench.machines.start(bench.machine("m9", "d9", address(80_001)))
        assert not bench.machines.is_running("m9")

    with_booted(tmp_path, test)


@pytest.mark.slow
def test_a_thousand_machines_run_at_once(tmp_path: Path) -> None:
    async def test(bench: Bench) -> None:
        for number in range(1000):
            name = f"n{number}"
            await bench.machines.create_disk(name, "base")
            await bench.machines.start(bench.machine(name, name, address(90_000 + number)))
        assert all(bench.machines.is_running(f"n{number}") for number in range(1000))

    with_booted(tmp_path, test)
