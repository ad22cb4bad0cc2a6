"""A running emulator for every test that wants one, and the real SDK's clients for it."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import ssl
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import gettempdir
from typing import Any
from urllib.error import HTTPError

import pytest
from azure.identity import ClientSecretCredential
from azure.mgmt.compute import ComputeManagementClient
from azure.mgmt.network import NetworkManagementClient
from azure.mgmt.resource.resources import ResourceManagementClient

from tests.conformance.recordings import LOOSE, violations_in

ROOT = Path(__file__).parent.parent
RECORD = "BAKESWAP_EMULATOR_RECORD"
"""Where emulators record, those that a command starts too."""


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer to a raw request."""

    status: int
    headers: dict[str, str]
    body: Any

    @property
    def code(self) -> str:
        """The error's code, also where there is no `error` around it; "" when it is no error."""
        body = self.body if isinstance(self.body, dict) else {}
        return str((body.get("error") or body).get("code", ""))


@dataclass(slots=True)
class Emulator:
    """A running emulator, as a client sees it. `facts` is its JSON line."""

    facts: dict[str, Any]
    secret: str = field(repr=False)
    process: subprocess.Popen[str]
    _credential: ClientSecretCredential | None = None

    @property
    def base(self) -> str:
        """`https://127.0.0.1:PORT`."""
        return str(self.facts["resource_manager"])

    @property
    def subscription(self) -> str:
        """The subscription's id."""
        return str(self.facts["subscription"])

    @property
    def ca_file(self) -> str:
        """The CA's certificate."""
        return str(self.facts["ca_file"])

    def credential(self) -> ClientSecretCredential:
        """The service principal, through the real azure-identity."""
        if self._credential is None:
            self._credential = ClientSecretCredential(
                self.facts["tenant"],
                self.facts["client_id"],
                self.secret,
                authority=self.facts["authority"],
                disable_instance_discovery=True,
                connection_verify=self.ca_file,
            )
        return self._credential

    def client_options(self) -> dict[str, Any]:
        """The keyword arguments that point an SDK client here."""
        return {
            "base_url": self.base,
            "credential_scopes": [f"{self.base}/.default"],
            "connection_verify": self.ca_file,
            "polling_interval": 1,
            "user_agent": LOOSE,
        }

    def token(self) -> str:
        """An access token."""
        return self.credential().get_token(f"{self.base}/.default").token

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        headers: dict[str, str] | None = None,
        token: str | None = None,
    ) -> Reply:
        """A raw request with a token; `/subscriptions/S` may be left out of the path.

        An api-version is added when the query names none. `token=""` sends none.
        """
        if path.startswith("/resourceGroups"):
            path = f"/subscriptions/{self.subscription}{path}"
        if "api-version=" not in path:
            path += ("&" if "?" in path else "?") + "api-version=2024-11-01"
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        request = urllib.request.Request(  # noqa: S310 - always https
            f"{self.base}{path}",
            data=None if body is None else content,
            method=method,
            headers={"Content-Type": "application/json", **(headers or {})},
        )
        sent = self.token() if token is None else token
        if sent:
            request.add_header("Authorization", f"Bearer {sent}")
        context = ssl.create_default_context(cafile=self.ca_file)
        try:
            with urllib.request.urlopen(request, context=context, timeout=60) as answer:  # noqa: S310 - always https
                return _reply(answer.status, answer.headers, answer.read())
        except HTTPError as error:
            with error:
                return _reply(error.code, error.headers, error.read())

    def stop(self) -> int:
        """SIGTERM; answers the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=60)

    def kill(self) -> None:
        """SIGKILL: what a crash looks like."""
        self.process.kill()
        self.process.wait(timeout=60)


def _reply(status: int, headers: Any, content: bytes) -> Reply:
    named = {name.lower(): value for name, value in headers.items()}
    return Reply(status, named, json.loads(content) if content else None)


@contextmanager
def free_addresses() -> Iterator[str]:
    """A loopback block that no other test run on this machine uses while this one does."""
    for second in range(100, 250, 2):
        lock = Path(gettempdir()) / f"bakeswap-tests-127.{second}.lock"
        with lock.open("w") as held:
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            yield f"127.{second}.0.0/15"
            return
    raise RuntimeError("all loopback blocks are in use")


@contextmanager
def running_emulator(state: Path, addresses: str, *arguments: str) -> Iterator[Emulator]:
    """An emulator as a process of its own, stopped at the end."""
    command = [sys.executable, "-m", "pipeline.emulator", "serve", "--state", str(state)]
    given = ("--machines", "simulated", "--addresses", addresses, *arguments)
    log = state.with_name(f"{state.name}.log")
    with log.open("a") as errors:
        process = subprocess.Popen(
            [*command, *given], cwd=ROOT, stdout=subprocess.PIPE, stderr=errors, text=True
        )
    with process:
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            raise RuntimeError(f"the emulator did not start: {log.read_text()}")
        facts = json.loads(line)
        secret = json.loads(Path(facts["credentials_file"]).read_text())["client_secret"]
        emulator = Emulator(facts, secret, process)
        try:
            yield emulator
        finally:
            if process.poll() is None:
                emulator.stop()


@pytest.fixture(scope="session", autouse=True)
def conformance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Hold what emulators are asked and answer in this session to Azure's models."""
    folder = tmp_path_factory.mktemp("recordings")
    os.environ[RECORD] = str(folder)
    yield
    del os.environ[RECORD]
    if found := violations_in(folder):
        pytest.fail("\n".join([f"not as Azure's models say ({folder}):", *found]), pytrace=False)


