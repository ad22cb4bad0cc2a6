"""In-toto statements: what is said of which subject.

https://github.com/in-toto/attestation/tree/main/spec/v1, https://slsa.dev/spec/v1.0/provenance and
https://github.com/in-toto/attestation/blob/main/spec/predicates/test-result.md.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from pipeline.planning.evidence.canonical import DIGEST

STATEMENT: Final = "https://in-toto.io/Statement/v1"
_STATEMENTS: Final = frozenset({STATEMENT, "https://in-toto.io/Statement/v0.1"})
PROVENANCE: Final = "https://slsa.dev/provenance/v1"
TEST_RESULT: Final = "https://in-toto.io/attestation/test-result/v0.1"
CYCLONEDX: Final = "https://cyclonedx.org/bom"
"""Of a statement whose predicate is a CycloneDX document, as Packer writes it."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What a statement is about."""

    name: str
    digest: str
    """SHA-256; "" where the statement gives none."""

    def written(self) -> dict[str, Any]:
        """As JSON has it."""
        return {"name": self.name, "digest": {DIGEST: self.digest}}


@dataclass(frozen=True, slots=True)
class Named:
    """A document that a statement names by its digest."""

    name: str
    media_type: str
    digest: str

    def written(self) -> dict[str, Any]:
        """As a resource descriptor."""
        return {"name": self.name, "mediaType": self.media_type, "digest": {DIGEST: self.digest}}


@dataclass(frozen=True, slots=True)
class Statement:
    """What is said (`predicate`, of `predicate_type`) of some subjects."""

    subjects: tuple[Subject, ...]
    predicate_type: str
    predicate: Mapping[str, Any]

    def written(self) -> dict[str, Any]:
        """As JSON has it; `reading` is its inverse."""
        return {
            "_type": STATEMENT,
            "subject": [one.written() for one in self.subjects],
            "predicateType": self.predicate_type,
            "predicate": dict(self.predicate),
        }

    @property
    def byproducts(self) -> tuple[Named, ...]:
        """The documents that a provenance names by digest."""
        run = self.predicate.get("runDetails")
        listed = run.get("byproducts") if isinstance(run, Mapping) else None
        return tuple(_named(listed if isinstance(listed, list) else []))

    def said(self, *path: str) -> str:
        """A text inside the predicate: `said("runDetails", "builder", "id")`; "" without one."""
        found: Any = self.predicate
        for key in path:
            found = found.get(key) if isinstance(found, Mapping) else None
        return found if isinstance(found, str) else ""


def reading(payload: bytes) -> Statement:
    """Out of an envelope's payload; raises ValueError with what is wrong."""
    try:
        document = json.loads(payload)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"its payload is not JSON ({type(error).__name__})") from error
    if not isinstance(document, dict) or document.get("_type") not in _STATEMENTS:
        raise ValueError("its payload is no in-toto statement")
    subjects, predicate = document.get("subject"), document.get("predicate")
    if not isinstance(subjects, list) or not isinstance(predicate, dict):
        raise ValueError("a statement without subject and predicate")
    return Statement(
        tuple(_subject(one) for one in subjects),
        str(document.get("predicateType") or ""),
        predicate,
    )


def _subject(found: Any) -> Subject:
    name = found.get("name") if isinstance(found, dict) else None
    return Subject(str(name or ""), _digest(found))


def _named(listed: list[Any]) -> Iterator[Named]:
    for one in listed:
        if isinstance(one, dict) and (digest := _digest(one)):
            yield Named(str(one.get("name") or ""), str(one.get("mediaType") or ""), digest)


def _digest(found: Any) -> str:
    digests = found.get("digest") if isinstance(found, dict) else None
    digest = digests.get(DIGEST) if isinstance(digests, dict) else None
    return digest if isinstance(digest, str) else ""
