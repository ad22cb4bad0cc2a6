"""The Azure CLI: an environment of its own, pointed at an emulator, one process a command."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.setup import commands, places
from pipeline.setup.commands import Command as Words
from pipeline.setup.reporting import Reporter
from tests.conformance_az.deployments import TEMPLATE
from tests.conformance_az.expected import NotServed, OfAz, Passes, RefusedByAzure
from tests.conftest import Emulator

VERSION = "2.91.0"
CLOUD = "BakeswapEmulator"
_SETTINGS = {
    # without it MSAL asks the public cloud whether it knows the authority
    "AZURE_CORE_INSTANCE_DISCOVERY": "false",
    "AZURE_CORE_COLLECT_TELEMETRY": "no",
    "AZURE_CORE_LOGIN_EXPERIENCE_V2": "off",
    "AZURE_CORE_ENCRYPT_TOKEN_CACHE": "false",
    "AZURE_CORE_ONLY_SHOW_ERRORS": "yes",
    "AZURE_CORE_NO_COLOR": "yes",
    "AZURE_EXTENSION_USE_DYNAMIC_INSTALL": "no",
    "AZURE_CORE_CHECK_FOR_UPGRADE": "no",
}
"""What keeps az quiet and on loopback."""


def ensure() -> Path:
    """The Python of an environment with the Azure CLI; made on first use, in the cache folder."""
    folders, reporter = places.here(), Reporter()
    home = folders.cache / f"azure-cli-{VERSION}-{places.system()}"
    python = home / "bin" / "python"
    if (home / "complete").exists():
        return python
    with places.only_one(folders.cache, reporter), reporter.step("Azure CLI", "some minutes"):
        log = folders.logs / "azure-cli.log"
        venv: Words = [sys.executable, "-m", "venv", "--clear", str(home)]
        install: Words = [python, "-m", "pip", "install", f"azure-cli=={VERSION}"]
        for name, command in (("python -m venv", venv), ("pip", install)):
            commands.run_logged(
                name, command, log=log, reporter=reporter, remedy="make conformance"
            )
        (home / "complete").touch()
    return python


@dataclass(frozen=True, slots=True)
class Ended:
    """How one process ended. Its texts are what it printed."""

    code: int
    output: str
    errors: str

    @property
    def value(self) -> Any:
        """What it printed, as JSON; None for nothing."""
        return json.loads(self.output) if self.output.strip() else None

    @property
    def reason(self) -> str:
        """What it printed, in one line."""
        return " ".join((self.errors or self.output).split()) or "it printed nothing"


class AzureCli:
    """`az` with a configuration folder of its own, signed in to one emulator."""

    def __init__(self, folder: Path, emulator: Emulator, server: subprocess.Popen[str]) -> None:
        self._folder = folder
        self._emulator = emulator
        self._server = server

    def sign_in(self) -> None:
        """Register the emulator as a cloud, choose it, and sign in as its service principal."""
        facts = self._emulator.facts
        secret = self._folder / "secret"  # a file, for a process list shows arguments
        write_private(secret, self._emulator.secret)
        who = ["--username", facts["client_id"], "--password", f"@{secret}"]
        base = ["--endpoint-resource-manager", self._emulator.base]
        for words in (
            ["cloud", "register", "--name", CLOUD, *base],
            ["cloud", "set", "--name", CLOUD],
            ["login", "--service-principal", *who, "--tenant", facts["tenant"]],
        ):
            ended = self._run(words)
            if ended.code:
                raise RuntimeError(f"az {words[0]} failed: {ended.reason}")

    def run(self, text: str) -> Ended:
        """Run one command, written as in a shell; `{subscription}` and the like are filled in."""
        return self._run([self.filled(word) for word in shlex.split(text)])

    def filled(self, text: str) -> str:
        """A text with `{subscription}` and the like filled in."""
        return text.format_map({**self._emulator.facts, "folder": str(self._folder)})

    def _run(self, words: list[str]) -> Ended:
        asked, answered = self._server.stdin, self._server.stdout
        if asked is None or answered is None:
            raise RuntimeError("the Azure CLI has no pipes")
        asked.write(json.dumps(words) + "\n")
        asked.flush()
        return Ended(**json.loads(answered.readline()))

    def verdict(self, command: OfAz) -> str:
        """What was wrong with a command; "" when it ended as expected."""
        if not isinstance(command, Passes):
            return judge(command, self.run(command.text))
        if command.then:
            ended = self.run(command.text)
            if ended.code:
                return judge(command, ended)
        query = ["--query", command.query] if command.query else []
        words = [*shlex.split(command.then or command.text), "--output", "json", *query]
        return judge(command, self.run(shlex.join(words)))


def judge(command: OfAz, ended: Ended) -> str:
    """What was wrong; "" for nothing."""
    match command:
        case Passes():
            return _failed(command, ended)
        case RefusedByAzure(code=code):
            return _refused(ended, f"({code})", f'"code": "{code}"')
        case NotServed(what=what):
            return _refused(ended, "The emulator does not serve") or _refused(ended, what)


def _failed(command: Passes, ended: Ended) -> str:
    if ended.code:
        return f"it ended with {ended.code}: {ended.reason}"
    if command.query and ended.value != command.value:
        return f"`{command.query}` is {ended.value!r}, not {command.value!r}"
    return ""


def _refused(ended: Ended, *any_of: str) -> str:
    if not ended.code:
        return "it was not refused"
    if any(each in ended.errors for each in any_of):
        return ""
    return f"{any_of[0]} is not in: {ended.reason}"


def write_private(file: Path, text: str) -> None:
    """Write a file that only its owner reads."""
    file.touch(mode=0o600)
    file.write_text(text)


@contextmanager
def signed_in(emulator: Emulator, folder: Path) -> Iterator[AzureCli]:
    """The Azure CLI, signed in to an emulator, with its files in a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "template.json").write_text(TEMPLATE)
    environment = {
        **os.environ,
        **_SETTINGS,
        "AZURE_CONFIG_DIR": str(folder / "config"),
        "HOME": str(folder),  # for `--generate-ssh-keys`
        "REQUESTS_CA_BUNDLE": emulator.ca_file,
    }
    with subprocess.Popen(
        [ensure(), Path(__file__).with_name("fork_server.py")],
        env=environment,
        cwd=folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as server:
        az = AzureCli(folder, emulator, server)
        az.sign_in()
        yield az