@pytest.fixture(scope="session")
def addresses() -> Iterator[str]:
    """The loopback block of this test process."""
    with free_addresses() as block:
        yield block


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory, addresses: str) -> Iterator[Emulator]:
    """One emulator with simulated machines for the whole session; use a resource group per test."""
    folder = tmp_path_factory.mktemp("emulator")
    with running_emulator(folder / "state", addresses) as started:
        yield started


StartEmulator = Callable[..., Emulator]


@pytest.fixture
def start_emulator(tmp_path: Path) -> Iterator[StartEmulator]:
    """Start further emulators: `start_emulator("--poll-wait", "0", state=…)`.

    All of a test share one address block of their own, so that a state can be started again.
    """
    started: list[Any] = []
    with free_addresses() as block:

        def start(*arguments: str, state: Path = tmp_path / "state") -> Emulator:
            context = running_emulator(state, block, *arguments)
            emulator = context.__enter__()
            started.append(context)
            return emulator

        yield start
        for context in reversed(started):
            context.__exit__(None, None, None)


@pytest.fixture(autouse=True)
def no_fault_left(request: pytest.FixtureRequest) -> Iterator[None]:
    """Take back what a test asked to go wrong in the emulator that all share."""
    shared = "emulator" in request.fixturenames
    emulator: Emulator | None = request.getfixturevalue("emulator") if shared else None
    yield
    if emulator is not None:
        emulator.call("DELETE", "/emulator/faults")


@pytest.fixture(scope="session")
def resources(emulator: Emulator) -> Iterator[ResourceManagementClient]:
    """The real SDK's client for resource groups."""
    with ResourceManagementClient(
        emulator.credential(), emulator.subscription, **emulator.client_options()
    ) as client:
        yield client


@pytest.fixture(scope="session")
def network(emulator: Emulator) -> Iterator[NetworkManagementClient]:
    """The real SDK's client for Microsoft.Network."""
    with NetworkManagementClient(
        emulator.credential(), emulator.subscription, **emulator.client_options()
    ) as client:
        yield client


@pytest.fixture(scope="session")
def compute(emulator: Emulator) -> Iterator[ComputeManagementClient]:
    """The real SDK's client for Microsoft.Compute."""
    with ComputeManagementClient(
        emulator.credential(), emulator.subscription, **emulator.client_options()
    ) as client:
        yield client


@pytest.fixture
def group(emulator: Emulator, request: pytest.FixtureRequest) -> Iterator[str]:
    """A resource group of the test's own, deleted at its end."""
    name = f"rg-{abs(hash(request.node.nodeid)) % 10**10}-{os.getpid()}"
    made = emulator.call("PUT", f"/resourceGroups/{name}", {"location": "westeurope"})
    assert made.status == 201
    yield name
    emulator.call("DELETE", f"/resourceGroups/{name}")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Start the tests that take minutes first, so that the others run beside them."""
    items.sort(key=_when)


def _when(item: pytest.Item) -> int:
    """The main job first; then Packer and whole commands, whose files take a minute or two.

    Other real machines come behind those, when the main job's have gone: a host of two cores is
    crowded with four of them.
    """
    is_real, bakes = item.get_closest_marker("vm"), item.get_closest_marker("packer")
    if is_real:
        return 0 if bakes else 2
    return 1 if bakes or "/execution/commands/" in item.nodeid else 3


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--update-golden` rewrites what tests compare with; the others are for `make torture`."""
    parser.addoption(
        "--update-golden",
        action="store_true",
        help="rewrite tests/planning/bodies from what the planners make now",
    )
    parser.addoption(
        "--rounds", type=int, default=0, help="rounds of tests/torture; by default a sample"
    )
    parser.addoption("--seed", type=int, default=1, help="what tests/torture draws from")
