"""Real machines: Debian boots, is provisioned, deprovisioned and captured, and boots again."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Coroutine, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

import asyncssh
import pytest

from pipeline.emulator.machines.process import leftovers
from pipeline.emulator.machines.qemu import Qemu
from pipeline.emulator.machines.seam import (
    SSH_PORT,
    Machine,
    MachineError,
    MachineTimeout,
    Marketplace,
    Profile,
    Ran,
)

pytestmark = pytest.mark.vm

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "bakeswap"
NETWORK = f"127.99.{os.getpid() % 250}"
SCRIPT = b"#!/bin/sh\necho custom data ran >/root/custom-data-ran\n"
T = TypeVar("T")


class QemuHost:
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
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[QemuHost]:
    host = QemuHost(tmp_path_factory.mktemp("machines"))
    host.run(host.machines.recover())
    versions = host.machines.marketplace_versions("Debian", "debian-12", "12-gen2")
    base = Marketplace("Debian", "debian-12", "12-gen2", versions[-1])
    host.run(host.machines.provide(base, "base"))
    yield host
    host.close()
    assert host.processes() == []


@pytest.fixture(scope="module")
def first(host: QemuHost) -> Machine:
    """A machine of the marketplace image, running until `captured` takes it."""
    host.run(host.machines.create_disk("first", "base"))
    profile = host.profile("first-vm", "packer", custom_data=SCRIPT, user_data=b"for the user")
    machine = Machine("first", "first", f"{NETWORK}.1", 2, 4096, profile)
    host.run(host.machines.start(machine))
    return machine


@pytest.fixture(scope="module")
def captured(host: QemuHost, first: Machine) -> str:
    """The image of the first machine, deprovisioned; that machine's disk is gone."""
    host.ssh(first, "sudo /usr/sbin/waagent -force -deprovision+user && sync")
    host.run(host.machines.stop(first.name))
    host.run(host.machines.capture(first.disk, "captured"))
    host.run(host.machines.delete_disk(first.disk))
    return "captured"


@pytest.fixture(scope="module")
def second(host: QemuHost, captured: str) -> Machine:
    """A machine of the captured image, for another user with key and password."""
    host.run(host.machines.create_disk("second", captured))
    profile = host.profile("second-vm", "azureuser", password="Correct-horse-9")
    machine = Machine("second", "second", f"{NETWORK}.2", 2, 4096, profile)
    host.run(host.machines.start(machine))
    return machine


def test_a_machine_has_the_user_and_hostname_of_its_profile(host: QemuHost, first: Machine) -> None:
    assert host.ssh(first, "hostname; whoami; sudo -n whoami") == "first-vm\npacker\nroot"


def test_a_machine_has_the_custom_data_and_user_data_of_its_profile(
    host: QemuHost, first: Machine
) -> None:
    assert host.ssh(first, "sudo cat /var/lib/waagent/CustomData") == SCRIPT.decode().strip()
    assert host.ssh(first, "sudo cat /var/lib/waagent/UserData") == "for the user"


def test_custom_data_that_is_a_script_is_run(host: QemuHost, first: Machine) -> None:
    # Starting a unit that is starting waits for it.
    host.ssh(first, "sudo systemctl start custom-data.service")
    assert host.ssh(first, "sudo cat /root/custom-data-ran") == "custom data ran"


def test_the_console_shows_how_far_a_boot_is(host: QemuHost, first: Machine) -> None:
    console = host.machines.console(first.name).decode(errors="replace")
    assert "Linux version" in console
    assert "walinuxagent.serv" in console


def test_no_unit_of_a_machine_has_failed(host: QemuHost, first: Machine) -> None:
    assert host.ssh(first, "systemctl --failed --no-legend") == ""


def test_a_script_is_run_as_root_and_what_it_printed_is_told(
    host: QemuHost, first: Machine
) -> None:
    ran = host.run(host.machines.run_script(first.name, "whoami\necho no >&2\nexit 3\n", 60))
    assert ran == Ran(3, "root\n", "no\n")


