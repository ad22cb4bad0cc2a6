"""A store of documents by their SHA-256: what is asked for by a digest is that, or is refused."""

from __future__ import annotations

from typing import Protocol

from pipeline.errors import Refused
from pipeline.planning.evidence.canonical import DIGEST, digest_of


def path_of(digest: str) -> str:
    """What a document is called in any store: `sha256/…`."""
    return f"{DIGEST}/{digest}"


class Store(Protocol):
    """Where evidence is kept. Documents are never changed: the same content is the same digest.

    Beside documents, whose names are `path_of` their digests, there are a few notes.
    """

    def put(self, content: bytes) -> str:
        """Keep it, and return its digest; kept twice it is as young as if it were new."""
        ...

    def write(self, name: str, content: bytes) -> None:
        """Keep a note, unless there is one of the name."""
        ...

    def read(self, name: str) -> bytes | None:
        """A note, None where there is none."""
        ...

    def names(self, folder: str) -> tuple[str, ...]:
        """The names of all notes in a folder, `deleted/…`."""
        ...

    def delete(self, name: str, age: float) -> bool:
        """Delete what was kept so many seconds ago; False where it is younger, and stays."""
        ...

    def fetch(self, digest: str) -> bytes | None:
        """What is kept under this digest, whatever it is; None when nothing is."""
        ...

    def get(self, digest: str) -> bytes | None:
        """What has this digest; None when it is not there. Raises for anything else."""
        ...


def genuine(content: bytes | None, digest: str, place: str) -> bytes | None:
    """Content that has the digest it is kept under; Refused when somebody changed it."""
    if content is not None and (actual := digest_of(content)) != digest:
        raise Refused(f"{place}: was changed since it was kept: its SHA-256 is {actual}")
    return content
