"""What checks said, read from the JUnit file that pytest leaves."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from pathlib import Path

from pipeline.planning.report.report import Check, CheckState

SHOWN_FAILURES = 3
"""How many failed tests are shown; the log has all."""

_LOST = re.compile(
    r"RuntimeError.*exit_status=255.*"
    r"(?:ssh: connect to host|kex_exchange_identification|client_loop: send disconnect"
    r"|Connection (?:to \S+ )?(?:closed|reset|timed out)|Timeout, server \S+ not responding"
    r"|mux_client_\w+: .* (?:Broken pipe|Connection reset)|Broken pipe)",
    re.DOTALL,
)
"""testinfra raises RuntimeError where ssh ends with 255; OpenSSH's words for a lost connection."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the checks said: how many passed, and what failed, the assertion first."""

    passed: int
    failures: tuple[str, ...]
    others: int = 0
    """Tests that were skipped: they prove nothing."""
    lost: tuple[str, ...] = ()
    """Tests that could not ask the machine: the connection was lost, which says nothing of it."""

    def __str__(self) -> str:
        shown = "\n".join(self.failures[:SHOWN_FAILURES])
        hidden = len(self.failures) - SHOWN_FAILURES
        more = f"\n({hidden} more failed)" if hidden > 0 else ""
        return shown + more if self.failures else f"{self.passed} passed"


def read_junit(path: Path) -> Verdict:
    """What a JUnit file says; an empty verdict when there is no whole file."""
    try:
        suite = ET.parse(path).getroot()  # noqa: S314 - our own pytest has just written it
    except (OSError, ET.ParseError):
        return Verdict(0, ())
    passed, skipped = 0, 0
    failures: list[str] = []
    lost: list[str] = []
    for case in suite.iter("testcase"):
        bad = case.find("failure")
        bad = case.find("error") if bad is None else bad
        if bad is not None:
            said = f"{bad.get('message', '')}\n{bad.text or ''}"
            (lost if _LOST.search(said) else failures).append(_told(case, bad))
        elif case.find("skipped") is not None:
            skipped += 1
        else:
            passed += 1
    return Verdict(passed, tuple(failures), skipped, tuple(lost))


def cases(path: Path) -> tuple[Check, ...]:
    """Each test of a JUnit file, in order; none where there is no whole file."""
    try:
        return cases_in(path.read_bytes())
    except OSError:
        return ()


def cases_in(junit: bytes) -> tuple[Check, ...]:
    """The same, of what was read already."""
    try:
        suite = ET.fromstring(junit)  # noqa: S314 - our own pytest has written it
    except ET.ParseError:
        return ()
    return tuple(map(_check, suite.iter("testcase")))


def _check(case: ET.Element) -> Check:
    bad = case.find("failure")
    bad = case.find("error") if bad is None else bad
    skipped = case.find("skipped")
    state: CheckState = "passed" if skipped is None else "skipped"
    said = "" if skipped is None else skipped.get("message", "")
    if bad is not None:
        state, said = "failed", _told(case, bad)
    try:
        seconds = float(case.get("time", "0"))
    except ValueError:
        seconds = 0.0
    file = case.get("classname", "").rpartition(".")[2]
    name = case.get("name", "").partition("[")[0]
    return Check(f"{file}::{name}" if file else name, state, seconds, said)


def _told(case: ET.Element, failure: ET.Element) -> str:
    """One failed test: its name, the line that asserts, and what pytest says about it."""
    lines = (failure.text or "").splitlines()
    asserted = [line[1:].strip() for line in lines if line.startswith(">")][-1:]
    explained = [line[1:].strip() for line in lines if line.startswith("E ")]
    said = explained or [failure.get("message", "")]
    where = lines[-1] if lines else case.get("classname", "")
    name = case.get("name", "").partition("[")[0]
    return "\n".join((name, *(f"    {line}" for line in (*asserted, *said)), f"  at {where}"))
