"""What a run did, written down before, at once and after: JSON lines, synced at once.

A journal is private (0600): continuation tokens hold addresses and the first request's body.
A torn last line was never written. Nothing here is the truth about Azure; that is asked of Azure.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from pipeline.errors import StateFileError
from pipeline.execution.azure.requests import Request
from pipeline.state_files import make_folder, naming, open_regular, read_bytes

Entry = dict[str, Any]

FINISHED = "finished"
"""The last event of a run that carried all of its plan out."""
FAILED = "failed"
"""The last event of a run whose step failed."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What a run is about; only a run about the same thing in the same cloud may go on from it."""

    command: str
    environment: str
    cloud: str
    image: str = ""


class Sent(NamedTuple):
    """Which request of which step: what a token belongs to."""

    step: str
    resource: str
    operation: str

    @classmethod
    def of(cls, step: str, request: Request) -> Sent:
        """A request of the step with this digest; ids are compared without regard to case."""
        return cls(step, str(request.target).lower(), request.verb)


def digest_of(step: object) -> str:
    """What makes two steps the same: all their values."""
    return hashlib.sha256(repr(step).encode()).hexdigest()


class Journal:
    """Appends the lines of one run. Every method raises StateFileError."""

    def __init__(self, path: Path, subject: Subject) -> None:
        self.path = path
        make_folder(path.parent)
        self._file = open_regular(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        self.append("run", **asdict(subject), pid=os.getpid())

    def append(self, event: str, **fields: object) -> None:
        """Write one line and sync it to the disk."""
        entry = {
            "event": event,
            "at": datetime.now(UTC).isoformat(timespec="milliseconds"),
            **fields,
        }
        line = (json.dumps(entry, default=str) + "\n").encode()
        with naming(self.path):
            if os.write(self._file, line) < len(line):
                raise OSError(0, "the disk took only a part of the line")
            os.fsync(self._file)

    def close(self) -> None:
        """No more lines."""
        os.close(self._file)


def read(path: Path) -> list[Entry]:
    """The entries up to the first line that is torn or no entry; raises StateFileError."""
    entries: list[Entry] = []
    for line in read_bytes(path).split(b"\n")[:-1]:
        try:
            entry = json.loads(line)
        except (ValueError, RecursionError):
            break
        if not isinstance(entry, dict) or not isinstance(entry.get("event"), str):
            break
        entries.append(entry)
    return entries


def unfinished_tokens(
    folder: Path, subject: Subject, ignored: Callable[[StateFileError], None]
) -> Mapping[Sent, str]:
    """The tokens of requests that the last run about this subject left under way.

    Only the newest journal counts: what came before it, it has already taken over. A file that is
    no journal is told to `ignored` and passed over.
    """
    _, entries = _newest_about(folder, subject, ignored)
    return {} if _last(entries) == FINISHED else _accepted(entries)


def interrupted_run(
    folder: Path, subject: Subject, ignored: Callable[[StateFileError], None]
) -> str:
    """The last run about this subject, where it ended early: neither finished nor failed."""
    run, entries = _newest_about(folder, subject, ignored)
    return "" if _last(entries) in {FINISHED, FAILED} else run


def _newest_about(
    folder: Path, subject: Subject, ignored: Callable[[StateFileError], None]
) -> tuple[str, list[Entry]]:
    """The newest run about a subject and its entries, ("", []) without one."""
    for path in _newest_first(folder):
        try:
            entries = read(path)
        except StateFileError as error:
            ignored(error)
            continue
        if entries and _is_about(entries[0], subject):
            return path.stem, entries
    return "", []


def _last(entries: list[Entry]) -> str:
    return str(entries[-1]["event"]) if entries else FINISHED


def _newest_first(folder: Path) -> list[Path]:
    dated = []
    for path in folder.glob("*.jsonl"):
        try:
            dated.append((path.lstat().st_mtime_ns, path))
        except OSError:  # it was removed meanwhile
            continue
    return [path for _, path in sorted(dated, reverse=True)]


def _is_about(entry: Entry, subject: Subject) -> bool:
    return all(entry.get(name) == value for name, value in asdict(subject).items())


def _accepted(entries: list[Entry]) -> dict[Sent, str]:
    tokens: dict[Sent, str] = {}
    for entry in entries:
        step = entry.get("step")
        if entry["event"] == "accepted":
            words = [entry.get(key) for key in ("resource", "operation", "token")]
            resource, operation, token = (word if isinstance(word, str) else "" for word in words)
            if isinstance(step, str) and token:
                tokens[Sent(step, resource, operation)] = token
        elif entry["event"] in {"succeeded", FAILED}:
            tokens = {sent: token for sent, token in tokens.items() if sent.step != step}
    return tokens
