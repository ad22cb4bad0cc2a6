"""The emulator's own files: read and written in one way, and refused in one line when damaged.

No file here is waited for: a FIFO in a file's place is named, not opened for ever.
"""

from __future__ import annotations

import errno
import json
import os
import stat
from pathlib import Path
from typing import BinaryIO, TypeVar

from pipeline.emulator.serialization import dumps, from_json

T = TypeVar("T")

_LARGEST = 16 * 1024 * 1024
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_FORBIDDEN = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})


class FileError(Exception):
    """A file of the emulator cannot be used: one line with its name, the reason and what to do."""

    def __init__(self, path: Path, reason: str, advice: str) -> None:
        super().__init__(" ".join(f"{path}: {reason}; {advice}".split()))

    @classmethod
    def of(cls, path: Path, error: OSError) -> FileError:
        """What the operating system refused."""
        advice = "move away what is in its place"
        if error.errno in _FULL:
            advice = "free some space"
        elif error.errno in _FORBIDDEN:
            advice = "let this user read and write it"
        return cls(path, error.strerror or str(error), advice)


def open_regular(path: Path, flags: int, mode: int = 0o600) -> int:
    """A descriptor of a regular file. Raises FileError for everything else."""
    try:
        descriptor = os.open(path, flags | os.O_NONBLOCK | os.O_CLOEXEC, mode)
    except OSError as error:
        raise FileError.of(path, error) from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise FileError(path, "not a regular file", "move away what is in its place")
    return descriptor


def check_regular(path: Path) -> None:
    """Raises FileError when something else than a regular file is at the path."""
    if os.path.lexists(path):
        os.close(open_regular(path, os.O_RDONLY))


def read(path: Path) -> bytes | None:
    """The contents of a file, None when there is none. Raises FileError."""
    if not os.path.lexists(path):
        return None
    try:
        with os.fdopen(open_regular(path, os.O_RDONLY), "rb") as file:
            content = file.read(_LARGEST + 1)
    except OSError as error:
        raise FileError.of(path, error) from error
    if len(content) > _LARGEST:
        raise damaged(path, "it is too large")
    return content


def read_json(path: Path, shape: type[T]) -> T | None:
    """The value that `write_json` kept, None when there is none. Raises FileError."""
    content = read(path)
    if content is None:
        return None
    try:
        return from_json(shape, json.loads(content))
    except (ValueError, RecursionError) as error:
        raise damaged(path, str(error)) from error


def write(path: Path, content: bytes, mode: int = 0o600) -> None:
    """Write a file, whole or not at all; only its owner may read it. Raises FileError."""
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        unfinished.unlink(missing_ok=True)
        with _created(unfinished, mode) as file:
            file.write(content)
        unfinished.replace(path)
    except OSError as error:
        unfinished.unlink(missing_ok=True)
        raise FileError.of(path, error) from error


def write_json(path: Path, value: object) -> None:
    """Keep a value for `read_json`. Raises FileError."""
    write(path, dumps(value, indent=2).encode())


def damaged(path: Path, reason: str) -> FileError:
    """The refusal of a file that does not hold what the emulator wrote there."""
    return FileError(
        path,
        f"not what the emulator wrote there ({reason})",
        f"restore it, or delete {path.parent} to start with an empty emulator",
    )


def _created(path: Path, mode: int) -> BinaryIO:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    os.fchmod(descriptor, mode)
    return os.fdopen(descriptor, "wb")
