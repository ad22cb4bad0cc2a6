"""The store in a folder: one file for each document, written whole or not at all."""

from __future__ import annotations

import os
import secrets
import time
from dataclasses import dataclass
from pathlib import Path

from pipeline.execution.evidence.store import genuine, path_of
from pipeline.planning.evidence.canonical import digest_of
from pipeline.state_files import make_folder, naming, open_regular, read_bytes


@dataclass(frozen=True, slots=True)
class FolderStore:
    """Private (0700) where it is made. Every method raises StateFileError."""

    root: Path

    def __str__(self) -> str:
        return str(self.root)

    def put(self, content: bytes) -> str:
        """Keep it under its digest; what was changed there is written anew."""
        digest = digest_of(content)
        path = self._path(digest)
        if self.fetch(digest) != content or not touched(path):
            self._write(path, content)
        return digest

    def write(self, name: str, content: bytes) -> None:
        """Keep a note."""
        self._write(self.root / name, content)

    def read(self, name: str) -> bytes | None:
        """A note."""
        return _read(self.root / name)

    def names(self, folder: str) -> tuple[str, ...]:
        """Whole notes alone: a run that died may have left others."""
        with naming(self.root / folder):
            found = sorted((self.root / folder).glob("[!.]*"))
        return tuple(f"{folder}/{one.name}" for one in found)

    def delete(self, name: str, age: float) -> bool:
        """By another name first: whoever keeps the same meanwhile writes it anew."""
        path = self.root / name
        aside = _beside(path)
        with naming(path):
            if not path.exists():
                return True
            if not _is_old(path, age):
                return False
            path.rename(aside)
            if _is_old(aside, age):
                aside.unlink()
                return True
            aside.rename(path)  # it was kept again in between
        return False

    def fetch(self, digest: str) -> bytes | None:
        """What is in the file of this digest."""
        return _read(self._path(digest))

    def get(self, digest: str) -> bytes | None:
        """What has this digest; Refused when the file holds anything else."""
        return genuine(self.fetch(digest), digest, str(self._path(digest)))

    def _path(self, digest: str) -> Path:
        return self.root / path_of(digest)

    def _write(self, path: Path, content: bytes) -> None:
        make_folder(self.root)
        make_folder(path.parent)
        _write_whole(path, content)


def _read(path: Path) -> bytes | None:
    with naming(path):
        is_there = path.is_symlink() or path.exists()
    return read_bytes(path) if is_there else None


def touched(path: Path) -> bool:
    """Make a file that is there as young as a new one; False where there is none."""
    with naming(path):
        try:
            os.utime(path)
        except FileNotFoundError:
            return False
    return True


def _is_old(path: Path, age: float) -> bool:
    return time.time() - path.stat().st_mtime >= age


def _beside(path: Path) -> Path:
    return path.with_name(f".{path.name}.{secrets.token_hex(4)}")


def _write_whole(path: Path, content: bytes) -> None:
    """By a rename: a run that dies leaves another name beside it, and never half a document."""
    beside = _beside(path)
    descriptor = open_regular(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
    with naming(path):
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            beside.rename(path)
        except OSError:
            beside.unlink(missing_ok=True)
            raise
