"""Small HTTP servers on loopback addresses, and clients that count what they get."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import socket
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

_octets = itertools.count(1)


def own_address() -> str:
    """A loopback address that no other test process uses at the same time."""
    return f"127.96.{os.getpid() % 254 + 1}.{next(_octets)}"


_given: set[int] = set()


def free_port(address: str) -> int:
    """A free port, and none that was given before: nobody listens yet where those will be."""
    while True:
        with socket.socket() as probe:
            probe.bind((address, 0))
            port = int(probe.getsockname()[1])
        if port not in _given:
            _given.add(port)
            return port


@dataclass(slots=True)
class Member:
    """Answers its name; its health path answers `status`."""

    name: str
    address: str
    status: int = 200
    probes: int = 0
    server: asyncio.Server | None = None

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, kept alive until the client closes it."""
        with contextlib.suppress(ConnectionError):  # a probe ends without ceremony
            await self._answer(reader, writer)
        writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while request := await reader.readline():
            while (await reader.readline()).strip():
                pass
            status, body = 200, self.name
            if b"/healthz" in request:
                self.probes += 1
                status, body = self.status, "health"
            text = f"HTTP/1.1 {status} X\r\nContent-Length: {len(body)}\r\n\r\n{body}"
            writer.write(text.encode())
            await writer.drain()


@asynccontextmanager
async def member(name: str, port: int, status: int = 200) -> AsyncIterator[Member]:
    """A member that serves `port` on an address of its own."""
    made = Member(name, own_address(), status)
    made.server = await asyncio.start_server(made.serve, made.address, port)
    try:
        yield made
    finally:
        made.server.close()


class Connection:
    """One client connection; `get` may be repeated on it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    async def get(self, path: str = "/") -> str:
        """The body of an answer. Raises ConnectionError when the connection ends instead."""
        self._writer.write(f"GET {path} HTTP/1.1\r\nHost: test\r\n\r\n".encode())
        await self._writer.drain()
        length = -1
        while line := (await self._reader.readline()).strip():
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        if length < 0:
            raise ConnectionError("the connection ended without an answer")
        return (await self._reader.readexactly(length)).decode()

    async def close(self) -> None:
        """Close, and wait for it."""
        self._writer.close()
        await asyncio.gather(self._writer.wait_closed(), return_exceptions=True)


async def connect(address: str, port: int) -> Connection:
    """A new connection."""
    return Connection(*await asyncio.open_connection(address, port))


async def get(address: str, port: int) -> str:
    """An answer over a connection of its own. Raises OSError when there is none."""
    connection = await connect(address, port)
    try:
        return await connection.get()
    finally:
        await connection.close()


@dataclass(slots=True)
class Load:
    """Requests that go on all the time: what answered, and what was lost."""

    answers: Counter[str] = field(default_factory=Counter)
    lost: list[str] = field(default_factory=list)


@asynccontextmanager
async def load(address: str, port: int, clients: int = 4) -> AsyncIterator[Load]:
    """Clients that ask without pause: one connection per request, or one for all requests."""
    result, stop = Load(), asyncio.Event()

    async def single() -> str:
        return await get(address, port)

    kept = [await connect(address, port) for _ in range(clients // 2)]
    asks: Iterator[Callable[[], Awaitable[str]]] = iter(
        [*(single for _ in range(clients)), *(connection.get for connection in kept)]
    )
    tasks = [asyncio.create_task(_repeat(ask, result, stop)) for ask in asks]
    try:
        yield result
    finally:
        stop.set()
        await asyncio.gather(*tasks)
        for connection in kept:
            await connection.close()


async def _repeat(ask: Callable[[], Awaitable[str]], result: Load, stop: asyncio.Event) -> None:
    while not stop.is_set():
        try:
            result.answers[await ask()] += 1
        except (OSError, asyncio.IncompleteReadError) as error:
            result.lost.append(repr(error))
        await asyncio.sleep(0.02)


async def both_moved(front: str, ports: tuple[int, int], pools: tuple[str, str]) -> None:
    """Wait until the first rule has moved; the second one must have moved then."""
    async with asyncio.timeout(60):
        while await get(front, ports[0]) != pools[0]:
            await asyncio.sleep(0)
        assert await get(front, ports[1]) == pools[1]
