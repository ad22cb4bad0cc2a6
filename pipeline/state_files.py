"""Reading and writing the files of our own state, so that none of them can hurt.

Journals, locks, credentials and logs may be torn, foreign, of a wrong type, a FIFO, read-only, or
on a full disk. Whatever is wrong becomes one StateFileError that names the file and what to do.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pipeline.advice import Advice, Shell
from pipeline.errors import StateFileError

LARGEST = 64 * 1024 * 1024
"""Bytes; more is nothing that we wrote."""


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Turn what the operating system says about a file into StateFileError."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or type(error).__name__
        advice = Advice("look at it", Shell(f"ls -ld {path}"))
        raise StateFileError(path, reason, advice=(advice,)) from error


def open_regular(path: Path, flags: int) -> int:
    """A file descriptor of a regular file, made private (0600) if it is made.

    Raises StateFileError; never waits for the other end of a FIFO.
    """
    with naming(path):
        descriptor = os.open(path, flags | os.O_NONBLOCK | os.O_CLOEXEC, 0o600)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise StateFileError(
            path, "not a regular file", advice=(Advice("remove it", Shell(f"rm -r {path}")),)
        )
    return descriptor


def read_bytes(path: Path) -> bytes:
    """All of a regular file; raises StateFileError."""
    with os.fdopen(open_regular(path, os.O_RDONLY), "rb") as file, naming(path):
        content = file.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise StateFileError(path, f"larger than {LARGEST} bytes")
    return content


def read_mapping(path: Path) -> dict[str, Any]:
    """A JSON object; raises StateFileError when the file holds anything else."""
    try:
        loaded = json.loads(read_bytes(path))
    except (ValueError, RecursionError) as error:
        raise StateFileError(path, f"not JSON ({type(error).__name__})") from error
    if not isinstance(loaded, dict):
        raise StateFileError(path, f"a JSON object is expected, not {type(loaded).__name__}")
    return loaded


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read (0600), in a folder that only he can enter."""
    make_folder(path.parent)
    descriptor = open_regular(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    with naming(path), os.fdopen(descriptor, "w") as file:
        file.write(text)


def make_folder(path: Path) -> Path:
    """The folder, private (0700) where it is made; raises StateFileError."""
    with naming(path):
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
    return path
