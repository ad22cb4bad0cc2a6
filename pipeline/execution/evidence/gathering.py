"""What is known of a version that was just checked: from its tags, its parents and the run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pipeline.arm import ResourceId
from pipeline.definition.model import Environment, GalleryBase
from pipeline.errors import AzureRefused, StateFileError
from pipeline.execution.azure.resources import Azure
from pipeline.execution.run.work import Work
from pipeline.execution.verdict import JUNIT, cases
from pipeline.planning.build.steps import RecordEvidence
from pipeline.planning.evidence import inventory as inventories
from pipeline.planning.evidence.canonical import canonical
from pipeline.planning.evidence.documents import Document, Made, Parent, Result, documents
from pipeline.planning.evidence.inventory import Inventory
from pipeline.planning.names import Tag, image_version_id
from pipeline.planning.packages.states import READINGS
from pipeline.planning.traits import definition_of
from pipeline.state_files import read_bytes, read_mapping
from pipeline.version import version

LONGEST_CHAIN = 10
"""Images that are made of each other; more is a circle."""
_PARTS = 3
"""Of a base in a gallery at least: the gallery, the image, the version."""


def gathered(step: RecordEvidence, work: Work) -> tuple[Made, tuple[Document, ...]]:
    """The facts, and all documents but the envelope.

    Raises AzureRefused, SignInFailed or Unreachable, and StateFileError for what the checks left.
    """
    made = _made(step, work)
    results = work.run.folder / JUNIT
    junit, tests = read_bytes(results), cases(results)
    if not tests:
        raise StateFileError(results, "not what pytest wrote: it names no test")
    ended: dict[Result, tuple[str, ...]] = {
        "PASSED": tuple(one.name for one in tests if one.state == "passed"),
        "FAILED": tuple(one.name for one in tests if one.state == "failed"),
    }
    return made, documents(made, junit, ended, _inventory(work), tuple(_further(work)))


def _made(step: RecordEvidence, work: Work) -> Made:
    azure, session = work.azure, work.session
    resource = image_version_id(azure.environment, step.image, step.version)
    tags = _tags(azure, resource)
    return Made(
        resource=str(resource),
        image=step.image,
        version=step.version,
        environment=azure.environment.name,
        template=session.image(step.image).template.name,
        fingerprint=tags.get(Tag.FINGERPRINT, ""),
        base=tags.get(Tag.BASE, ""),
        commit=tags.get(Tag.COMMIT, ""),
        parents=tuple(_parents(azure, tags.get(Tag.BASE, ""))),
        baked_by=tags.get(Tag.BAKED_BY, ""),
        baked_in=tags.get(Tag.RUN, ""),
        baked_with=tags.get(Tag.BAKED_WITH, ""),
        checked_by=str(session.actor).removeprefix("by "),
        checked_in=work.run.id,
        recorded_with=version(),
    )


def _parents(azure: Azure, base: str) -> Iterator[Parent]:
    """The base, the base of that, and so on, as far as versions say it and may be read."""
    for _ in range(LONGEST_CHAIN):
        resource = _version_of(azure.environment, base)
        if not base or resource is None:
            break
        try:
            tags = _tags(azure, resource)
        except AzureRefused:
            tags = {}
        fingerprint, digest = tags.get(Tag.FINGERPRINT, ""), tags.get(Tag.EVIDENCE, "")
        yield Parent(str(resource), fingerprint, digest)
        base = tags.get(Tag.BASE, "")
    if base:
        yield Parent(base)


def _version_of(environment: Environment, base: str) -> ResourceId | None:
    """The version that a tag names: `gallery/image/version`, with group and subscription before."""
    parts = base.split("/")
    if len(parts) < _PARTS:
        return None
    *before, gallery, image, name = parts
    subscription, group = ["", *before][-2:] if len(before) > 1 else ("", "".join(before))
    found = GalleryBase(gallery, image, name, group, subscription)
    return definition_of(environment, found).child("versions", name)


def _tags(azure: Azure, resource: ResourceId) -> Mapping[str, str]:
    body = azure.get(resource) or {}
    return dict(body.get("tags") or {})


def _further(work: Work) -> Iterator[Document]:
    """What the check machine's package manager knew: with it, indexes are asked what is newer."""
    for name in READINGS:
        path = work.run.folder / name
        if path.is_file():
            yield Document(name, "application/json", canonical(read_mapping(path)))


def _inventory(work: Work) -> Inventory | None:
    """What the check machine said of its packages, where a step of the run asked it."""
    path = work.run.folder / inventories.FILE
    if not path.is_file():
        return None
    try:
        return inventories.reading(read_mapping(path))
    except (KeyError, TypeError, ValueError) as error:
        raise StateFileError(path, f"not an inventory ({type(error).__name__})") from error
