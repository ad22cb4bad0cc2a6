"""What changed between two versions: from what was recorded, from git and from package indexes."""

from __future__ import annotations

import subprocess
from pathlib import Path

from pipeline.definition.model import Image
from pipeline.errors import PipelineError
from pipeline.execution.packages.indexes import Indexes
from pipeline.execution.packages.recorded import recorded, tests_of
from pipeline.execution.run.session import Session
from pipeline.planning.build.fingerprint import changed_between
from pipeline.planning.names import Tag
from pipeline.planning.packages.changes import Change, changes
from pipeline.planning.packages.diff import Diff, checks_changed
from pipeline.planning.packages.orders import ORDERS
from pipeline.planning.versions import ImageVersion

MOST_COMMITS = 100
"""Of those between two versions."""


def compare(session: Session, image: Image, before: ImageVersion, after: ImageVersion) -> Diff:
    """Everything; what cannot be known is said, and fails nothing."""
    unknown: list[str] = []
    packages = _packages(session, before, after, Indexes(), unknown)
    try:
        old, new = tests_of(session, before), tests_of(session, after)
    except PipelineError as error:
        old = new = None
        unknown.append(f"checks: {error}")
    return Diff(
        image.name,
        before.name,
        after.name,
        packages,
        changed_between(image, before.tags, after.tags),
        _commits(session.project.root, image, before, after),
        checks_changed(old, new) if old and new else (),
        tuple(unknown),
    )


def brought(
    session: Session, image: str, before: ImageVersion | None, after: ImageVersion | None
) -> Diff | None:
    """The packages alone, without asking the network for lists; None where they are not known."""
    if before is None or after is None or before.name == after.name:
        return None
    found = _packages(session, before, after, Indexes(fetches=False), [])
    return None if found is None else Diff(image, before.name, after.name, found)


def _packages(
    session: Session,
    before: ImageVersion,
    after: ImageVersion,
    indexes: Indexes,
    unknown: list[str],
) -> tuple[Change, ...] | None:
    try:
        old, new = recorded(session, before), recorded(session, after)
    except PipelineError as error:
        unknown.append(f"packages: {error}")
        return None
    for one, version in ((old, before), (new, after)):
        if one is None:
            unknown.append(f"packages of {version.name}: they are not written down here")
    if old is None or new is None:
        return None
    found = changes(old.inventory.packages, new.inventory.packages, ORDERS[new.inventory.manager])
    try:
        return indexes.classes(old.state, found) if old.state and found else found
    except PipelineError as error:
        unknown.append(f"classes of packages: {error}")
        return found


def _commits(
    root: Path, image: Image, before: ImageVersion, after: ImageVersion
) -> tuple[str, ...]:
    """Those that touch the image's or its template's folder; none where git does not know."""
    ends = [one.tags.get(Tag.COMMIT, "").partition("+")[0] for one in (before, after)]
    if not all(end.isalnum() and end != "uncommitted" for end in ends):
        return ()
    command = ["git", "-C", str(root), "log", f"-{MOST_COMMITS}", "--format=%h %s"]
    command += [f"{ends[0]}..{ends[1]}", "--", str(image.folder), str(image.template.folder)]
    try:
        ended = subprocess.run(command, check=False, capture_output=True, text=True)
    except OSError:
        return ()
    return tuple(ended.stdout.splitlines()) if ended.returncode == 0 else ()
