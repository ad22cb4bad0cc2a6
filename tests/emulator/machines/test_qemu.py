"""Real machines: Debian boots, is provisioned, deprovisioned and captured, and boots again."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
from collections.abc import Coroutine, Iterator
from pathlib import Path
from typing import Any, TypeVar

import asyncssh
import pytest

from pipeline.emulator.machines.process import leftovers
from pipeline.emulator.machines.qemu import Qemu
from pipeline.emulator.machines.seam import SSH_PORT, Machine, MachineError, Marketplace, Profile

pytestmark = pytest.mark.vm

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "bakeswap"
NETWORK = f"127.99.{os.getpid() % 250}"
SCRIPT = b"#!/bin/sh\necho custom data ran >/root/custom-data-ran\n"
T = TypeVar("T")


class Lab:
    """Machines on a folder of their own, one event loop, and a key that opens them."""

    def __init__(self, state: Path) -> None:
        self.state = state
        self.machines = Qemu(state, CACHE)
        self.key = asyncssh.generate_private_key("ssh-ed25519")
        self._runner = asyncio.Runner()

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run one coroutine to its end."""
        return self._runner.run(coroutine)

    def close(self) -> None:
        """Stop all machines."""
        with self._runner:
            self.run(self.machines.close())

    def profile(self, hostname: str, user: str, **more: Any) -> Profile:
        """A profile that lets our key in."""
        public = self.key.export_public_key().decode()
        return Profile(hostname, user, (public,), **more)

    def ssh(self, machine: Machine, command: str, **login: Any) -> str:
        """What a command prints, run by the machine's user; anything but success raises."""

        async def ask() -> str:
            assert machine.profile is not None
            how = {"client_keys": [self.key], "username": machine.profile.admin_username} | login
            async with asyncssh.connect(
                machine.address, SSH_PORT, known_hosts=None, login_timeout=120, **how
            ) as connection:
                return str((await connection.run(command, check=True)).stdout).strip()

        return self.run(ask())

    def processes(self) -> list[int]:
        """Our QEMU processes."""
        return list(leftovers(self.state / "machines"))


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    lab = Lab(tmp_path_factory.mktemp("machines"))
    lab.run(lab.machines.recover())
    versions = lab.machines.marketplace_versions("Debian", "debian-12", "12-gen2")
    base = Marketplace("Debian", "debian-12", "12-gen2", versions[-1])
    lab.run(lab.machines.provide(base, "base"))
    yield lab
    lab.close()
    assert lab.processes() == []


@pytest.fixture(scope="module")
def first(lab: Lab) -> Machine:
    """A machine of the marketplace image, running until `captured` takes it."""
    lab.run(lab.machines.create_disk("first", "base"))
    profile = lab.profile("first-vm", "packer", custom_data=SCRIPT, user_data=b"for the user")
    machine = Machine("first", "first", f"{NETWORK}.1", 2, 4096, profile)
    lab.run(lab.machines.start(machine))
    return machine


@pytest.fixture(scope="module")
def captured(lab: Lab, first: Machine) -> str:
    """The image of the first machine, deprovisioned; that machine's disk is gone."""
    lab.ssh(first, "sudo /usr/sbin/waagent -force -deprovision+user && sync")
    lab.run(lab.machines.stop(first.name))
    lab.run(lab.machines.capture(first.disk, "captured"))
    lab.run(lab.machines.delete_disk(first.disk))
    return "captured"


@pytest.fixture(scope="module")
def second(lab: Lab, captured: str) -> Machine:
    """A machine of the captured image, for another user with key and password."""
    lab.run(lab.machines.create_disk("second", captured))
    profile = lab.profile("second-vm", "azureuser", password="Correct-horse-9")
    machine = Machine("second", "second", f"{NETWORK}.2", 2, 4096, profile)
    lab.run(lab.machines.start(machine))
    return machine


def test_a_machine_has_the_user_and_hostname_of_its_profile(lab: Lab, first: Machine) -> None:
    assert lab.ssh(first, "hostname; whoami; sudo -n whoami") == "first-vm\npacker\nroot"


def test_a_machine_has_the_custom_data_and_user_data_of_its_profile(
    lab: Lab, first: Machine
) -> None:
    assert lab.ssh(first, "sudo cat /var/lib/waagent/CustomData") == SCRIPT.decode().strip()
    assert lab.ssh(first, "sudo cat /var/lib/waagent/UserData") == "for the user"


def test_custom_data_that_is_a_script_is_run(lab: Lab, first: Machine) -> None:
    # Starting a unit that is starting waits for it.
    lab.ssh(first, "sudo systemctl start custom-data.service")
    assert lab.ssh(first, "sudo cat /root/custom-data-ran") == "custom data ran"


def test_no_unit_of_a_machine_has_failed(lab: Lab, first: Machine) -> None:
    assert lab.ssh(first, "systemctl --failed --no-legend") == ""


def test_how_machines_are_run_is_said(lab: Lab, first: Machine) -> None:
    assert lab.machines.accelerator is not None
    assert lab.machines.accelerator.sentence


def test_starting_a_machine_that_runs_starts_no_second_one(lab: Lab, first: Machine) -> None:
    before = lab.processes()
    lab.run(lab.machines.start(first))
    assert lab.processes() == before


