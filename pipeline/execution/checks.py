"""Running an image's testinfra checks on a machine or beside one, in a pytest of their own.

The project's own pytest settings stay out; JUnit and everything printed are kept as evidence.
"""

from __future__ import annotations

import os
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from pipeline.advice import Advice, Shell
from pipeline.definition.model import SOAK_MARK
from pipeline.errors import CheckFailed, Unreachable
from pipeline.execution.wait import Clock, wait_for_process
from pipeline.output.harmless import without_control
from pipeline.state_files import naming, read_bytes, write_private

SHOWN_FAILURES = 3
"""How many failed tests are shown; the log has all."""

NOT_FOR_CHECKS = frozenset({"PYTEST_ADDOPTS", "PYTEST_PLUGINS", "PYTEST_CURRENT_TEST"})

LOG = "check.log"
"""In a run's folder: all that the checks printed."""

TICK = 1.0
"""Seconds between two words about a check that goes on."""

NO_TESTS = 5
"""pytest's exit code when it collected nothing."""

_MARKERS = f"markers={SOAK_MARK}: asks production while a promotion is watched"


@dataclass(frozen=True, slots=True)
class Host:
    """A machine to check: how testinfra reaches it, with which OpenSSH configuration."""

    user: str
    address: str
    port: int
    config: Path

    @property
    def url(self) -> str:
        """As testinfra wants it."""
        return f"ssh://{self.user}@{self.address}:{self.port}"


def facts(image: str, version: str, url: str = "") -> dict[str, str]:
    """What checks find in `os.environ`; `url` is production's health page, for those of a soak."""
    production = {"PRODUCTION_URL": url} if url else {}
    return {"IMAGE_NAME": image, "IMAGE_VERSION": version, **production}


@dataclass(frozen=True, slots=True)
class Checks:
    """Test files under `folder`, named relative to `root`, and what they find in `os.environ`."""

    root: Path
    folder: Path
    facts: Mapping[str, str]
    host: Host | None = None
    """None: this machine, and those that are marked `soak` in place of all others."""

    @property
    def options(self) -> tuple[str, ...]:
        """What pytest and testinfra are told of it."""
        if self.host is None:
            return ("-m", SOAK_MARK)
        connection = ("--hosts", self.host.url, "--ssh-config", str(self.host.config))
        return ("-m", f"not {SOAK_MARK}", *connection)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the checks said: how many passed, and what failed, the assertion first."""

    passed: int
    failures: tuple[str, ...]
    others: int = 0
    """Tests that were skipped: they prove nothing."""

    def __str__(self) -> str:
        shown = "\n".join(self.failures[:SHOWN_FAILURES])
        hidden = len(self.failures) - SHOWN_FAILURES
        more = f"\n({hidden} more failed)" if hidden > 0 else ""
        return shown + more if self.failures else f"{self.passed} passed"


def run_checks(
    checks: Checks, log: Path, clock: Clock, still_waiting: Callable[[float], None]
) -> Verdict:
    """Run all tests, and leave what they printed in `log` and `junit.xml` beside it.

    Raises CheckFailed when a test failed, or, on a machine, when there was none or none that said
    anything.
    """
    junit = log.with_name("junit.xml")
    with naming(junit):
        junit.unlink(missing_ok=True)
    command = [
        *(sys.executable, "-m", "pytest", "-v", "-p", "no:cacheprovider"),
        *("-c", os.devnull, "--rootdir", str(checks.root)),
        *("--confcutdir", str(checks.folder)),
        *("-o", _MARKERS, *checks.options),
        *("--junitxml", str(junit), "-o", "junit_family=xunit2"),
        str(checks.folder),
    ]
    code = _run(command, log, checks, clock, still_waiting)
    verdict = read_junit(junit)
    if code == 0 and verdict.passed:
        return verdict
    if checks.host is None and code in {0, NO_TESTS}:
        return verdict
    where = log.relative_to(checks.root) if log.is_relative_to(checks.root) else log
    advice = Advice("full check log", Shell(f"less {where}"))
    raise CheckFailed(_why(verdict, code), advice=(advice,))


def read_junit(path: Path) -> Verdict:
    """What a JUnit file says; an empty verdict when there is no whole file."""
    try:
        suite = ET.parse(path).getroot()  # noqa: S314 - our own pytest has just written it
    except (OSError, ET.ParseError):
        return Verdict(0, ())
    passed, skipped, failures = 0, 0, []
    for case in suite.iter("testcase"):
        bad = case.find("failure")
        bad = case.find("error") if bad is None else bad
        if bad is not None:
            failures.append(_told(case, bad))
        elif case.find("skipped") is not None:
            skipped += 1
        else:
            passed += 1
    return Verdict(passed, tuple(failures), skipped)


def _told(case: ET.Element, failure: ET.Element) -> str:
    """One failed test: its name, the line that asserts, and what pytest says about it."""
    lines = (failure.text or "").splitlines()
    asserted = [line[1:].strip() for line in lines if line.startswith(">")][-1:]
    explained = [line[1:].strip() for line in lines if line.startswith("E ")]
    said = explained or [failure.get("message", "")]
    where = lines[-1] if lines else case.get("classname", "")
    name = case.get("name", "").partition("[")[0]
    return "\n".join((name, *(f"    {line}" for line in (*asserted, *said)), f"  at {where}"))


def _why(verdict: Verdict, code: int) -> str:
    if verdict.failures:
        return str(verdict)
    if verdict.others:
        return f"all {verdict.others} tests were skipped: they prove nothing"
    if code == NO_TESTS:
        return "there is no test in it"
    return f"pytest ended with {code} before it had run a test"


def _run(
    command: list[str],
    log: Path,
    checks: Checks,
    clock: Clock,
    still_waiting: Callable[[float], None],
) -> int:
    kept = {name: value for name, value in os.environ.items() if name not in NOT_FOR_CHECKS}
    surroundings = {**kept, **checks.facts, "PYTHONDONTWRITEBYTECODE": "1"}
    write_private(log, "")
    try:
        return _run_into(log, command, checks, surroundings, clock, still_waiting)
    finally:
        told = read_bytes(log).decode(errors="replace")
        write_private(log, without_control(told))  # a machine said what tests print


def _run_into(
    log: Path,
    command: list[str],
    checks: Checks,
    surroundings: Mapping[str, str],
    clock: Clock,
    still_waiting: Callable[[float], None],
) -> int:
    with naming(log), log.open("a") as output:
        try:
            process = subprocess.Popen(
                command,
                cwd=checks.root,
                env=surroundings,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        except OSError as error:
            raise Unreachable(f"{command[0]}: {error.strerror}") from error
        with process:
            try:
                return wait_for_process(
                    process, clock=clock, tick=TICK, still_waiting=still_waiting
                )
            except BaseException:  # Ctrl-C reaches it as well; whatever ends us ends it
                process.kill()
                raise
