"""Where a version's packages are read: the one place that knows where they are kept.

They are documents of its evidence; where none was recorded, the run that made it left them here.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from pipeline.errors import StateFileError
from pipeline.execution.evidence.reading import document_of
from pipeline.execution.run.session import Session
from pipeline.execution.verdict import JUNIT, cases_in
from pipeline.planning.evidence import inventory
from pipeline.planning.evidence.documents import JUNIT as CHECKED
from pipeline.planning.names import Tag
from pipeline.planning.packages.diff import Checked
from pipeline.planning.packages.recorded import Recorded
from pipeline.planning.packages.states import READINGS
from pipeline.planning.versions import ImageVersion
from pipeline.state_files import read_bytes

T = TypeVar("T")


def recorded(session: Session, version: ImageVersion) -> Recorded | None:
    """What was written down of a version; None where nothing is left of that.

    Raises Refused where it was changed since, and what the store of evidence raises.
    """
    found = _read(_content(session, version, inventory.FILE), inventory.reading)
    if found is None:
        return None
    states = (
        _read(_content(session, version, name), reading) for name, reading in READINGS.items()
    )
    return Recorded(found, next((state for state in states if state), None))


def tests_of(session: Session, version: ImageVersion) -> Checked | None:
    """What the check of a version said; None where nothing is left of it. Raises as above."""
    name = CHECKED if version.tags.get(Tag.EVIDENCE) else JUNIT
    content = _content(session, version, name)
    tests = cases_in(content) if content else ()
    if not tests:
        return None
    passed, failed = (
        tuple(one.name for one in tests if one.state == state) for state in ("passed", "failed")
    )
    return Checked(passed, failed)


def _content(session: Session, version: ImageVersion, name: str) -> bytes | None:
    if version.tags.get(Tag.EVIDENCE):
        return document_of(session, version, name)
    try:
        return read_bytes(session.runs / version.tags.get(Tag.RUN, "") / name)
    except StateFileError:
        return None


def _read(content: bytes | None, reading: Callable[[Mapping[str, Any]], T]) -> T | None:
    try:
        return None if content is None else reading(json.loads(content))
    except (AttributeError, KeyError, TypeError, ValueError):
        return None
