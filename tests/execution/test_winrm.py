"""Checks over WinRM: the verdict, what is none, and a password that nobody can read."""

from __future__ import annotations

import importlib
import os
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from pipeline.errors import CheckFailed, Unreachable
from pipeline.execution import winrm
from pipeline.execution.checks import LOG, Checks, facts, run_checks
from pipeline.execution.hosts import VARIABLE, WINRM_BACKEND, WinrmHost
from pipeline.execution.verdict import Verdict
from pipeline.execution.wait import Clock
from tests.execution.winrm_server import PASSWORD, USER, Gone, Machine, Ran, listening

ASKS = """\
def test_the_service_runs(host):
    found = host.run("powershell -Command %s", "(Get-Service W3SVC).Status")
    assert found.rc == 0
    assert found.stdout.strip() == "Running \\u2713"
"""


def ignore(seconds: float) -> None:
    """No-op."""


def running(command: str) -> Ran:
    """A service that is well."""
    return 0, "Running \u2713\r\n"


def stopped(command: str) -> Ran:
    """A service that is not."""
    return 0, "Stopped\r\n"


def gone(command: str) -> Ran:
    """A machine that goes while it is asked."""
    raise Gone


def checks(folder: Path, machine: Machine, password: str = PASSWORD, source: str = ASKS) -> Checks:
    """Checks of one file, on a machine of Windows."""
    (folder / "checks").mkdir(exist_ok=True)
    (folder / "checks" / "test_it.py").write_text(source)
    host = WinrmHost(USER, "127.0.0.1", machine.port, password)
    return Checks(folder, folder / "checks", facts("web", "1.0.0"), host)


def told(folder: Path) -> str:
    """All that a run of checks left."""
    return "".join(
        path.read_text()
        for path in folder.rglob("*")
        if path.is_file() and path.name not in {"users", "machine.pem"}
    )


def test_a_check_asks_a_machine_of_windows(tmp_path: Path) -> None:
    with listening(tmp_path, running) as machine:
        verdict = run_checks(checks(tmp_path, machine), tmp_path / LOG, Clock(), ignore)

    assert verdict == Verdict(1, ())
    assert machine.actions == ["Create", "Command", "Receive", "Signal", "Delete"]
    assert list(machine.commands.values()) == ['powershell -Command "(Get-Service W3SVC).Status"']
    assert PASSWORD not in told(tmp_path)


def test_a_check_that_fails_is_a_verdict_with_the_assertion(tmp_path: Path) -> None:
    with listening(tmp_path, stopped) as machine, pytest.raises(CheckFailed) as failed:
        run_checks(checks(tmp_path, machine), tmp_path / LOG, Clock(), ignore)

    assert "test_the_service_runs" in str(failed.value)
    assert "Stopped" in str(failed.value)
    assert PASSWORD not in told(tmp_path)


def test_a_wrong_password_is_no_verdict(tmp_path: Path) -> None:
    with listening(tmp_path, running) as machine, pytest.raises(Unreachable) as lost:
        run_checks(checks(tmp_path, machine, "Wrong1Password"), tmp_path / LOG, Clock(), ignore)

    assert str(lost.value).startswith("the connection was lost in test_the_service_runs")
    assert "the specified credentials were rejected by the server" in str(lost.value)
    assert machine.refusals == 1
    assert machine.actions == []
    assert "Wrong1Password" not in told(tmp_path)


def test_a_machine_that_goes_meanwhile_is_no_verdict(tmp_path: Path) -> None:
    with listening(tmp_path, gone) as machine, pytest.raises(Unreachable) as lost:
        run_checks(checks(tmp_path, machine), tmp_path / LOG, Clock(), ignore)

    assert f"no WinRM connection to 127.0.0.1:{machine.port}" in str(lost.value)
    assert machine.actions == ["Create", "Command", "Receive"]
    assert PASSWORD not in told(tmp_path)


def test_a_machine_that_does_not_listen_is_no_verdict(tmp_path: Path) -> None:
    nobody = Machine(running, port=_closed_port())

    with pytest.raises(Unreachable, match="no WinRM connection to"):
        run_checks(checks(tmp_path, nobody), tmp_path / LOG, Clock(), ignore)


