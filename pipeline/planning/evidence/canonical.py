"""One way to write a document, so that the same facts are the same bytes and the same digest."""

from __future__ import annotations

import hashlib
import json
from typing import Any, Final

DIGEST: Final = "sha256"
"""What digests are made with, as in-toto's digest sets name it."""


def canonical(document: Any) -> bytes:
    """JSON in UTF-8, keys sorted, no spaces."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def digest_of(content: bytes) -> str:
    """SHA-256, in lower-case hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def is_digest(text: str) -> bool:
    """Whether it is what `digest_of` makes."""
    return len(text) == 64 and set(text) <= set("0123456789abcdef")  # noqa: PLR2004 - of SHA-256
