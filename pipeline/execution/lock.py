"""One run at a time per thing: a lock that the kernel lets go of when its holder dies."""

from __future__ import annotations

import fcntl
import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from pipeline.errors import Refused


@contextmanager
def only_run(path: Path, run: str) -> Iterator[None]:
    """Hold the lock; Refused names the run that holds it.

    The file stays: removing it would let a third run lock a file that the second still waits for.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Refused(f"{path.stem}: another run is at work: {_holder(path)}") from None
        file.truncate(0)
        json.dump(
            {
                "run": run,
                "pid": os.getpid(),
                "host": socket.gethostname(),
                "since": datetime.now(UTC).isoformat(timespec="seconds"),
            },
            file,
        )
        file.flush()
        yield


def _holder(path: Path) -> str:
    try:
        holder = json.loads(path.read_text())
    except ValueError:
        return "it has just begun"
    return f"{holder['run']}, process {holder['pid']} on {holder['host']}, since {holder['since']}"
