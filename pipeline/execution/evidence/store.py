"""A store of documents by their SHA-256: what is asked for by a digest is that, or refused."""

from __future__ import annotations

import hashlib
from typing import Protocol


def digest_of(content: bytes) -> str:
    """SHA-256, in lower-case hexadecimal."""
    return hashlib.sha256(content).hexdigest()


class Store(Protocol):
    """Where evidence is kept. Documents are never changed: the same content is the same digest."""

    def put(self, content: bytes) -> str:
        """Keep it, and return its digest; keeping it twice is no fault."""
        ...

    def get(self, digest: str) -> bytes | None:
        """What has this digest; None when it is not there. Raises for anything else."""
        ...
