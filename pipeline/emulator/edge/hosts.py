"""Hosts of services' own: in Azure names below a domain, here ports beside the emulator's.

The SDKs of key vaults read a key's or a secret's name from the second part of a path, so a vault
needs an address without a path (azure-keyvault-keys, `parse_key_vault_id`). No name below
`localhost` resolves by itself on Linux, a port of 127.0.0.1 always does.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable

from aiohttp import web

from pipeline.emulator.arm.store import Store
from pipeline.emulator.edge.exchange import Exchange

_FACT = "hosts"
_LOOPBACK = "127.0.0.1"


class Hosts:
    """Ports by the path that each leads to; a path keeps its port over restarts, if it is free."""

    def __init__(self, store: Store, base: Callable[[], str]) -> None:
        """`base` is the emulator's own address."""
        self._store = store
        self._base = base
        self._ports: dict[str, int] = {}
        self._starting: set[asyncio.Task[None]] = set()
        self._listener: tuple[web.AppRunner, ssl.SSLContext] | None = None

    def listen_with(self, runner: web.AppRunner, context: ssl.SSLContext) -> None:
        """From now on hosts are served by this runner, which closes them as well."""
        self._listener = runner, context

    def address(self, path: str) -> str:
        """Where all below a path is served as at the root: `https://127.0.0.1:40123`.

        It takes requests when this returns, and as long as the emulator serves.
        """
        own = path.lower()
        if own not in self._ports:
            self._ports[own] = self._open(own)
        return f"https://{_LOOPBACK}:{self._ports[own]}"

    def lead(self, port: int, exchange: Exchange) -> Exchange:
        """The request as if it had been sent to the emulator's own address."""
        path = next((path for path, used in self._ports.items() if used == port), "")
        return exchange.below(path, self._base()) if path else exchange

    def _open(self, path: str) -> int:
        if self._listener is None:
            raise RuntimeError("the emulator does not listen yet")
        runner, context = self._listener
        listening = _bound(self._store.fact(f"{_FACT}{path}", int) or 0)
        listening.listen()  # who connects before the server has started waits in the backlog
        site = web.SockSite(runner, listening, ssl_context=context)
        task = asyncio.get_running_loop().create_task(site.start())
        self._starting.add(task)
        task.add_done_callback(self._starting.discard)
        port = int(listening.getsockname()[1])
        self._store.set_fact(f"{_FACT}{path}", port)
        return port


def _bound(port: int) -> socket.socket:
    """A socket at a port, at any other one if that is taken."""
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((_LOOPBACK, port))
    except OSError:
        bound.bind((_LOOPBACK, 0))
    return bound