def test_what_failed_before_the_machine_went_is_a_verdict(tmp_path: Path) -> None:
    source = f"def test_that_fails():\n    assert 1 == 2\n\n{ASKS}"
    with listening(tmp_path, gone) as machine, pytest.raises(CheckFailed, match="test_that_fails"):
        run_checks(checks(tmp_path, machine, source=source), tmp_path / LOG, Clock(), ignore)


def test_no_process_has_the_password_among_its_arguments(tmp_path: Path) -> None:
    """Asked while the check runs: the machine looks at all processes before it answers."""
    seen: list[bytes] = []

    def looking(command: str) -> Ran:
        seen.extend(_command_lines())
        return running(command)

    with listening(tmp_path, looking) as machine:
        run_checks(checks(tmp_path, machine), tmp_path / LOG, Clock(), ignore)

    assert any(b"winrm://azureuser@127.0.0.1" in line for line in seen)
    assert [line for line in seen if PASSWORD.encode() in line] == []


NOSY = """\
import os

def test_that_tells_all(host):
    print(dict(os.environ))
    print(vars(host.backend))
    raise ValueError(str(host.backend.conn_args["password"]))
"""


def test_a_check_that_prints_the_password_leaves_it_nowhere(tmp_path: Path) -> None:
    with listening(tmp_path, running) as machine, pytest.raises(CheckFailed) as failed:
        run_checks(checks(tmp_path, machine, source=NOSY), tmp_path / LOG, Clock(), ignore)

    assert "ValueError: ***" in str(failed.value)
    assert "BAKESWAP_CHECK_PASSWORD" not in told(tmp_path)
    assert PASSWORD not in told(tmp_path)
    assert PASSWORD not in repr(failed.value)
    assert PASSWORD not in repr(checks(tmp_path, machine))


def test_the_backend_shows_no_password_and_says_why_a_command_was_not_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In this process, as the pytest of checks has it."""
    monkeypatch.setenv(VARIABLE, PASSWORD)
    monkeypatch.delitem(sys.modules, WINRM_BACKEND, raising=False)
    plugin: Any = importlib.import_module(WINRM_BACKEND)
    with listening(tmp_path, running) as machine:
        where = f"{USER}@127.0.0.1:{machine.port}"
        backend = plugin.Backend(where, no_verify_ssl=True)
        ran = backend.run("whoami")

    assert VARIABLE not in os.environ
    assert (ran.rc, ran.stdout) == (0, "Running \u2713\r\n")
    assert PASSWORD not in repr(backend.conn_args)
    with pytest.raises(RuntimeError, match=f"no WinRM connection to 127.0.0.1:{machine.port}: "):
        backend.run("whoami")


def test_a_machine_listens_once_it_asks_for_credentials(tmp_path: Path) -> None:
    with listening(tmp_path, running) as machine:
        assert winrm.answers("127.0.0.1", machine.port)

    assert not winrm.answers("127.0.0.1", machine.port)


def test_what_speaks_no_tls_does_not_listen() -> None:
    with _says(b"SSH-2.0-OpenSSH\r\n") as port:
        assert not winrm.answers("127.0.0.1", port)


def test_without_pywinrm_nothing_of_windows_is_built(monkeypatch: pytest.MonkeyPatch) -> None:
    winrm.refuse_without_pywinrm("shop")
    monkeypatch.setitem(sys.modules, "winrm", None)

    with pytest.raises(Unreachable, match="shop is of Windows and checked over WinRM") as refused:
        winrm.refuse_without_pywinrm("shop")
    assert str(refused.value.advice[0].command) == "make setup"


def _closed_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _command_lines() -> Iterator[bytes]:
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            yield path.read_bytes()
        except OSError:  # it has ended meanwhile
            continue


@contextmanager
def _says(greeting: bytes) -> Iterator[int]:
    """A server that greets in its own way, once."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                connection.sendall(greeting)

        thread = threading.Thread(target=serve)
        thread.start()
        yield int(server.getsockname()[1])
        thread.join()
