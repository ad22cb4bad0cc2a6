"""The machine of checks, and how testinfra reaches it: over SSH, or over WinRM."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeAlias

WINRM_BACKEND: Final = "pipeline.execution.winrm_backend"
"""pytest's plugin in which testinfra finds its way over WinRM."""
VARIABLE: Final = "BAKESWAP_CHECK_PASSWORD"
"""In the environment of that pytest: an argument would be everybody's to read."""

_PACKAGES = Path(__file__).parents[2]
"""Where this package is, which the pytest of checks does not know in a checkout."""


@dataclass(frozen=True, slots=True)
class SshHost:
    """A machine with an SSH server, and the OpenSSH configuration that leads to it."""

    user: str
    address: str
    port: int
    config: Path

    @property
    def options(self) -> tuple[str, ...]:
        """What testinfra is told of it."""
        url = f"ssh://{self.user}@{self.address}:{self.port}"
        return ("--hosts", url, "--ssh-config", str(self.config))

    @property
    def surroundings(self) -> Mapping[str, str]:
        """What testinfra finds in `os.environ`."""
        return {}

    @property
    def secrets(self) -> tuple[str, ...]:
        """What nobody may read of it afterwards."""
        return ()


@dataclass(frozen=True, slots=True)
class WinrmHost:
    """A machine of Windows that listens for WinRM over HTTPS, with a certificate of its own."""

    user: str
    address: str
    port: int
    password: str = field(repr=False)

    @property
    def options(self) -> tuple[str, ...]:
        """As of an SSH host."""
        url = f"winrm://{self.user}@{self.address}:{self.port}?no_verify_ssl=true"
        return ("-p", WINRM_BACKEND, "--hosts", url)

    @property
    def surroundings(self) -> Mapping[str, str]:
        """As of an SSH host."""
        known = os.environ.get("PYTHONPATH", "")
        path = os.pathsep.join(filter(None, (known, str(_PACKAGES))))
        return {VARIABLE: self.password, "PYTHONPATH": path}

    @property
    def secrets(self) -> tuple[str, ...]:
        """As of an SSH host."""
        return (self.password,)


Host: TypeAlias = SshHost | WinrmHost
