"""testinfra's way over WinRM in the pytest of checks: its own, with a password from nobody's eyes.

A plugin of that pytest. The password leaves the environment before a check is imported. A command
that could not be run says nothing of the machine, and so no check has failed by it.
"""

from __future__ import annotations

import os
from typing import Any

import testinfra.backend
import winrm.exceptions
import winrm.protocol
from requests import RequestException
from testinfra.backend.base import CommandResult
from testinfra.backend.winrm import WinRMBackend

from pipeline.execution.hosts import VARIABLE
from pipeline.execution.verdict import NO_WINRM

UTF_8 = 65001
"""The number of the code page."""

_NOT_RUN = (
    RequestException,
    winrm.exceptions.WinRMError,
    winrm.exceptions.WinRMTransportError,
)


class _Secret(str):
    """A text that pytest does not show where it shows the arguments of a function."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'***'"


class Backend(WinRMBackend):  # type: ignore[misc]  # testinfra has no types
    """Commands in a shell of cmd.exe that speaks UTF-8."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        # A machine of a check is reached as itself: no proxy of this machine leads there.
        self.conn_args |= {"password": _password, "proxy": None}
        self._encoding = "utf-8"

    def run_winrm(self, command: str) -> CommandResult:
        """Run a command and tell what it printed.

        Raises RuntimeError, by whose words the verdict knows it, when it could not be run.
        """
        try:
            return self._run(command)
        except _NOT_RUN as error:
            where = f"{self.host.name}:{self.host.port}"
            raise RuntimeError(f"{NO_WINRM} {where}: {_reason(error)}") from None

    def _run(self, command: str) -> CommandResult:
        protocol = winrm.protocol.Protocol(**self.conn_args)
        shell = protocol.open_shell(codepage=UTF_8)
        number = protocol.run_command(shell, command)
        printed, complaints, code = protocol.get_command_output(shell, number)
        protocol.cleanup_command(shell, number)
        protocol.close_shell(shell)
        return self.result(code, self.encode(command), printed, complaints)


def _reason(error: Exception) -> str:
    return str(error) or type(error).__name__


_password = _Secret(os.environ.pop(VARIABLE, ""))
testinfra.backend.BACKENDS[WinRMBackend.NAME] = f"{__name__}.{Backend.__name__}"
