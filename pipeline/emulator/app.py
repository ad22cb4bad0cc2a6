"""The composition root: all parts of an emulator, made, started and stopped in order."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from aiohttp import web

from pipeline.emulator.address_block import claimed
from pipeline.emulator.arm.addresses import Addresses
from pipeline.emulator.arm.manager import ResourceManager
from pipeline.emulator.arm.pace import Pace
from pipeline.emulator.arm.providers import Providers, Services
from pipeline.emulator.arm.rates import Rates
from pipeline.emulator.arm.store import Store
from pipeline.emulator.edge.admin import Admin
from pipeline.emulator.edge.faults import Faults
from pipeline.emulator.edge.hosts import Hosts
from pipeline.emulator.edge.machine_faults import MachineFaults
from pipeline.emulator.edge.recording import Recorder
from pipeline.emulator.edge.router import Router
from pipeline.emulator.edge.server import Edge, listen
from pipeline.emulator.edge.sign_in import CLOUD, SignIn
from pipeline.emulator.edge.storage import Storage
from pipeline.emulator.identity.certificates import server_context
from pipeline.emulator.identity.credentials import credentials
from pipeline.emulator.identity.sealing import Sealer
from pipeline.emulator.identity.tokens import Tokens
from pipeline.emulator.machines.qemu import Qemu
from pipeline.emulator.machines.seam import Machines
from pipeline.emulator.machines.simulated import Simulated
from pipeline.emulator.network.data_path import HaproxyDataPath
from pipeline.emulator.providers import PROVIDERS
from pipeline.emulator.state_folder import StateFolder
from pipeline.emulator.storage.blobs import Blobs
from pipeline.emulator.vault.vaults import DATA_PLANE


@dataclass(frozen=True, slots=True)
class Settings:
    """The command line's arguments. `port` None means the port of last time, 0 any free one."""

    state: Path
    cache: Path
    port: int | None = None
    addresses: str = "127.80.0.0/15"
    machines: str = "qemu"
    poll_wait: float = 10.0
    latency: float | None = None
    """Operations take so many times what was recorded of Azure; None: as long as the work."""
    record: Path | None = None


async def serve(settings: Settings, announce: Callable[[dict[str, Any]], None]) -> None:
    """Serve until SIGTERM, SIGINT or a request to stop; everything started is stopped again.

    `announce` gets the facts that clients need, once requests are answered.
    Raises StateFolderInUse or AddressesInUse when another emulator has the folder or the block,
    and OtherMachines when the state was made with another kind.
    """
    folder = StateFolder(settings.state)
    stop_asked = asyncio.Event()
    for signal_number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(signal_number, stop_asked.set)
    with folder.locked(), claimed(settings.addresses, folder.root):
        folder.keep_machines(settings.machines)
        emulator = _Emulator(settings, folder, stop_asked)
        async with emulator.serving() as facts:
            with folder.announced(facts):
                announce(facts)
                await stop_asked.wait()


def make_machines(kind: str, state: Path, cache: Path) -> Machines:
    """The machines of one kind: `simulated` or `qemu`."""
    if kind == "simulated":
        return Simulated(state)
    return Qemu(state, cache)


