"""Running testinfra checks: the verdict, and what is shown of a failure. Real pytest, real keys."""

from __future__ import annotations

import os
import socket
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from xml.sax.saxutils import quoteattr

import pytest

from pipeline.advice import Advice, Shell
from pipeline.errors import CheckFailed, DefinitionError, Unreachable
from pipeline.execution.checks import Checks, facts, refuse_uncollectable, run_checks
from pipeline.execution.hosts import SshHost
from pipeline.execution.ssh import access, greets
from pipeline.execution.verdict import Verdict, read_junit
from pipeline.execution.wait import Clock

NOBODY = SshHost("nobody", "127.0.0.1", 9, Path("/dev/null"))
"""For tests that never ask for the `host` fixture: the connection is made at the first command."""


def ignore(seconds: float) -> None:
    """No-op."""


def checks(folder: Path, source: str, name: str = "test_it.py") -> Checks:
    """Checks of one file."""
    (folder / "checks").mkdir(exist_ok=True)
    (folder / "checks" / name).write_text(source)
    return Checks(folder, folder / "checks", {"IMAGE_VERSION": "1.0.0"}, NOBODY)


def test_passing_checks_are_counted_and_leave_their_evidence(tmp_path: Path) -> None:
    source = """\
import os

def test_one():
    assert os.environ["IMAGE_VERSION"] == "1.0.0"

def test_two():
    pass
"""
    verdict = run_checks(checks(tmp_path, source), tmp_path / "check.log", Clock(), ignore)

    assert verdict == Verdict(2, ())
    assert str(verdict) == "2 passed"
    assert (tmp_path / "junit.xml").exists()
    assert "2 passed" in (tmp_path / "check.log").read_text()


MARKED = """\
import os
import pytest

def test_the_machine():
    assert "PRODUCTION_URL" not in os.environ

@pytest.mark.soak
def test_production():
    assert os.environ["PRODUCTION_URL"] == "http://127.0.0.1/"
"""


def test_what_is_marked_soak_asks_production_and_all_else_the_machine(tmp_path: Path) -> None:
    asked = checks(tmp_path, MARKED)
    beside = replace(asked, host=None, facts=facts("web", "1.0.0", "http://127.0.0.1/"))
    for one in (asked, beside):
        log = tmp_path / "check.log"
        assert run_checks(one, log, Clock(), ignore) == Verdict(1, ())
        assert "1 passed, 1 deselected" in log.read_text()
        assert "warning" not in log.read_text()


@pytest.mark.parametrize("source", ["", MARKED.replace("pytest.mark.soak", "pytest.mark.skip")])
def test_production_needs_no_check(tmp_path: Path, source: str) -> None:
    beside = replace(checks(tmp_path, source), host=None)
    assert run_checks(beside, tmp_path / "check.log", Clock(), ignore).failures == ()


def test_a_failed_check_shows_the_assertion_first(tmp_path: Path) -> None:
    source = """\
def test_page_shows_the_version():
    body = "Version 0.9.9"
    assert "Version 1.0.0" in body
"""
    with pytest.raises(CheckFailed) as caught:
        run_checks(checks(tmp_path, source), tmp_path / "check.log", Clock(), ignore)

    assert str(caught.value) == (
        "test_page_shows_the_version\n"
        '    assert "Version 1.0.0" in body\n'
        "    AssertionError: assert 'Version 1.0.0' in 'Version 0.9.9'\n"
        "  at checks/test_it.py:3: AssertionError"
    )
    assert caught.value.advice == (Advice("full check log", Shell("less check.log")),)


def test_of_many_failures_some_are_shown_and_all_are_counted(tmp_path: Path) -> None:
    source = "\n".join(f"def test_{n}():\n    assert {n} < 0" for n in range(5))

    with pytest.raises(CheckFailed, match=r"\(2 more failed\)"):
        run_checks(checks(tmp_path, source), tmp_path / "check.log", Clock(), ignore)


