"""Telling that a check is flaky: which tests failed, as far as the runs are on this machine."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

from pipeline.execution.checks import PACKAGED
from pipeline.execution.run.session import Session
from pipeline.execution.verdict import JUNIT, read_junit
from pipeline.planning.flaky import Checked, contradictions
from pipeline.state_files import read_bytes

_DIGITS = 8


def checks_of(session: Session, image: str) -> str:
    """Which checks an image has, the packaged ones among them: a short digest."""
    found = session.image(image)
    prefix = f"{found.checks_named}/"
    own = [one for one in found.inputs if one.name.startswith(prefix)]
    whole = hashlib.sha256(repr((own, found.hygiene)).encode())
    for path in sorted(PACKAGED.parent.glob("*.*")):
        whole.update(read_bytes(path))
    return whole.hexdigest()[:_DIGITS]


def told(session: Session, name: str, tag: str) -> str:
    """In words, with the tests that failed where their evidence is here; "" where none is flaky."""
    checks = contradictions(tag)
    if not checks:
        return ""
    lines = (f"  {one.verdict} in {one.run}{_names(session.runs, one)}" for one in checks)
    return "\n".join((f"{name}: its check is flaky, by the same checks it", *lines))


def _names(runs: Path, check: Checked) -> str:
    failed = ", ".join(_failed(runs / check.run / JUNIT))
    return f": {failed}" if failed else ""


def _failed(junit: Path) -> Iterator[str]:
    verdict = read_junit(junit)
    yield from (failure.partition("\n")[0] for failure in verdict.failures)
    yield from (f"hygiene {line.partition(':')[0]}" for line in verdict.hygiene.left)
