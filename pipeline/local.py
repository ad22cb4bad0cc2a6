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
import time
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.errors import PipelineError, Refused, Unreachable

PROJECT = Path(__file__).resolve().parents[1]
PATIENCE = 120.0
"""Seconds to start or to stop: machines that should run come up first, or go down."""

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
        self.state.mkdir(parents=True, exist_ok=True)
        log = self.state / "emulator.log"
        command = [sys.executable, "-m", "pipeline.emulator", "serve", "--state", str(self.state)]
        port = str(urllib.parse.urlsplit(self.address).port or 443)
        given = ["--port", port, "--machines", machines]
        given += ["--addresses", addresses] if addresses else []
        with log.open("w") as errors:
            process = subprocess.Popen(
                [*command, *given],
                cwd=PROJECT,
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
        process = int((self.state / "lock").read_text().strip())
        os.kill(process, signal.SIGTERM)
        deadline = time.monotonic() + PATIENCE
        while self.is_running():
            if time.monotonic() > deadline:
                raise Unreachable(
                    f"the emulator, process {process}, did not stop within {PATIENCE:.0f} s"
                )
            time.sleep(0.1)
        return True

    def is_running(self) -> bool:
        """Whether a living process holds the state folder; a dead one's lock is gone with it."""
        try:
            with (self.state / "lock").open() as lock:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except FileNotFoundError:
            return False
        except BlockingIOError:
            return True
        return False

    def facts(self) -> Facts:
        """What it says of itself and of what is in it; Unreachable when it is not running."""
        return self._call("GET", "/emulator/status")

    def reset(self) -> Facts:
        """Delete everything in it."""
        return self._call("POST", "/emulator/reset")

    def _call(self, method: str, path: str) -> Facts:
        try:
            token = self._token()
            return self._send(method, path, None, {"Authorization": f"Bearer {token}"})
        except urllib.error.HTTPError as error:
            with error:
                raise PipelineError(f"{self.address}{path}: {error.read().decode()}") from error
        except OSError as error:
            raise Unreachable(f"{self.address}: no answer from the emulator: {error}") from error

    def _token(self) -> str:
        secret = json.loads(self.credential.read_text())
        form = {
            "grant_type": "client_credentials",
            "client_id": secret["client_id"],
            "client_secret": secret["client_secret"],
            "scope": f"{self.address}/.default",
        }
        content = urllib.parse.urlencode(form).encode()
        answer = self._send("POST", f"/{secret['tenant']}/oauth2/v2.0/token", content, {})
        return str(answer["access_token"])

    def _send(
        self, method: str, path: str, content: bytes | None, headers: dict[str, str]
    ) -> Facts:
        request = urllib.request.Request(  # noqa: S310 - the address is this machine's, by https
            f"{self.address}{path}", content, headers, method=method
        )
        trust = ssl.create_default_context(cafile=str(self.state / "ca.pem"))
        with urllib.request.urlopen(request, context=trust, timeout=PATIENCE) as answer:  # noqa: S310 - as above
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