def test_an_error_in_a_fixture_fails_the_check(tmp_path: Path) -> None:
    source = """\
import pytest

@pytest.fixture
def broken():
    raise OSError("no route to host")

def test_it(broken):
    pass
"""
    with pytest.raises(CheckFailed, match="no route to host"):
        run_checks(checks(tmp_path, source), tmp_path / "check.log", Clock(), ignore)


def test_a_machine_that_cannot_be_reached_gives_no_verdict(tmp_path: Path) -> None:
    source = "def test_it(host):\n    assert host.run('true').rc == 0\n"

    with pytest.raises(Unreachable, match="the connection was lost in test_it") as caught:
        run_checks(checks(tmp_path, source), tmp_path / "check.log", Clock(), ignore)

    assert caught.value.advice == (Advice("full check log", Shell("less check.log")),)


def test_what_failed_before_the_connection_was_lost_is_a_verdict(tmp_path: Path) -> None:
    source = """\
def test_page():
    assert "Version 1.0.0" in "Version 0.9.9"

def test_it(host):
    assert host.run("true").rc == 0
"""
    with pytest.raises(CheckFailed, match="test_page"):
        run_checks(checks(tmp_path, source), tmp_path / "check.log", Clock(), ignore)


RAN = (
    "RuntimeError: CommandResult(backend=x, exit_status={}, command=b'x', _stdout=b'', _stderr={})"
)


@pytest.mark.parametrize(
    ("told", "is_lost"),
    [
        (RAN.format(255, "b'ssh: connect to host 10.0.0.4 port 22: Connection refused'"), True),
        (RAN.format(255, "b'Connection to 10.0.0.4 closed by remote host.'"), True),
        (RAN.format(255, "b'Connection reset by 10.0.0.4 port 22'"), True),
        (RAN.format(255, "b'client_loop: send disconnect: Broken pipe'"), True),
        (RAN.format(255, "b'Timeout, server 10.0.0.4 not responding.'"), True),
        (RAN.format(255, "b'my-tool: cannot start'"), False),
        (RAN.format(1, "b'Connection to 10.0.0.5 closed'"), False),
        ("AssertionError: assert 'Connection reset' in ''", False),
    ],
)
def test_only_what_ssh_says_of_its_connection_is_no_verdict(
    tmp_path: Path, told: str, is_lost: bool
) -> None:
    message = quoteattr(told)
    (tmp_path / "junit.xml").write_text(
        f'<testsuites><testsuite><testcase classname="c" name="test_it"><failure message={message}>'
        "</failure></testcase></testsuite></testsuites>"
    )
    assert bool(read_junit(tmp_path / "junit.xml").lost) is is_lost


def test_no_check_at_all_proves_nothing(tmp_path: Path) -> None:
    with pytest.raises(CheckFailed, match="there is no test in it"):
        run_checks(checks(tmp_path, "", name="readme.py"), tmp_path / "check.log", Clock(), ignore)


def test_skipped_checks_prove_nothing(tmp_path: Path) -> None:
    source = "import pytest\n\ndef test_it():\n    pytest.skip('not here')\n"

    with pytest.raises(CheckFailed, match="all 1 tests were skipped"):
        run_checks(checks(tmp_path, source), tmp_path / "check.log", Clock(), ignore)


def test_a_check_that_cannot_be_imported_is_a_failure_with_its_reason(tmp_path: Path) -> None:
    with pytest.raises(CheckFailed, match="no_such_module"):
        run_checks(
            checks(tmp_path, "import no_such_module"),
            tmp_path / "check.log",
            Clock(),
            ignore,
        )


@pytest.mark.parametrize(
    ("source", "told"),
    [
        (
            "import pytest\nimport no_such_module",
            "checks/test_it.py:2: cannot be collected: "
            "ModuleNotFoundError: No module named 'no_such_module'",
        ),
        ("def test_it(:", "checks/test_it.py:1: cannot be collected: SyntaxError: invalid syntax"),
        ("raise OSError('not there')", "checks/test_it.py:1: cannot be collected: OSError: not"),
        ("", "checks:1: there is no test for a machine in it"),
        (
            "import pytest\n@pytest.mark.soak\ndef test_it():\n    pass",
            "checks:1: there is no test for a machine in it",
        ),
    ],
)
def test_what_cannot_be_collected_is_told_by_file_and_line(
    tmp_path: Path, source: str, told: str
) -> None:
    with pytest.raises(DefinitionError) as caught:
        refuse_uncollectable(checks(tmp_path, source), Clock())

    assert str(caught.value).startswith(told)


