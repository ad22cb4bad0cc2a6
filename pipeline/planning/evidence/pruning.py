"""Evidence that goes with its version: what is written down first, and what others refer to."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from pipeline.arm import ResourceId
from pipeline.planning.evidence import envelope as envelopes
from pipeline.planning.evidence import statement as statements
from pipeline.planning.evidence.canonical import canonical, is_digest

SAFE_AGE: Final = 86400.0
"""Seconds. A younger document may be of a run that has not tagged its version yet; whoever records
what is there already makes it young again. No run lasts so long: patience ends long before."""

FOLDER: Final = "deleted"
"""In a store: notes of versions whose evidence is to go."""


@dataclass(frozen=True, slots=True)
class Note:
    """Written before a version is deleted, whose tag is then gone: any later run finds it."""

    resource: ResourceId
    digest: str
    """Of its envelope."""

    @property
    def name(self) -> str:
        """What the note is called in the store."""
        return f"{FOLDER}/{self.digest}"

    def written(self) -> bytes:
        """As it is kept; `note_in` is its inverse."""
        return canonical({"resource": str(self.resource), "envelope": self.digest})


def note_in(content: bytes) -> Note | None:
    """The note that was kept so; None for anything else."""
    try:
        document: Any = json.loads(content)
        resource, digest = document["resource"], document["envelope"]
        note = Note(ResourceId.parse(str(resource)), str(digest))
    except (KeyError, TypeError, ValueError, RecursionError):
        return None
    return note if is_digest(note.digest) else None


def named_in(envelope: bytes) -> frozenset[str]:
    """The digests of the documents that an envelope names; ValueError for what is no envelope."""
    statement = statements.reading(envelopes.reading(envelope).payload)
    return frozenset(one.digest for one in statement.byproducts if is_digest(one.digest))


def going(envelope: str, named: Iterable[str], referred: frozenset[str]) -> tuple[str, ...]:
    """What goes of a version's evidence, the envelope last: without it nobody knows the others."""
    return tuple(one for one in (*sorted({*named} - {envelope}), envelope) if one not in referred)
