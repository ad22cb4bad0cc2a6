"""What package indexes last said of a version, kept so that `status` asks nobody."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from pipeline.errors import StateFileError
from pipeline.execution.packages.newer import Answer
from pipeline.execution.run.session import Session
from pipeline.planning.packages.fixes import OpenFixes
from pipeline.state_files import read_mapping, write_private

FOLDER: Final = "packages"
"""Under `.pipeline`."""


def keep(session: Session, image: str, version: str, answer: Answer) -> None:
    """Keep the security fixes that are open in a version, and since when that is known."""
    if answer.prediction is None:
        return
    now = datetime.now(UTC).isoformat(timespec="seconds")
    found = {"at": now, "fixes": [one.document for one in answer.fixes]}
    try:
        write_private(_path(session, image, version), json.dumps(found, indent=1) + "\n")
    except StateFileError as error:
        session.output.say(f"{error}: `status` will not tell of it")


def open_fixes(session: Session, image: str, version: str) -> OpenFixes | None:
    """What was last known of a version here; None where nobody asked."""
    try:
        found = read_mapping(_path(session, image, version))
        asked = datetime.fromisoformat(found["at"])
        names = tuple(str(one["name"]) for one in found["fixes"])
    except (StateFileError, KeyError, TypeError, ValueError):
        return None
    return OpenFixes(names, (datetime.now(UTC) - asked).total_seconds())


def _path(session: Session, image: str, version: str) -> Path:
    name = f"{session.environment.name}-{image}-{version}.json"
    return session.evidence / FOLDER / name