class _Emulator:
    """All parts of one emulator, on one state folder."""

    def __init__(self, settings: Settings, folder: StateFolder, stop_asked: asyncio.Event) -> None:
        self._settings = settings
        self._folder = folder
        self._credentials = credentials(folder.credentials)
        self._tokens = Tokens(folder.signing_key, self._credentials)
        self._store = Store(folder.store)
        self._blobs = Blobs(folder.blobs)
        self._machines = make_machines(settings.machines, folder.root, settings.cache)
        self._manager = ResourceManager(self._store, Pace(settings.latency))
        self._hosts = Hosts(self._store, self._address)
        addresses = Addresses(self._store, settings.addresses)
        self._data_path = HaproxyDataPath(folder.root, self._store, self._machines)
        services = Services(
            manager=self._manager,
            addresses=addresses,
            data_path=self._data_path,
            machines=self._machines,
            sealer=Sealer(folder.sealing_key),
            tokens=self._tokens,
            address=self._address,
            host=self._hosts.address,
            tenant=self._credentials.tenant,
            subscriptions=self._credentials.subscriptions,
        )
        self._providers = Providers(provide(services) for provide in PROVIDERS)
        self._manager.register(*self._providers.kinds)
        self._addressed: dict[str, str] = {}
        self._edge = self._make_edge(stop_asked)
        self._edge.lead = self._hosts.lead
        self._recorder = Recorder(settings.record) if settings.record else None
        if self._recorder is not None:
            self._edge.on_answer = self._recorder.keep
            self._manager.on_inner_write = self._recorder.keep_inner

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[dict[str, Any]]:
        """Serve while the context lasts; gives what clients must know.

        What was running before a restart starts again meanwhile.
        """
        async with AsyncExitStack() as stack:
            stack.callback(self._store.close)
            if self._recorder is not None:
                stack.callback(self._recorder.close)
            await self._machines.recover()
            stack.push_async_callback(self._machines.close)
            await self._data_path.recover()
            stack.push_async_callback(self._data_path.close)
            stack.push_async_callback(self._providers.close)
            stack.push_async_callback(self._manager.operations.close)
            runner, port = await self._listen()
            stack.push_async_callback(runner.cleanup)
            self._folder.remember_port(port)
            base = f"https://127.0.0.1:{port}"
            self._addressed = {
                "resource_manager": base,
                "authority": base,
                "key_vaults": f"{base}/{DATA_PLANE}/{{vault}}",
            }
            self._providers.resume()
            self._manager.operations.resume()
            yield self._facts()

    def _make_edge(self, stop_asked: asyncio.Event) -> Edge:
        faults = Faults(Rates(self._providers.limits))
        self._manager.before_work = faults.before_work
        machine_faults = None
        if isinstance(self._machines, Simulated):
            machine_faults = MachineFaults(self._machines, self._store)
        return Edge(
            manager=self._manager,
            tokens=self._tokens,
            faults=faults,
            admin=Admin(
                *(self._manager, faults, self._facts, machine_faults, stop_asked),
                on_reset=self._blobs.clear,
            ),
            router=Router(
                self._manager,
                self._providers,
                self._credentials.subscriptions,
                self._settings.poll_wait,
            ),
            providers=self._providers,
            doors=(
                Storage(self._blobs, self._tokens).answer,
                SignIn(self._credentials, self._tokens).answer,
            ),
        )

    async def _listen(self) -> tuple[web.AppRunner, int]:
        context, port = server_context(self._folder.root), self._settings.port
        try:
            wanted = self._folder.last_port if port is None else port
            runner, used = await listen(self._edge, context, wanted)
        except OSError:
            if port is not None:  # asked for by number: no other will do
                raise
            runner, used = await listen(self._edge, context, 0)
        self._hosts.listen_with(runner, context)
        return runner, used

    def _address(self) -> str:
        """The emulator's own, "" before it listens."""
        return str(self._addressed.get("resource_manager", ""))

    def _facts(self) -> dict[str, Any]:
        """What clients must know, and more about the emulator."""
        accelerator = self._machines.accelerator if isinstance(self._machines, Qemu) else None
        return {
            **self._addressed,
            "cloud": CLOUD,
            "ca_file": str(self._folder.root / "ca.pem"),
            "credentials_file": str(self._folder.credentials),
            "tenant": self._credentials.tenant,
            "client_id": self._credentials.client_id,
            "subscription": self._credentials.subscription,
            "subscriptions": list(self._credentials.subscriptions),
            "addresses": self._settings.addresses,
            "machines": self._machines.kind,
            "accelerator": accelerator and asdict(accelerator),
            "state": str(self._folder.root),
            "pid": os.getpid(),
        }