def test_a_script_is_in_no_process_list_and_leaves_nothing(host: QemuHost, first: Machine) -> None:
    script = "#!/bin/bash\n: correct-horse\ncat /proc/[0-9]*/cmdline\n"
    assert "correct-horse" not in host.run(host.machines.run_script(first.name, script, 60)).output
    left = "sudo find /var/lib/waagent/run-command -type f; sudo grep -rl correct-hors[e] /var/log"
    assert host.ssh(first, f"{left}; true") == ""


def test_a_script_that_takes_too_long_is_an_error(host: QemuHost, first: Machine) -> None:
    with pytest.raises(MachineTimeout, match=r"first: it has not ended after 0\.1 s"):
        host.run(host.machines.run_script(first.name, "sleep 5", 0.1))
    ran = host.run(host.machines.run_script(first.name, "echo next", 60))
    assert ran.output == "next\n"


def test_the_accelerator_is_named(host: QemuHost, first: Machine) -> None:
    assert host.machines.accelerator is not None
    assert host.machines.accelerator.sentence


def test_starting_a_machine_that_runs_starts_no_second_one(host: QemuHost, first: Machine) -> None:
    before = host.processes()
    host.run(host.machines.start(first))
    assert host.processes() == before


async def banner(address: str, port: int) -> bytes:
    """What a server says first; nothing where the guest refuses a connection that was forwarded."""
    reader, writer = await asyncio.open_connection(address, port)
    try:
        return await reader.read(4)
    finally:
        writer.close()
        await writer.wait_closed()


async def first_banner(address: str, port: int) -> bytes:
    """What it says once it listens: a daemon that was started may need a moment."""
    async with asyncio.timeout(60):
        while not (said := await banner(address, port)):
            await asyncio.sleep(0.2)
    return said


def test_a_port_is_served_from_when_it_is_opened_until_it_is_closed(
    host: QemuHost, first: Machine
) -> None:
    host.ssh(first, "sudo /usr/sbin/sshd -p 8081")
    for _ in range(2):  # ports that are open already are no error
        host.run(host.machines.open_ports(first.name, frozenset({8081})))
    assert host.run(first_banner(first.address, 8081)) == b"SSH-"
    host.run(host.machines.open_ports(first.name, frozenset()))
    with pytest.raises(ConnectionRefusedError):
        host.run(banner(first.address, 8081))


def test_a_machine_that_runs_cannot_be_captured(host: QemuHost, first: Machine) -> None:
    with pytest.raises(MachineError, match="is running"):
        host.run(host.machines.capture(first.disk, "too-early"))


def test_an_address_in_use_is_named_at_once_and_leaves_nothing(host: QemuHost) -> None:
    host.run(host.machines.create_disk("spare", "base"))
    machine = Machine("spare", "spare", f"{NETWORK}.3", 1, 512, host.profile("spare", "me"))
    before = host.processes()
    with socket.create_server((machine.address, SSH_PORT)), pytest.raises(MachineError) as refusal:
        host.run(host.machines.start(machine))
    assert "host forwarding" in str(refusal.value)
    assert host.processes() == before
    assert list(host.state.glob("machines/spare/profile.tar")) == []


def test_a_stopped_and_captured_disk_has_a_clean_file_system(host: QemuHost, captured: str) -> None:
    disk = host.state / "images" / captured / "disk.raw"
    subprocess.run(["/sbin/e2fsck", "-fn", disk], check=True, capture_output=True)


def test_a_stopped_machine_leaves_no_secret_behind(
    host: QemuHost, first: Machine, captured: str
) -> None:
    assert not host.machines.is_running(first.name)
    assert list(host.state.glob(f"machines/{first.name}/profile.tar")) == []


def test_a_captured_image_holds_nothing_of_the_user_that_made_it(
    host: QemuHost, second: Machine
) -> None:
    assert host.ssh(second, "hostname; ls /home") == "second-vm\nazureuser"
    assert "packer" not in host.ssh(second, "cat /etc/passwd; sudo cat /etc/sudoers.d/waagent")
    with pytest.raises(asyncssh.PermissionDenied):
        host.ssh(second, "true", username="packer")