def test_what_can_be_collected_is_not_run(tmp_path: Path) -> None:
    source = "def test_it(host):\n    raise AssertionError(host.run('true'))"
    refuse_uncollectable(checks(tmp_path, source), Clock())

    assert sorted(each.name for each in tmp_path.rglob("*")) == ["checks", "test_it.py"]


def test_settings_around_the_checks_do_not_reach_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = --no-such-option\n")
    (tmp_path / "conftest.py").write_text("raise RuntimeError('not for checks')\n")
    monkeypatch.setenv("PYTEST_ADDOPTS", "--no-such-option")

    verdict = run_checks(
        checks(tmp_path, "def test_it():\n    pass\n"),
        tmp_path / "check.log",
        Clock(),
        ignore,
    )

    assert verdict.passed == 1


def test_checks_leave_nothing_beside_themselves(tmp_path: Path) -> None:
    run_checks(
        checks(tmp_path, "def test_it():\n    pass\n"),
        tmp_path / "check.log",
        Clock(),
        ignore,
    )

    assert [file.name for file in (tmp_path / "checks").iterdir()] == ["test_it.py"]


def test_evidence_of_an_earlier_run_is_not_taken_for_this_ones(tmp_path: Path) -> None:
    run_checks(
        checks(tmp_path, "def test_it():\n    pass\n"),
        tmp_path / "check.log",
        Clock(),
        ignore,
    )

    with pytest.raises(CheckFailed):
        run_checks(checks(tmp_path, "syntax error"), tmp_path / "check.log", Clock(), ignore)


@pytest.mark.parametrize("text", [None, "", "<testsuite"])
def test_a_junit_file_that_is_missing_or_torn_says_nothing(
    tmp_path: Path, text: str | None
) -> None:
    if text is not None:
        (tmp_path / "junit.xml").write_text(text)

    assert read_junit(tmp_path / "junit.xml") == Verdict(0, ())


def test_a_key_for_one_use_is_private_and_gone_afterwards() -> None:
    with access() as made:
        assert made.folder.stat().st_mode & 0o777 == 0o700
        assert (made.folder / "key").stat().st_mode & 0o777 == 0o600
        assert made.public_key.startswith("ssh-rsa ")
        assert f"IdentityFile {made.folder}/key" in made.config.read_text()

    assert not made.folder.exists()


def test_a_key_whose_process_was_killed_is_removed_by_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with subprocess.Popen(["true"]) as ended:
        pass
    left = tmp_path / f"bakeswap-ssh-{ended.pid}-abc"
    living = tmp_path / f"bakeswap-ssh-{os.getppid()}-abc"
    strange = tmp_path / "bakeswap-ssh-notes"
    for folder in (left, living, strange):
        folder.mkdir()

    with access():
        assert not left.exists()

    assert sorted(tmp_path.iterdir()) == sorted([living, strange])


@contextmanager
def server(greeting: bytes) -> Iterator[int]:
    """Something that listens, greets one caller, and hangs up; its port."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            connection, _ = listening.accept()
            with connection:
                connection.sendall(greeting)

        thread = threading.Thread(target=serve)
        thread.start()
        yield listening.getsockname()[1]
        thread.join()


def test_an_ssh_server_is_one_that_greets_like_one() -> None:
    with server(b"SSH-2.0-OpenSSH_9.2\r\n") as port:
        assert greets("127.0.0.1", port)


@pytest.mark.parametrize("greeting", [b"", b"HTTP/1.1 400\r\n"])
def test_a_socket_that_is_open_but_does_not_speak_ssh_is_not_ready(greeting: bytes) -> None:
    with server(greeting) as port:
        assert not greets("127.0.0.1", port)


def test_a_closed_port_is_not_ready() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]

    assert not greets("127.0.0.1", port)
