"""The page of a run, from what is in the run's folder; it can be made again at any time."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from pipeline.errors import StateFileError, UsageError
from pipeline.execution.build.last_words import CONSOLE
from pipeline.execution.build.last_words import FOLDER as MACHINE
from pipeline.execution.report.keeping import FACTS
from pipeline.execution.run.run import CONTINUED_BY, CONTINUES, PACKAGES, PROOFS, TOPOLOGY, TRAFFIC
from pipeline.execution.verdict import JUNIT, cases
from pipeline.output.page import as_page
from pipeline.output.redaction import Redactor, cleaned
from pipeline.planning.report.reading import report_of
from pipeline.planning.report.report import (
    Check,
    OtherRun,
    PackageDiff,
    Report,
    other_run,
    proofs_of,
)
from pipeline.planning.report.topology import Topology
from pipeline.planning.report.traffic import Traffic
from pipeline.state_files import read_bytes, read_mapping, write_private

T = TypeVar("T")

PAGE = "report.html"
"""In a run's folder."""
SHOWN = ("packer.log", "check.log", JUNIT, f"{MACHINE}/{CONSOLE}")
"""Files of a run's folder that its page leads to."""


def write_page(folder: Path, secrets: Redactor | None = None) -> Path:
    """Write the page of the run with this folder, private; raises StateFileError.

    `secrets` is what must not get into it.
    """
    page = folder / PAGE
    write_private(page, as_page(collect(folder, secrets)))
    return page


def collect(folder: Path, secrets: Redactor | None = None) -> Report:
    """All that the run kept; StateFileError without facts. What is torn is left out."""
    secrets = secrets or Redactor()
    facts = list(_facts(read_bytes(folder / FACTS)))
    first = facts[0] if facts else {}
    topology: Mapping[str, Any] = _kept(folder / TOPOLOGY, dict, secrets) or {}
    return replace(
        report_of(facts, is_alive=_is_alive(first)),
        traffic=_kept(folder / TRAFFIC, Traffic.read, secrets),
        before=_read(topology.get("before"), Topology.read),
        after=_read(topology.get("after"), Topology.read),
        packages=_kept(folder / PACKAGES, PackageDiff.read, secrets),
        evidence=_kept(folder / PROOFS, proofs_of, secrets) or (),
        checks=tuple(_without(secrets, check) for check in cases(folder / JUNIT)),
        continues=_kept(folder / CONTINUES, _other_run, secrets),
        continued_by=_kept(folder / CONTINUED_BY, _other_run, secrets),
        files=tuple(name for name in SHOWN if (folder / name).is_file()),
    )


def _other_run(document: Mapping[str, Any]) -> OtherRun:
    return other_run(document, PAGE)


def find_run(runs: Path, name: str = "") -> Path:
    """The folder of a run that told something, by default of the newest; UsageError without."""
    told = sorted(runs.glob(f"*/{FACTS}"), key=_when)
    found = [path.parent for path in told if name in {"", path.parent.name}]
    if not found:
        what = f"no run {name!r}" if name else "no run"
        raise UsageError(f"{what} under {runs} has kept what it told")
    return found[-1]


def _when(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:  # it was removed meanwhile
        return 0


def _facts(told: bytes) -> Iterator[Mapping[str, Any]]:
    """The facts up to the first line that is torn or none."""
    for line in told.split(b"\n")[:-1]:
        try:
            fact = json.loads(line)
        except (ValueError, RecursionError):
            return
        if not isinstance(fact, dict):
            return
        yield fact


def _is_alive(first: Mapping[str, Any]) -> bool:
    """Whether the process that wrote the first fact is there, as far as this machine knows."""
    pid = first.get("pid")
    if not isinstance(pid, int) or first.get("host") != socket.gethostname():
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True


def _without(secrets: Redactor, check: Check) -> Check:
    name, message = (str(cleaned(text, secrets)) for text in (check.name, check.message))
    return replace(check, name=name, message=message)


def _kept(path: Path, read: Callable[[Mapping[str, Any]], T], secrets: Redactor) -> T | None:
    """What a file holds; None where there is none, or nothing that we wrote."""
    if not path.exists():
        return None
    try:
        return _read(cleaned(read_mapping(path), secrets), read)
    except StateFileError:
        return None


def _read(document: object, read: Callable[[Mapping[str, Any]], T]) -> T | None:
    with suppress(KeyError, TypeError, ValueError):
        return read(document) if isinstance(document, Mapping) else None
    return None
