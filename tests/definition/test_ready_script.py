"""packer/linux/ready.sh waits for the first boot's own work, with programs of the test's own."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "packer" / "linux" / "ready.sh"
LOCKS = ("var/lib/dpkg/lock-frontend", "var/lib/apt/lists/lock")


class Machine:
    """A folder in place of the root, and the programs that the script finds."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "root"
        self.programs = folder / "bin"
        for name in ("proc", "etc/apt/apt.conf.d", *(str(Path(lock).parent) for lock in LOCKS)):
            (self.root / name).mkdir(parents=True, exist_ok=True)
        self.programs.mkdir()
        self.program("sleep", f"echo slept >>{folder}/slept; rm -f {self.root}/proc/locks")
        self.slept = folder / "slept"

    def program(self, name: str, script: str) -> None:
        """Put a program on the machine's PATH."""
        file = self.programs / name
        file.write_text(f"#!/bin/sh\n{script}\n")
        file.chmod(0o755)

    def hold(self, lock: str) -> None:
        """Have a lock held by somebody."""
        file = self.root / lock
        file.touch()
        line = f"1: POSIX  ADVISORY  WRITE 412 08:01:{file.stat().st_ino} 0 EOF\n"
        (self.root / "proc/locks").write_text(line)

    def run(self, seconds: int = 900) -> subprocess.CompletedProcess[str]:
        """Run the script as Packer does."""
        surroundings = {
            "PATH": f"{self.programs}:{os.environ['PATH']}",
            "READY_ROOT": str(self.root),
            "READY_SECONDS": str(seconds),
        }
        return subprocess.run(
            ["sh", str(SCRIPT)], env=surroundings, capture_output=True, text=True, check=False
        )


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """A machine without cloud-init, whose systemd runs nothing of apt."""
    made = Machine(tmp_path)
    made.program("systemctl", "true")
    made.program("cloud-init", "exit 0")
    return made


def test_a_machine_that_is_ready_is_not_waited_for(machine: Machine) -> None:
    ended = machine.run()

    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")
    assert not machine.slept.exists()
    left = machine.root / "etc/apt/apt.conf.d/99-bake-lock-timeout"
    assert left.read_text() == 'DPkg::Lock::Timeout "300";\n'


@pytest.mark.parametrize("lock", LOCKS)
def test_a_package_lock_is_waited_for(machine: Machine, lock: str) -> None:
    machine.hold(lock)

    ended = machine.run()

    assert (ended.returncode, ended.stdout) == (0, f"waiting: /{lock} is held\n")
    assert machine.slept.read_text() == "slept\n"


def test_a_lock_that_is_never_released_fails_by_name(machine: Machine) -> None:
    machine.hold(LOCKS[0])
    machine.program("sleep", "true")

    ended = machine.run(seconds=4)

    assert ended.returncode != 0
    assert ended.stderr == f"not ready after 4 s: /{LOCKS[0]} is held\n"


def test_what_apt_does_after_the_first_boot_is_waited_for_and_its_timers_stop(
    machine: Machine,
) -> None:
    said = machine.root / "said"
    machine.program(
        "systemctl",
        f'echo "$@" >>{said}; case "$*" in *apt-daily-upgrade.service)'
        f" [ -e {machine.slept} ] || echo activating;; esac",
    )

    ended = machine.run()

    assert (ended.returncode, ended.stdout) == (
        0,
        "waiting: apt-daily-upgrade.service is running\n",
    )
    assert "stop apt-daily.timer apt-daily-upgrade.timer" in said.read_text()


@pytest.mark.parametrize("code", [1, 2])
def test_an_error_of_cloud_init_is_told_and_no_failure(machine: Machine, code: int) -> None:
    machine.program("cloud-init", f"exit {code}")

    ended = machine.run()

    assert ended.returncode == 0
    assert ended.stdout.startswith(f"cloud-init ended with an error ({code})")


def test_a_cloud_init_that_never_ends_fails(machine: Machine) -> None:
    machine.program("timeout", "exit 124")

    ended = machine.run()

    assert ended.returncode != 0
    assert "cloud-init is still at work" in ended.stderr
