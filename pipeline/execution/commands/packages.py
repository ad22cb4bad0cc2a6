"""`diff` and `vulnerabilities`: what changed, and what is not fixed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pipeline.advice import Advice, build_image
from pipeline.errors import PipelineError, UsageError
from pipeline.execution.azure.versions import image_versions
from pipeline.execution.packages.answered import keep
from pipeline.execution.packages.comparing import compare
from pipeline.execution.packages.indexes import Indexes
from pipeline.execution.packages.newer import ask
from pipeline.execution.packages.recorded import recorded
from pipeline.execution.run.session import Session, remember_versions
from pipeline.execution.swap.survey import survey_swap
from pipeline.planning.evidence.inventory import Inventory
from pipeline.planning.evidence.sbom import sbom
from pipeline.planning.packages.vulnerabilities import (
    Vulnerability,
    of_osv,
    of_tracker,
    table,
    with_vulnerabilities,
)
from pipeline.planning.versions import ImageVersion, newest
from pipeline.state_files import naming, read_bytes


def diff(session: Session, image: str, before: str, after: str, *, markdown: bool = False) -> None:
    """What changed between two versions: packages, inputs, commits, checks."""
    versions = _versions(session, image)
    first, last = (_named(session, image, versions, name) for name in (before, after))
    found = compare(session, session.image(image), first, last)
    session.output.report(found.markdown if markdown else found.table, found.document)


def vulnerabilities(
    session: Session,
    image: str,
    version: str = "",
    *,
    tracker: str = "",
    osv: str = "",
    cyclonedx: str = "",
) -> None:
    """What package indexes fix, and what a tracker's or OSV's documents say of a version.

    By default of the version that serves, or of the newest that passed its check. Raises UsageError
    for a document of another kind, and where the version's packages are not known.
    """
    versions = _versions(session, image)
    found = _named(session, image, versions, version or _serving(session, image, versions))
    known = recorded(session, found)
    if known is None:
        raise UsageError(f"{image} {found.name}: its packages are not written down here")
    answer = ask(Indexes(), session.image(image), known)
    keep(session, image, found.name, answer)
    told = (*_of_tracker(tracker, known.inventory), *_of_osv(osv, known.inventory))
    notes = [f"indexes have: {one}" for one in answer.fixes]
    if not answer.fixes:
        notes.append(answer.why_not or "indexes have no newer fix of security")
    if cyclonedx:
        bill = json.loads(sbom(known.inventory, image, found.name))
        target = Path(cyclonedx)
        with naming(target):
            target.write_bytes(with_vulnerabilities(bill, known.inventory, told))
        notes.append(f"written: {cyclonedx}")
    document = {
        "image": image,
        "version": found.name,
        "fixes": [one.document for one in answer.fixes],
        "asked": not answer.why_not,
        "vulnerabilities": [one.document for one in told],
    }
    session.output.report(table(told, (f"{image} {found.name}", *notes)), document)


def _versions(session: Session, image: str) -> tuple[ImageVersion, ...]:
    found = image_versions(session.azure, session.image(image).name)
    remember_versions(session, image, found)
    return found


def _named(
    session: Session, image: str, versions: tuple[ImageVersion, ...], name: str
) -> ImageVersion:
    found = next((one for one in versions if one.name == name), None)
    if found is None:
        raise UsageError(
            f"the gallery {session.environment.gallery.name} has no {image} {name}".rstrip(),
            advice=(Advice("build one", build_image(image)),),
        )
    return found


def _serving(session: Session, image: str, versions: tuple[ImageVersion, ...]) -> str:
    """The version that serves; the newest that passed its check where none does."""
    eligible = newest(one for one in versions if one.is_eligible)
    if session.environment.load_balancer_of(image):
        try:
            serving = survey_swap(session, image).serving.version
        except PipelineError:
            serving = ""
        if serving:
            return serving
    return eligible.name if eligible else ""


def _of_tracker(path: str, inventory: Inventory) -> tuple[Vulnerability, ...]:
    if not path:
        return ()
    document = _json(Path(path))
    try:
        return of_tracker(document, inventory)
    except (AttributeError, TypeError) as error:
        raise UsageError(f"{path}: not the data of Debian's security tracker") from error


def _of_osv(path: str, inventory: Inventory) -> tuple[Vulnerability, ...]:
    if not path:
        return ()
    try:
        return of_osv(_documents(Path(path)), inventory)
    except (AttributeError, KeyError, TypeError) as error:
        raise UsageError(f"{path}: not a document of OSV") from error


def _documents(path: Path) -> Iterator[Mapping[str, Any]]:
    """The documents of a file, or of every JSON file in a folder."""
    for file in sorted(path.glob("**/*.json")) if path.is_dir() else (path,):
        found = _json(file)
        yield from found if isinstance(found, list) else (found,)


def _json(path: Path) -> Any:
    try:
        return json.loads(read_bytes(path))
    except ValueError as error:
        raise UsageError(f"{path}: not JSON") from error
