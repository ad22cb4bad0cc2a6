"""System packages: which programs are missing, and apt to bring them."""

from __future__ import annotations

import importlib.util
import os
import shlex
import sys
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

from pipeline.setup import commands
from pipeline.setup.places import Places
from pipeline.setup.reporting import Reporter, SetupError

CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
APT_ENVIRONMENT = {"DEBIAN_FRONTEND": "noninteractive"}


@dataclass(frozen=True, slots=True)
class Need:
    """A Debian package, and how to tell that what we want of it is there."""

    package: str
    present: Callable[[], bool]


def _program(name: str) -> Callable[[], bool]:
    return lambda: commands.find(name) is not None


def _can_make_virtual_environments() -> bool:
    """Debian parts `ensurepip` from Python, and a venv without it has no pip."""
    return importlib.util.find_spec("ensurepip") is not None


def _can_act_as_root_in_a_namespace() -> bool:
    """Mmdebstrap needs newuidmap from anybody but root."""
    return os.geteuid() == 0 or commands.find("newuidmap") is not None


FOR_PYTHON = (
    Need("ca-certificates", CERTIFICATES.exists),
    Need("python3-venv", _can_make_virtual_environments),
)
FOR_MACHINES = (
    Need("qemu-system-x86", _program("qemu-system-x86_64")),
    Need("qemu-utils", _program("qemu-img")),
    Need("haproxy", _program("haproxy")),
    Need("mmdebstrap", _program("mmdebstrap")),
    Need("e2fsprogs", _program("mke2fs")),
    Need("openssh-client", _program("ssh")),
    Need("gpg", _program("gpg")),
    Need("git", _program("git")),
    Need("uidmap", _can_act_as_root_in_a_namespace),
)
FOR_BROWSER = (
    Need("chromium", _program("chromium")),
    Need("fonts-dejavu-core", Path("/usr/share/fonts/truetype/dejavu").is_dir),
)


def missing(needs: Collection[Need]) -> list[str]:
    """The packages of `needs` that this machine lacks."""
    return [need.package for need in needs if not need.present()]


def ensure(needs: Collection[Need], places: Places, reporter: Reporter) -> None:
    """Install what is missing, as root or through sudo; do nothing when nothing is."""
    packages = missing(needs)
    if not packages:
        return
    install = ["apt-get", "install", "--yes", "--no-install-recommends", *packages]
    by_hand = f"sudo apt-get update && sudo {shlex.join(install)}"
    prefix = _as_root()
    if prefix is None or commands.find("apt-get") is None:
        raise SetupError(f"missing system packages: {' '.join(packages)}", by_hand)
    with reporter.step(f"system packages: {' '.join(packages)}", "about a minute"):
        for name, command in (("apt-get update", ["apt-get", "update"]), ("apt-get", install)):
            commands.run_logged(
                name,
                [*prefix, *command],
                log=places.logs / "apt.log",
                reporter=reporter,
                env=APT_ENVIRONMENT,
                remedy=by_hand,
            )
    importlib.invalidate_caches()
    if still := missing(needs):
        raise SetupError(f"apt-get succeeded, and these are still missing: {' '.join(still)}")


def _as_root() -> list[str] | None:
    """What to put before a command so that root runs it; None when that cannot be.

    Without a terminal nobody could answer sudo, so then it may not ask.
    """
    if os.geteuid() == 0:
        return []
    if commands.find("sudo") is None:
        return None
    if sys.stdin.isatty():
        return ["sudo", "--preserve-env=DEBIAN_FRONTEND"]
    if commands.output_of(["sudo", "--non-interactive", "true"]) is None:
        return None
    return ["sudo", "--non-interactive", "--preserve-env=DEBIAN_FRONTEND"]
