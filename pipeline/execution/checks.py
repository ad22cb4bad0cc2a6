"""Running an image's testinfra checks on a machine or beside one, in a pytest of their own.

The project's own pytest settings stay out; JUnit and everything printed are kept as evidence.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from pipeline import hygiene
from pipeline.advice import Advice, Shell
from pipeline.definition.files import relative
from pipeline.definition.model import SOAK_MARK
from pipeline.errors import CheckFailed, DefinitionError, Mistake, Unreachable
from pipeline.execution.hosts import Host, SshHost
from pipeline.execution.verdict import HYGIENE_MODULE, JUNIT, Verdict, read_junit
from pipeline.execution.wait import Clock, wait_for_process
from pipeline.hygiene.judging import EXPECTED
from pipeline.output.harmless import without_control
from pipeline.state_files import naming, read_bytes, write_private

NOT_FOR_CHECKS = frozenset({"PYTEST_ADDOPTS", "PYTEST_PLUGINS", "PYTEST_CURRENT_TEST"})

PACKAGED = Path(hygiene.__file__).with_name(f"{HYGIENE_MODULE}.py")
"""The checks of hygiene, which come with bakeswap."""

LOG = "check.log"
"""In a run's folder: all that the checks printed."""

TICK = 1.0
"""Seconds between two words about a check that goes on."""

NO_TESTS = 5
"""pytest's exit code when it collected nothing."""

_COLLECTING = re.compile(r"^_+ ERROR collecting (\S+) _+$", re.MULTILINE)

_MARKERS = f"markers={SOAK_MARK}: asks production while a promotion is watched"


_NOBODY = SshHost("nobody", "127.0.0.1", 9, Path(os.devnull))
"""The machine of checks that are only imported: it is never asked."""


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
    expected: str = ""
    """What the packaged checks of hygiene are told, as JSON; "" where they are not run."""

    @property
    def hygiene(self) -> tuple[str, ...]:
        """The packaged checks of hygiene, where they are run."""
        return (str(PACKAGED),) if self.expected else ()

    @property
    def options(self) -> tuple[str, ...]:
        """What pytest and testinfra are told of it."""
        if self.host is None:
            return ("-m", SOAK_MARK)
        return ("-m", f"not {SOAK_MARK}", *self.host.options)


def run_checks(
    checks: Checks, log: Path, clock: Clock, still_waiting: Callable[[float], None]
) -> Verdict:
    """Run all tests, and leave what they printed in `log` and `JUNIT` beside it.

    Raises CheckFailed when a test failed, or, on a machine, when there was none or none that said
    anything; Unreachable when nothing failed but the connection to the machine: that is no verdict.
    """
    code, verdict = _pytest(checks, log, clock, still_waiting)
    if code == 0 and verdict.passed:
        return verdict
    if checks.host is None and code in {0, NO_TESTS}:
        return verdict
    advice = Advice("full check log", Shell(f"less {relative(checks.root, log)}"))
    if verdict.lost and not verdict.has_failed:
        raise Unreachable(f"the connection was lost in {verdict.lost[0]}", advice=(advice,))
    raise CheckFailed(_why(verdict, code), advice=(advice,))


def refuse_uncollectable(checks: Checks, clock: Clock) -> None:
    """Import the checks without a machine, so that a mistake in them is told before the bake.

    Raises DefinitionError with the file and line of each.
    """
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / LOG
        asked = replace(checks, host=_NOBODY)
        code, _ = _pytest(asked, log, clock, _nothing, "--collect-only")
        told = read_bytes(log).decode(errors="replace")
    if code == NO_TESTS:
        named = checks.folder.relative_to(checks.root).as_posix()
        raise DefinitionError((Mistake(named, 1, "there is no test for a machine in it"),))
    _, *sections = _COLLECTING.split(told)
    if sections:
        pairs = zip(sections[::2], sections[1::2], strict=True)
        raise DefinitionError(tuple(_mistake(file, section) for file, section in pairs))


def _mistake(file: str, section: str) -> Mistake:
    """What pytest says of a file that it could not import: the last line in it, and the error."""
    explained = [line[1:].strip() for line in section.splitlines() if line.startswith("E ")]
    lines = re.findall(rf'{re.escape(file)}(?::|", line )(\d+)', section)
    reason = explained[-1] if explained else "pytest does not say why"
    return Mistake(file, int(lines[-1]) if lines else 1, f"cannot be collected: {reason}")


def _nothing(seconds: float) -> None:
    """No-op: it takes a second."""


def _pytest(
    checks: Checks,
    log: Path,
    clock: Clock,
    still_waiting: Callable[[float], None],
    *more: str,
) -> tuple[int, Verdict]:
    """Run pytest; its exit code, and what its JUnit file says."""
    junit = log.with_name(JUNIT)
    with naming(junit):
        junit.unlink(missing_ok=True)
    command = [
        *(sys.executable, "-m", "pytest", "-v", "-p", "no:cacheprovider"),
        *("-c", os.devnull, "--rootdir", str(checks.root)),
        *("--confcutdir", str(checks.folder)),
        *("-o", _MARKERS, *checks.options, *more),
        *("--junitxml", str(junit), "-o", "junit_family=xunit2"),
        *(str(checks.folder), *checks.hygiene),
    ]
    try:
        code = _run(command, log, checks, clock, still_waiting)
    finally:
        if junit.exists():
            told = read_bytes(junit).decode(errors="replace")
            write_private(junit, _without_secrets(told, checks.host))
    return code, read_junit(junit)


def _without_secrets(told: str, host: Host | None) -> str:
    """What checks told, without what it takes to reach their machine."""
    for secret in host.secrets if host else ():
        told = told.replace(secret, "***")
    return told


def _why(verdict: Verdict, code: int) -> str:
    if verdict.has_failed:
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
    reaching = checks.host.surroundings if checks.host else {}
    expected = {EXPECTED: checks.expected} if checks.expected else {}
    found = {**reaching, **checks.facts, **expected}
    surroundings = {**kept, **found, "PYTHONDONTWRITEBYTECODE": "1"}
    write_private(log, "")
    try:
        return _run_into(log, command, checks, surroundings, clock, still_waiting)
    finally:
        told = _without_secrets(read_bytes(log).decode(errors="replace"), checks.host)
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
