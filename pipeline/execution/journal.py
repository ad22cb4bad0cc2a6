"""What a run did, written down before, at once and after: JSON lines, synced at once.

A journal is private (0600): continuation tokens hold addresses and the first request's body.
A torn last line was never written. Nothing here is the truth about Azure; that is asked of Azure.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

Entry = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Subject:
    """What a run is about; only a run about the same thing in the same cloud may go on from it."""

    command: str
    environment: str
    cloud: str
    image: str = ""


def digest_of(step: object) -> str:
    """What makes two steps the same: all their values."""
    return hashlib.sha256(repr(step).encode()).hexdigest()


class Journal:
    """Appends the lines of one run."""

    def __init__(self, path: Path, subject: Subject) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self.append("run", **_fields(subject), pid=os.getpid())

    def append(self, event: str, **fields: object) -> None:
        """Write one line and sync it to the disk."""
        entry = {
            "event": event,
            "at": datetime.now(UTC).isoformat(timespec="milliseconds"),
            **fields,
        }
        line = json.dumps(entry, default=str) + "\n"
        os.write(self._file, line.encode())
        os.fsync(self._file)

    def close(self) -> None:
        """No more lines."""
        os.close(self._file)


def read(path: Path) -> list[Entry]:
    """The lines that were written whole."""
    entries = []
    for line in path.read_bytes().split(b"\n")[:-1]:
        try:
            entries.append(json.loads(line))
        except ValueError:
            break
    return entries


def unfinished_tokens(folder: Path, subject: Subject) -> Mapping[str, str]:
    """By digest of the step, the tokens of operations that the last run about this left under way.

    Only the newest journal counts: what came before it, it has already taken over.
    """
    newest_first = sorted(folder.glob("*.jsonl"), key=lambda path: -path.stat().st_mtime_ns)
    for path in newest_first:
        entries = read(path)
        if entries and _is_about(entries[0], subject):
            return {} if entries[-1]["event"] == "finished" else _accepted(entries)
    return {}


def _fields(subject: Subject) -> dict[str, str]:
    return {name: getattr(subject, name) for name in Subject.__dataclass_fields__}


def _is_about(entry: Entry, subject: Subject) -> bool:
    return all(entry.get(name) == value for name, value in _fields(subject).items())


def _accepted(entries: list[Entry]) -> dict[str, str]:
    tokens: dict[str, str] = {}
    for entry in entries:
        if entry["event"] == "accepted":
            tokens[entry["step"]] = entry["token"]
        elif entry["event"] in {"succeeded", "failed"}:
            tokens.pop(entry["step"], None)
    return tokens