def test_a_port_is_served_from_when_it_is_opened_until_it_is_closed(
    lab: Lab, first: Machine
) -> None:
    async def banner() -> bytes:
        reader, writer = await asyncio.open_connection(first.address, 8081)
        try:
            return await reader.read(4)
        finally:
            writer.close()
            await writer.wait_closed()

    lab.ssh(first, "sudo /usr/sbin/sshd -p 8081")
    for _ in range(2):  # ports that are open already are no error
        lab.run(lab.machines.open_ports(first.name, frozenset({8081})))
    assert lab.run(banner()) == b"SSH-"
    lab.run(lab.machines.open_ports(first.name, frozenset()))
    with pytest.raises(ConnectionRefusedError):
        lab.run(banner())


def test_a_machine_that_runs_cannot_be_captured(lab: Lab, first: Machine) -> None:
    with pytest.raises(MachineError, match="is running"):
        lab.run(lab.machines.capture(first.disk, "too-early"))


def test_an_address_in_use_is_said_at_once_and_leaves_nothing(lab: Lab) -> None:
    lab.run(lab.machines.create_disk("spare", "base"))
    machine = Machine("spare", "spare", f"{NETWORK}.3", 1, 512, lab.profile("spare", "me"))
    before = lab.processes()
    with socket.create_server((machine.address, SSH_PORT)), pytest.raises(MachineError) as refusal:
        lab.run(lab.machines.start(machine))
    assert "host forwarding" in str(refusal.value)
    assert lab.processes() == before
    assert list(lab.state.glob("machines/spare/profile.tar")) == []


def test_a_stopped_and_captured_disk_has_a_clean_file_system(lab: Lab, captured: str) -> None:
    disk = lab.state / "images" / captured / "disk.raw"
    subprocess.run(["/sbin/e2fsck", "-fn", disk], check=True, capture_output=True)


def test_a_stopped_machine_leaves_no_secret_behind(lab: Lab, first: Machine, captured: str) -> None:
    assert not lab.machines.is_running(first.name)
    assert list(lab.state.glob(f"machines/{first.name}/profile.tar")) == []


def test_a_captured_image_knows_nothing_of_the_user_it_was_made_by(
    lab: Lab, second: Machine
) -> None:
    assert lab.ssh(second, "hostname; ls /home") == "second-vm\nazureuser"
    assert "packer" not in lab.ssh(second, "cat /etc/passwd; sudo cat /etc/sudoers.d/waagent")
    with pytest.raises(asyncssh.PermissionDenied):
        lab.ssh(second, "true", username="packer")


def test_a_captured_image_keeps_what_was_installed(lab: Lab, second: Machine) -> None:
    assert lab.ssh(second, "sudo cat /root/custom-data-ran") == "custom data ran"


def test_a_password_lets_its_user_in(lab: Lab, second: Machine) -> None:
    assert second.profile is not None
    login = {"client_keys": None, "password": second.profile.password}
    assert lab.ssh(second, "whoami", **login) == "azureuser"


def test_a_disk_keeps_its_contents_and_host_keys_from_stop_to_start(
    lab: Lab, second: Machine
) -> None:
    fingerprint = "ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub"
    before = lab.ssh(second, f"touch ~/written; {fingerprint}")
    lab.run(lab.machines.stop(second.name))
    assert not lab.machines.is_running(second.name)
    lab.run(lab.machines.start(second))
    assert lab.ssh(second, f"test -e ~/written && {fingerprint}") == before


KILLED = """
import asyncio, os, signal, sys
from pathlib import Path
from pipeline.emulator.machines.qemu import Qemu
from pipeline.emulator.machines.seam import Machine

async def main(state, cache, address):
    machines = Qemu(Path(state), Path(cache))
    starting = asyncio.create_task(machines.start(Machine("lost", "lost", address, 1, 512, None)))
    while not machines.is_running("lost") and not starting.done():
        await asyncio.sleep(0.05)
    os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(main(*sys.argv[1:]))
"""


def test_a_killed_emulators_machines_are_ended_by_the_next_and_no_others(
    lab: Lab, second: Machine, tmp_path: Path
) -> None:
    next_lab = Lab(tmp_path)
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "base").symlink_to(lab.state / "images" / "base")
    next_lab.run(next_lab.machines.create_disk("lost", "base"))
    arguments = [str(tmp_path), str(CACHE), f"{NETWORK}.4"]
    subprocess.run([sys.executable, "-c", KILLED, *arguments], check=False)
    assert len(next_lab.processes()) == 1

    next_lab.run(next_lab.machines.recover())
    assert next_lab.processes() == []
    assert lab.machines.is_running(second.name)
    next_lab.close()


def test_killing_a_machine_forgets_all_but_its_disk(lab: Lab, second: Machine) -> None:
    lab.run(lab.machines.kill(second.name))
    lab.run(lab.machines.kill(second.name))
    assert not lab.machines.is_running(second.name)
    assert not (lab.state / "machines" / second.name).exists()
    assert (lab.state / "disks" / second.disk).is_dir()


def test_a_specialized_disk_boots_without_a_profile(lab: Lab) -> None:
    machine = Machine("bare", "spare", f"{NETWORK}.5", 1, 512, None)
    lab.run(lab.machines.start(machine))
    assert lab.machines.is_running("bare")
