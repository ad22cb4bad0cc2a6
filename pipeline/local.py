"""The emulator as a process of its own: start it, stop it, ask it.

Knows its command line and its state folder, and imports nothing of it: to the pipeline it is one
more Azure, whose address, state and credential the definitions name.
"""

from __future__ import annotations

import fcntl
import json
import os
import signal
import ssl
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from pipeline.advice import Advice, Shell
from pipeline.errors import AzureRefused, Refused, StateFileError, StillRunning, Unreachable
from pipeline.execution.azure.credential_file import read_service_principal
from pipeline.execution.patience import EMULATOR
from pipeline.execution.wait import Clock, wait_until
from pipeline.project_root import PROGRAMS
from pipeline.state_files import make_folder, naming, open_regular, read_bytes, write_private

EXTRA = ("aiohttp", "asyncssh")
"""What only the emulator needs: pyproject.toml's extra `emulator`."""

Facts = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Local:
    """The emulator that an environment's cloud means."""

    address: str
    credential: Path

    @classmethod
    def of(cls, address: str, credential: Path | None) -> Local:
        """Raises Refused for a cloud that is not on this machine."""
        if not is_local(address) or credential is None:
            raise Refused(f"{address} is not an emulator on this machine")
        return cls(address, credential)

    @property
    def state(self) -> Path:
        """Its state folder: where its credential lies."""
        return self.credential.parent

    def start(self, machines: str = "qemu", addresses: str = "") -> Facts:
        """Start it, detached, and answer its facts; no-op when it is running."""
        if self.is_running():
            return self.facts()
        if missing := [name for name in EXTRA if find_spec(name) is None]:
            raise Refused(
                f"the emulator needs {' and '.join(missing)}, which an extra of bakeswap brings",
                advice=(Advice("install it", Shell("pip install 'bakeswap[emulator]'")),),
            )
        log = make_folder(self.state) / "emulator.log"
        write_private(log, "")
        command = [sys.executable, "-m", "pipeline.emulator", "serve", "--state", str(self.state)]
        port = str(urllib.parse.urlsplit(self.address).port or 443)
        given = ["--port", port, "--machines", machines]
        given += ["--addresses", addresses] if addresses else []
        with naming(log), log.open("a") as errors:
            process = subprocess.Popen(
                [*command, *given],
                cwd=PROGRAMS,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                start_new_session=True,
                text=True,
            )
        facts = _first_line(process)
        if not facts:
            last = log.read_text().strip().splitlines()[-5:]
            raise Unreachable("the emulator did not start:\n" + "\n".join(last or [str(log)]))
        loaded: Facts = json.loads(facts)
        return loaded

    def stop(self) -> bool:
        """Stop it and its machines in order; answers whether it was running."""
        if not self.is_running():
            return False
        process = self._process()
        os.kill(process, signal.SIGTERM)
        try:
            wait_until(
                lambda: None if self.is_running() else True,
                "the emulator",
                patience=EMULATOR,
                clock=Clock(),
                every=0.1,
            )
        except StillRunning as late:
            raise Unreachable(
                f"the emulator, process {process}, did not stop within {late.waited:.0f} s"
            ) from None
        return True

    def is_running(self) -> bool:
        """Whether a living process holds the state folder; a dead one's lock is gone with it."""
        if not self._lock.exists():
            return False
        with os.fdopen(open_regular(self._lock, os.O_RDONLY)) as lock, naming(self._lock):
            try:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
        return False

    def facts(self) -> Facts:
        """What it says of itself and of what is in it; Unreachable when it is not running."""
        return self._call("GET", "/emulator/status")

    def reset(self) -> Facts:
        """Delete everything in it."""
        return self._call("POST", "/emulator/reset")

    @property
    def _lock(self) -> Path:
        return self.state / "lock"

    def _process(self) -> int:
        """The id of the process that holds the lock, as it wrote it."""
        written = read_bytes(self._lock).strip()
        if not written.isdigit():
            raise StateFileError(
                self._lock,
                "names no process, but the emulator is running",
                advice=(Advice("find it, then end it", Shell("pgrep -fa pipeline.emulator")),),
            )
        return int(written)

    def _call(self, method: str, path: str) -> Facts:
        if not self.credential.exists():
            raise Unreachable(f"{self.address}: no answer from the emulator: it was never started")
        try:
            token = self._token()
            return self._send(method, path, None, {"Authorization": f"Bearer {token}"})
        except urllib.error.HTTPError as error:
            with error:
                told = error.read().decode(errors="replace")
                raise AzureRefused(f"{self.address}{path}", f"HTTP {error.code}", told) from error
        except OSError as error:
            raise Unreachable(f"{self.address}: no answer from the emulator: {error}") from error

    def _token(self) -> str:
        principal = read_service_principal(self.credential)
        form = {
            "grant_type": "client_credentials",
            "client_id": principal.client_id,
            "client_secret": principal.secret,
            "scope": f"{self.address}/.default",
        }
        content = urllib.parse.urlencode(form).encode()
        answer = self._send("POST", f"/{principal.tenant}/oauth2/v2.0/token", content, {})
        return str(answer["access_token"])

    def _send(
        self, method: str, path: str, content: bytes | None, headers: dict[str, str]
    ) -> Facts:
        request = urllib.request.Request(  # noqa: S310 - the address is this machine's, by https
            f"{self.address}{path}", content, headers, method=method
        )
        trust = ssl.create_default_context(cadata=read_bytes(self.state / "ca.pem").decode())
        with urllib.request.urlopen(request, context=trust, timeout=EMULATOR.seconds) as answer:  # noqa: S310 - as above
            loaded: Facts = json.loads(answer.read() or b"{}")
            return loaded


def is_local(address: str) -> bool:
    """Whether a resource manager's address is one of this machine: an emulator's."""
    return (urllib.parse.urlsplit(address).hostname or "").startswith("127.")


def in_words(facts: Facts) -> str:
    """The facts in a sentence; without facts it is not running.

    How real machines are run (KVM or software emulation) is known once one was started.
    """
    if not facts:
        return "The emulator is not running."
    how = facts.get("accelerator")
    machines = f"{facts['machines']} machines" + (f" ({how['sentence']})" if how else "")
    there = ", ".join(f"{n} {kind}" for kind, n in facts.get("resources", {}).items())
    return f"The emulator is running at {facts['resource_manager']} with {machines}" + (
        f": {there}." if there else "."
    )


def _first_line(process: subprocess.Popen[str]) -> str:
    """Its facts, once it answers requests; "" when it ended before."""
    if process.stdout is None:
        return ""
    with process.stdout as stream:
        return stream.readline()