def test_a_captured_image_keeps_what_was_installed(host: QemuHost, second: Machine) -> None:
    assert host.ssh(second, "sudo cat /root/custom-data-ran") == "custom data ran"


def test_a_password_lets_its_user_in(host: QemuHost, second: Machine) -> None:
    assert second.profile is not None
    login = {"client_keys": None, "password": second.profile.password}
    assert host.ssh(second, "whoami", **login) == "azureuser"


def test_a_disk_keeps_its_contents_and_host_keys_from_stop_to_start(
    host: QemuHost, second: Machine
) -> None:
    fingerprint = "ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub"
    before = host.ssh(second, f"touch ~/written; {fingerprint}")
    host.run(host.machines.stop(second.name))
    assert not host.machines.is_running(second.name)
    host.run(host.machines.start(second))
    assert host.ssh(second, f"test -e ~/written && {fingerprint}") == before


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
    host: QemuHost, second: Machine, tmp_path: Path
) -> None:
    next_lab = QemuHost(tmp_path)
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "base").symlink_to(host.state / "images" / "base")
    next_lab.run(next_lab.machines.create_disk("lost", "base"))
    arguments = [str(tmp_path), str(CACHE), f"{NETWORK}.4"]
    subprocess.run([sys.executable, "-c", KILLED, *arguments], check=False)
    assert len(next_lab.processes()) == 1

    next_lab.run(next_lab.machines.recover())
    assert next_lab.processes() == []
    assert host.machines.is_running(second.name)
    next_lab.close()


def test_killing_a_machine_forgets_all_but_its_disk(host: QemuHost, second: Machine) -> None:
    host.run(host.machines.kill(second.name))
    host.run(host.machines.kill(second.name))
    assert not host.machines.is_running(second.name)
    assert not (host.state / "machines" / second.name).exists()
    assert (host.state / "disks" / second.disk).is_dir()


def test_a_specialized_disk_boots_without_a_profile(host: QemuHost) -> None:
    machine = Machine("bare", "spare", f"{NETWORK}.5", 1, 512, None)
    host.run(host.machines.start(machine))
    assert host.machines.is_running("bare")


def test_of_a_guest_that_does_not_answer_all_is_told(host: QemuHost, tmp_path: Path) -> None:
    impatient = Qemu(tmp_path, CACHE, boot_seconds=0.5)
    versions = host.machines.marketplace_versions("Debian", "debian-12", "12-gen2")
    host.run(impatient.provide(Marketplace("Debian", "debian-12", "12-gen2", versions[-1]), "base"))
    host.run(impatient.create_disk("late", "base"))
    late = Machine("late", "late", f"{NETWORK}.9", 1, 1024, host.profile("late-vm", "azureuser"))
    told = r"QEMU used \d+ s, its processor is (running|halted) at [0-9a-f]+; its console says"
    with pytest.raises(MachineError, match=told):
        host.run(impatient.start(late))
    assert not impatient.is_running("late")
    host.run(impatient.close())


@contextmanager
def little_time(processes: Callable[[], Iterable[int]], share: float) -> Iterator[None]:
    """Give processes a share of a processor: they are stopped for the rest of each moment."""
    ended = threading.Event()

    def send(number: signal.Signals) -> None:
        for process in processes():
            with suppress(ProcessLookupError):
                os.kill(process, number)

    def squeeze() -> None:
        while not ended.wait(0.1 * share):
            send(signal.SIGSTOP)
            ended.wait(0.1 * (1 - share))
            send(signal.SIGCONT)

    thread = threading.Thread(target=squeeze)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
        send(signal.SIGCONT)


@pytest.mark.nightly
def test_a_guest_on_a_host_with_little_time_is_waited_for(host: QemuHost) -> None:
    host.run(host.machines.create_disk("slow", "base"))
    slow = Machine("slow", "slow", f"{NETWORK}.8", 1, 1024, host.profile("slow-vm", "azureuser"))
    with little_time(host.processes, 0.15):
        host.run(host.machines.start(slow))
    assert host.ssh(slow, "hostname") == "slow-vm"
    host.run(host.machines.kill(slow.name))
