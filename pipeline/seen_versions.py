"""The image versions that a command saw last: what shell completion offers, and nothing else.

One small file for each environment and image under `.pipeline/versions`. A shell must not wait for
Azure while somebody types, and nothing here is the truth about it.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

MOST = 100
"""Versions to offer."""


def remember(evidence: Path, environment: str, image: str, versions: Iterable[str]) -> None:
    """Write down what was seen; a command goes on where that cannot be done."""
    path = _file(evidence, environment, image)
    scratch = path.with_suffix(f".{os.getpid()}")
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        scratch.write_text("".join(f"{version}\n" for version in versions))
        scratch.replace(path)


def seen(evidence: Path, environment: str, image: str) -> list[str]:
    """The versions seen last, as they were told; none when nobody looked."""
    path = _file(evidence, environment, image)
    try:
        return path.read_text().split()[-MOST:] if path.is_file() else []
    except (OSError, ValueError):
        return []


def _file(evidence: Path, environment: str, image: str) -> Path:
    return evidence / "versions" / environment / f"{image}.txt"
