"""The state folder of one emulator: its files, and the process that uses it."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pipeline.emulator.files import FileError, open_regular, read, write


class StateFolderInUse(Exception):
    """Another emulator uses the state folder; the text says which."""


class OtherMachines(Exception):
    """The state was made with other machines; the text says which, and what to do."""


class StateFolder:
    """Paths below the folder. What holds secrets is private; the CA's certificate is not."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        self.store = self.root / "store.sqlite"
        self.blobs = self.root / "blobs"
        self.credentials = self.root / "credentials.json"
        self.signing_key = self.root / "signing-key.pem"
        self.sealing_key = self.root / "sealing-key"
        self._serving = self.root / "serving.json"
        self._port = self.root / "port"
        self._machines = self.root / "kind-of-machines"

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Make the folder and keep every other emulator out. Raises StateFolderInUse."""
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            self.root.chmod(0o755)
        except OSError as error:
            raise FileError.of(self.root, error) from error
        path = self.root / "lock"
        with os.fdopen(open_regular(path, os.O_RDWR | os.O_CREAT), "r+b", buffering=0) as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                holder = lock.read(32).decode(errors="replace").strip() or "unknown"
                raise StateFolderInUse(
                    f"{self.root} is used by another emulator (process {holder})"
                ) from None
            try:
                lock.truncate(0)
                lock.write(f"{os.getpid()}\n".encode())
            except OSError as error:
                raise FileError.of(path, error) from error
            yield

    def keep_machines(self, kind: str) -> None:
        """Hold to the kind of machines that the state was made with. Raises OtherMachines."""
        kept = (read(self._machines) or b"").decode(errors="replace").strip()
        if kept and kept != kind:
            raise OtherMachines(
                f"{self.root} was made with {kept} machines, not with {kind} ones; start with "
                f"--machines {kept}, or choose another folder with --state"
            )
        write(self._machines, f"{kind}\n".encode())

    @contextmanager
    def announced(self, facts: dict[str, Any]) -> Iterator[None]:
        """Keep `serving.json` beside the state as long as the emulator serves."""
        write(self._serving, json.dumps(facts).encode() + b"\n", mode=0o644)
        try:
            yield
        finally:
            self._serving.unlink(missing_ok=True)

    @property
    def last_port(self) -> int:
        """The port of last time, 0 when there is none: poll addresses outlive a restart."""
        try:
            return int(read(self._port) or b"0")
        except ValueError:
            return 0

    def remember_port(self, port: int) -> None:
        """Use this port again at the next start."""
        write(self._port, f"{port}\n".encode())
