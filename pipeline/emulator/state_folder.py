"""The state folder of one emulator: where things lie, and who uses it."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


class StateFolderInUse(Exception):
    """Another emulator uses the state folder; the text says which."""


class StateFolder:
    """Paths below the folder. What holds secrets is private; the CA's certificate is not."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        self.store = self.root / "store.sqlite"
        self.credentials = self.root / "credentials.json"
        self.signing_key = self.root / "signing-key.pem"
        self._serving = self.root / "serving.json"
        self._port = self.root / "port"

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Make the folder and keep every other emulator out. Raises StateFolderInUse."""
        self.root.mkdir(parents=True, exist_ok=True)
        self.root.chmod(0o755)
        with (self.root / "lock").open("a+") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                lock.seek(0)
                holder = lock.read().strip() or "unknown"
                raise StateFolderInUse(
                    f"{self.root} is used by another emulator (process {holder})"
                ) from None
            lock.truncate(0)
            lock.write(f"{os.getpid()}\n")
            lock.flush()
            yield

    @contextmanager
    def announced(self, facts: dict[str, Any]) -> Iterator[None]:
        """Keep `serving.json` beside the state as long as the emulator serves."""
        self._serving.write_text(json.dumps(facts) + "\n")
        self._serving.chmod(0o644)
        try:
            yield
        finally:
            self._serving.unlink(missing_ok=True)

    @property
    def last_port(self) -> int:
        """The port of last time, 0 when there is none: poll addresses outlive a restart."""
        try:
            return int(self._port.read_text())
        except (FileNotFoundError, ValueError):
            return 0

    def remember_port(self, port: int) -> None:
        """Use this port again at the next start."""
        self._port.write_text(f"{port}\n")
