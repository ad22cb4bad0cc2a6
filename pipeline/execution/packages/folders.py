"""Folders of the user's cache, one for each set of sources, which all images with them share."""

from __future__ import annotations

import fcntl
import os
import shutil
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock
from typing import Final

from pipeline.errors import StateFileError, Unreachable
from pipeline.state_files import make_folder, naming

KEPT: Final = 12
"""Folders of sources that are kept, those used last; one may hold 60 MB."""


def cache_folder() -> Path:
    """The user's own: CI keeps it between runs, checkouts share it."""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home) / "bakeswap" / "packages"


class Folders:
    """Each is refreshed once, and used by one at a time; may be asked by several threads."""

    def __init__(self, cache: Path | None, *, waits: bool) -> None:
        """`waits`: for another process that uses a folder; otherwise that is Unreachable."""
        self._cache = cache or cache_folder()
        self._waits = waits
        self._locks: dict[str, Lock] = defaultdict(Lock)
        self._refreshed: dict[str, Unreachable | None] = {}

    @contextmanager
    def of(self, key: str, refresh: Callable[[Path], None]) -> Iterator[Path]:
        """The folder of the sources with a key, refreshed, alone in it.

        Raises what `refresh` raises, Unreachable, each time; StateFileError for the cache.
        """
        with self._locks[key]:
            folder = make_folder(self._cache / key)
            with _alone(folder / "lock", waits=self._waits):
                if key not in self._refreshed:
                    self._refreshed[key] = _wrong(refresh, folder)
                    _forget_old_ones(self._cache)
                if failed := self._refreshed[key]:
                    raise Unreachable(str(failed))
                yield folder


def _wrong(refresh: Callable[[Path], None], folder: Path) -> Unreachable | None:
    try:
        refresh(folder)
    except Unreachable as error:
        return error
    return None


@contextmanager
def _alone(path: Path, *, waits: bool) -> Iterator[None]:
    """Alone among all processes of this user; waits for its turn, or raises Unreachable."""
    with naming(path), path.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | (0 if waits else fcntl.LOCK_NB))
        except BlockingIOError:
            raise Unreachable("another run asks its package indexes just now") from None
        os.utime(path, (time.time(), time.time()))
        yield


def _forget_old_ones(cache: Path) -> None:
    """Remove the folders that nobody used for longest."""
    with suppress(OSError, StateFileError):
        used = sorted(cache.glob("*/lock"), key=lambda path: path.stat().st_mtime, reverse=True)
        for path in used[KEPT:]:
            shutil.rmtree(path.parent, ignore_errors=True)
