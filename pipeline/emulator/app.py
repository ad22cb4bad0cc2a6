"""The composition root: all parts of an emulator, put together, started and stopped in order."""

from __future__ import annotations

import asyncio
import importlib
import os
import signal
import ssl
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiohttp import web

from pipeline.emulator.arm.addresses import Addresses
from pipeline.emulator.arm.manager import ResourceManager
from pipeline.emulator.arm.store import Store
from pipeline.emulator.compute import Compute
from pipeline.emulator.edge.admin import Admin
from pipeline.emulator.edge.faults import Faults
from pipeline.emulator.edge.infirmary import Infirmary
from pipeline.emulator.edge.router import Lookup, Router
from pipeline.emulator.edge.server import Edge, listen
from pipeline.emulator.edge.sign_in import CLOUD, SignIn
from pipeline.emulator.edge.subscriptions import Subscriptions
from pipeline.emulator.identity.certificates import server_context
from pipeline.emulator.identity.credentials import Credentials, credentials
from pipeline.emulator.identity.tokens import Tokens
from pipeline.emulator.machines.seam import Machines
from pipeline.emulator.machines.simulated import Simulated
from pipeline.emulator.resources.deployments import Deployments
from pipeline.emulator.resources.groups import ResourceGroups
from pipeline.emulator.state_folder import StateFolder


@dataclass(frozen=True, slots=True)
class Settings:
    """What the command line says. `port` None means the port of last time, 0 any free one."""

    state: Path
    cache: Path
    port: int | None = None
    addresses: str = "127.80.0.0/15"
    machines: str = "qemu"
    poll_wait: float = 10.0


async def serve(settings: Settings, announce: Callable[[dict[str, Any]], None]) -> None:
    """Serve until SIGTERM, SIGINT or a request to stop; everything started is stopped again.

    `announce` gets the facts that clients need, once requests are answered.
    Raises StateFolderInUse when another emulator has the state folder.
    """
    folder = StateFolder(settings.state)
    stop_asked = asyncio.Event()
    for signal_number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(signal_number, stop_asked.set)
    with folder.locked():
        async with _emulator(settings, folder, stop_asked) as facts:
            with folder.announced(facts):
                announce(facts)
                await stop_asked.wait()


def make_machines(kind: str, state: Path, cache: Path) -> Machines:
    """The machines of one kind: `simulated` or `qemu`."""
    if kind == "simulated":
        return Simulated(state)
    qemu = importlib.import_module("pipeline.emulator.machines.qemu")
    made: Machines = qemu.Qemu(state, cache)
    return made


@asynccontextmanager
async def _emulator(
    settings: Settings, folder: StateFolder, stop_asked: asyncio.Event
) -> AsyncIterator[dict[str, Any]]:
    """A serving emulator: what clients must know of it."""
    known = credentials(folder.credentials)
    async with AsyncExitStack() as stack:
        store = Store(folder.store)
        stack.callback(store.close)
        machines = make_machines(settings.machines, folder.root, settings.cache)
        await machines.recover()
        stack.push_async_callback(machines.close)
        manager = ResourceManager(store)
        lookups = await _providers(settings, manager, machines, stack)
        stack.push_async_callback(manager.operations.close)

        facts = _facts(settings, folder, known, machines)
        edge = _edge(settings, folder, manager, machines, known, facts, stop_asked, lookups)
        runner, port = await _listen(edge, server_context(folder.root), settings.port, folder)
        stack.push_async_callback(runner.cleanup)
        base = f"https://127.0.0.1:{port}"
        facts |= {"resource_manager": base, "authority": base}
        manager.operations.resume()
        yield facts


def _edge(settings, folder, manager, machines, known, facts, stop_asked, lookups):  # type: ignore
    tokens = Tokens(folder.signing_key, known)
    faults = Faults()
    manager.before_work = faults.before_work
    infirmary = Infirmary(machines, manager.store) if isinstance(machines, Simulated) else None
    admin = Admin(manager, faults, facts, infirmary, stop_asked)
    subscriptions = Subscriptions(manager, known)
    router = Router(manager, subscriptions, lookups, settings.poll_wait)
    return Edge(
        manager=manager,
        credentials=known,
        tokens=tokens,
        faults=faults,
        sign_in=SignIn(known, tokens),
        admin=admin,
        router=router,
    )


async def _providers(settings, manager, machines, stack):  # type: ignore
    addresses = Addresses(manager.store, settings.addresses)
    manager.register(ResourceGroups(manager), Deployments(manager))
    data_path = None
    lookups: dict[str, Lookup] = {}
    try:
        network = importlib.import_module("pipeline.emulator.network")
        path = importlib.import_module("pipeline.emulator.network.data_path")
        data_path = path.HaproxyDataPath(settings.state, manager.store, machines)
        await data_path.recover()
        stack.push_async_callback(data_path.close)
        manager.register(*network.kinds(manager, addresses, data_path))
    except (ImportError, AttributeError) as e:
        sys.stderr.write(f"network {e}\n")
    compute = Compute(manager, addresses, data_path, machines)
    manager.register(*compute.kinds)
    lookups["Microsoft.Compute"] = compute.catalogue.answer
    stack.push_async_callback(compute.close)
    compute.resume()
    return lookups


async def _listen(
    edge: Edge, context: ssl.SSLContext, port: int | None, folder: StateFolder
) -> tuple[web.AppRunner, int]:
    wanted = folder.last_port if port is None else port
    try:
        runner, used = await listen(edge, context, wanted)
    except OSError:
        if port is not None:  # asked for by name: no other will do
            raise
        runner, used = await listen(edge, context, 0)
    folder.remember_port(used)
    return runner, used


def _facts(
    settings: Settings, folder: StateFolder, known: Credentials, machines: Machines
) -> dict[str, Any]:
    return {
        "cloud": CLOUD,
        "ca_file": str(folder.root / "ca.pem"),
        "credentials_file": str(folder.credentials),
        "tenant": known.tenant,
        "client_id": known.client_id,
        "subscription": known.subscription,
        "addresses": settings.addresses,
        "machines": machines.kind,
        "accelerator": getattr(machines, "accelerator", "none"),
        "state": str(folder.root),
        "pid": os.getpid(),
    }
