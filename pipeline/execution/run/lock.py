"""One run at a time per thing: a lock that the kernel lets go of when its holder dies."""

from __future__ import annotations

import fcntl
import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from pipeline.errors import Refused, StateFileError
from pipeline.state_files import make_folder, naming, open_regular, read_mapping

REMEMBERED = 20
"""How many earlier holders a lock names: those whose claims may not have run out yet."""


@contextmanager
def only_run(path: Path, run: str) -> Iterator[frozenset[str]]:
    """Hold the lock; Refused names the run that holds it, StateFileError what is wrong with it.

    Gives the runs that held it before: they have ended or died, whatever they left anywhere else.
    The file stays: removing it would let a third run lock a file that the second still waits for.
    """
    make_folder(path.parent)
    descriptor = open_regular(path, os.O_RDWR | os.O_CREAT)
    try:
        with naming(path):
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise Refused(f"{path.stem}: another run is active: {_holder(path)}") from None
        earlier = _earlier(path)
        _sign(descriptor, run, earlier)
        yield frozenset(earlier)
    finally:
        os.close(descriptor)


def _earlier(path: Path) -> list[str]:
    try:
        holder = read_mapping(path)
    except StateFileError:
        return []
    before = holder.get("earlier")
    runs = [*(before if isinstance(before, list) else []), holder.get("run")]
    return [run for run in runs if isinstance(run, str)][-REMEMBERED:]


def _sign(descriptor: int, run: str, earlier: list[str]) -> None:
    """Say who holds it, for others to read; the lock holds without it, on a full disk too."""
    holder = {
        "run": run,
        "pid": os.getpid(),
        "host": socket.gethostname(),
        "since": datetime.now(UTC).isoformat(timespec="seconds"),
        "earlier": earlier,
    }
    with suppress(OSError):
        os.truncate(descriptor, 0)
        os.pwrite(descriptor, json.dumps(holder).encode(), 0)


def _holder(path: Path) -> str:
    try:
        holder = read_mapping(path)
    except StateFileError:
        return "it has just begun"
    run, pid, host, since = (holder.get(key, "?") for key in ("run", "pid", "host", "since"))
    return f"{run}, process {pid} on {host}, since {since}"
