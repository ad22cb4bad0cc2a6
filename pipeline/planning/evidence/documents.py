"""The documents of a version's evidence, and the statement that names them all by digest.

A gallery version exposes no digest of its disk. So the subject is the version's resource id with
the SHA-256 of a descriptor: id, fingerprint, base, and the digest of its SBOM.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

from pipeline.definition.evidence import Requirement
from pipeline.planning.evidence import inventory as inventories
from pipeline.planning.evidence import sbom as sboms
from pipeline.planning.evidence.canonical import canonical, digest_of
from pipeline.planning.evidence.envelope import IN_TOTO
from pipeline.planning.evidence.inventory import Inventory
from pipeline.planning.evidence.statement import (
    PROVENANCE,
    TEST_RESULT,
    Named,
    Statement,
    Subject,
)
from pipeline.planning.names import Tag

ENVELOPE_FILE: Final = "provenance.intoto.json"
"""What the envelope is called where it is exported."""
DESCRIPTOR: Final = "descriptor.json"
"""What the digest of the subject is of."""
CHECKS: Final = "checks.intoto.json"
"""What the checks said, as a test-result statement."""
JUNIT: Final = "checks.junit.xml"
SBOM: Final = "sbom.cdx.json"
INVENTORY: Final = inventories.FILE

OF_REQUIREMENT: Final[Mapping[Requirement, tuple[str, ...]]] = {
    "provenance": (DESCRIPTOR,),
    "checks": (CHECKS, JUNIT),
    "sbom": (SBOM,),
    "inventory": (INVENTORY,),
}
"""The documents that each requirement is met by, besides the envelope itself."""

BUILD_TYPE: Final = "urn:bakeswap:build-image:v1"
"""Of the provenance: what its parameters mean is in docs/evidence.md."""
BUILDER: Final = "urn:bakeswap:builder:v1"

Result: TypeAlias = Literal["PASSED", "FAILED"]


@dataclass(frozen=True, slots=True)
class Document:
    """One document, and what it is called in the evidence."""

    name: str
    media_type: str
    content: bytes

    @property
    def named(self) -> Named:
        """As the statement names it."""
        return Named(self.name, self.media_type, digest_of(self.content))


@dataclass(frozen=True, slots=True)
class Parent:
    """An image version that the image was made of, or its base in the marketplace, in a chain."""

    name: str
    """A resource id, or `publisher:offer:sku:version`."""
    fingerprint: str = ""
    evidence: str = ""
    """The digest of its own evidence."""

    def written(self) -> dict[str, Any]:
        """As a resource descriptor."""
        notes = {Tag.FINGERPRINT: self.fingerprint, Tag.EVIDENCE: self.evidence}
        kept = {key: value for key, value in notes.items() if value}
        return {"name": self.name, **({"annotations": kept} if kept else {})}


@dataclass(frozen=True, slots=True)
class Made:
    """What is told of how a version was made and checked: from its tags, and from this run."""

    resource: str
    """The version's resource id."""
    image: str
    version: str
    environment: str
    template: str = ""
    fingerprint: str = ""
    base: str = ""
    commit: str = ""
    parents: tuple[Parent, ...] = ()
    baked_by: str = ""
    baked_in: str = ""
    """The run of the bake."""
    baked_with: str = ""
    """Packer and its plugin."""
    checked_by: str = ""
    checked_in: str = ""
    """The run of the check."""
    recorded_with: str = ""
    """The version of bakeswap."""


def documents(
    made: Made,
    junit: bytes,
    tests: Mapping[Result, tuple[str, ...]],
    inventory: Inventory | None,
    further: tuple[Document, ...] = (),
) -> tuple[Document, ...]:
    """All documents but the envelope; `tests` are the names of those that ended so."""
    of_packages: tuple[Document, ...] = ()
    bill = b""
    if inventory is not None:
        bill = sboms.sbom(inventory, made.image, made.version)
        of_packages = (
            Document(INVENTORY, "application/json", canonical(inventory.written())),
            Document(SBOM, sboms.MEDIA_TYPE, bill),
        )
    descriptor = Document(DESCRIPTOR, "application/json", _descriptor(made, bill))
    results = Document(JUNIT, "application/xml", junit)
    checked = Statement(
        (_subject(made, descriptor),), TEST_RESULT, _test_result(results.named, tests)
    )
    return (
        descriptor,
        Document(CHECKS, IN_TOTO, canonical(checked.written())),
        results,
        *of_packages,
        *further,
    )


def provenance(made: Made, documents: Iterable[Document]) -> bytes:
    """The payload of the envelope: a SLSA provenance whose byproducts are the documents."""
    kept = {one.name: one for one in documents}
    predicate = {
        "buildDefinition": {
            "buildType": BUILD_TYPE,
            "externalParameters": {
                "image": made.image,
                "version": made.version,
                "environment": made.environment,
                "template": made.template,
            },
            "internalParameters": _said(
                fingerprint=made.fingerprint,
                bakedBy=made.baked_by,
                bakedIn=made.baked_in,
                checkedBy=made.checked_by,
                checkedIn=made.checked_in,
            ),
            "resolvedDependencies": [
                *(one.written() for one in made.parents),
                *_commit(made.commit),
            ],
        },
        "runDetails": {
            "builder": {
                "id": BUILDER,
                "version": _said(bakeswap=made.recorded_with, **_tools(made.baked_with)),
            },
            "metadata": _said(invocationId=made.checked_in),
            "byproducts": [one.named.written() for one in kept.values()],
        },
    }
    statement = Statement((_subject(made, kept[DESCRIPTOR]),), PROVENANCE, predicate)
    return canonical(statement.written())


def with_tools(packer: tuple[int, ...], plugin: tuple[int, ...]) -> str:
    """`packer 1.15.4, azure 2.6.5`, as a tag says what baked a version."""
    told = {"packer": packer, "azure": plugin}
    return ", ".join(f"{name} {_dotted(version)}" for name, version in told.items() if version)


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))


def _tools(baked_with: str) -> dict[str, str]:
    pairs = (one.partition(" ") for one in baked_with.split(", ") if one)
    return {name: version for name, _, version in pairs}


def _descriptor(made: Made, bill: bytes) -> bytes:
    digest = digest_of(bill) if bill else ""
    return canonical(
        _said(version=made.resource, fingerprint=made.fingerprint, base=made.base, sbom=digest)
    )


def _subject(made: Made, descriptor: Document) -> Subject:
    return Subject(made.resource, descriptor.named.digest)


def _test_result(results: Named, tests: Mapping[Result, tuple[str, ...]]) -> dict[str, Any]:
    failed = tests.get("FAILED", ())
    return {
        "result": "FAILED" if failed else "PASSED",
        "configuration": [results.written()],
        "passedTests": sorted(tests.get("PASSED", ())),
        "failedTests": sorted(failed),
    }


def _commit(commit: str) -> list[dict[str, Any]]:
    """Inputs of a folder that differs from its commit are from no commit: it is told as it is."""
    if not commit:
        return []
    sha, plus, _ = commit.partition("+")
    digest = {} if plus or not sha else {"digest": {"gitCommit": sha}}
    return [{"name": "commit", "annotations": {"commit": commit}, **digest}]


def _said(**facts: str) -> dict[str, str]:
    """Those that are known."""
    return {key: value for key, value in facts.items() if value}
