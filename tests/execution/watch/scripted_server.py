"""A server on loopback that does what a script says, one act for each request."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Literal, TypeAlias

Act: TypeAlias = Literal[
    "answer",
    "new version",
    "500",
    "close",
    "reset",
    "hang",
    "chunked",
    "cut after",
    "last",
    "noise",
]
Script: TypeAlias = Callable[[int], Act]
"""What to do at a request, counted from 0."""

OLD, NEW = "1.0.0", "1.0.1"
PATIENCE = 30.0


def page(version: str) -> bytes:
    """A health page."""
    return json.dumps({"ApplicationHealthState": "Healthy", "version": version}).encode()


class ScriptedServer:
    """Counts what it did; `wait_for` blocks until it has done so much."""

    def __init__(self, script: Script) -> None:
        self._script = script
        self._changed = threading.Condition()
        self.done: Counter[Act] = Counter()
        self.connections = 0
        self.port = 0
        self._open: set[asyncio.StreamWriter] = set()

    @property
    def requests(self) -> int:
        """Requests that it has read."""
        return self.done.total()

    def wait_for(self, requests: int) -> None:
        """Until it has read so many requests."""
        with self._changed:
            assert self._changed.wait_for(lambda: self.requests >= requests, PATIENCE)

    async def run(self, is_up: Callable[[], object]) -> None:
        """Serve until `stop`, then end every connection."""
        self._loop, self._stopped = asyncio.get_running_loop(), asyncio.Event()
        server = await asyncio.start_server(self.serve, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        is_up()
        await self._stopped.wait()
        server.close()
        for writer in self._open:
            writer.transport.abort()
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()
        await asyncio.sleep(0.01)

    def stop(self) -> None:
        """End it, from another thread."""
        self._loop.call_soon_threadsafe(self._stopped.set)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        self.connections += 1
        self._open.add(writer)
        with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            while await reader.readuntil(b"\r\n\r\n"):
                act = self._next()
                if not await self._perform(act, writer):
                    break
        writer.close()
        self._open.discard(writer)

    def _next(self) -> Act:
        with self._changed:
            act = self._script(self.requests)
            self.done[act] += 1
            self._changed.notify_all()
        return act

    async def _perform(self, act: Act, writer: asyncio.StreamWriter) -> bool:
        """Whether the connection goes on."""
        match act:
            case "hang":
                await asyncio.sleep(PATIENCE)
            case "close":
                return False
            case "reset":
                linger = struct.pack("ii", 1, 0)
                writer.get_extra_info("socket").setsockopt(
                    socket.SOL_SOCKET, socket.SO_LINGER, linger
                )
                return False
            case "noise":
                writer.write(b"SSH-2.0-none\r\n\r\n")
                return False
            case "chunked":
                body = page(OLD)
                writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
                for piece in (body[:7], body[7:]):
                    writer.write(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
                writer.write(b"0\r\n\r\n")
            case _:
                writer.write(_response(act))
        await writer.drain()
        return act not in {"cut after", "last"}


def _response(act: Act) -> bytes:
    status = "500 Internal Server Error" if act == "500" else "200 OK"
    body = page(NEW if act == "new version" else OLD)
    more = "Connection: close\r\n" if act == "last" else ""
    return f"HTTP/1.1 {status}\r\n{more}Content-Length: {len(body)}\r\n\r\n".encode() + body


@contextmanager
def serving(script: Script) -> Iterator[ScriptedServer]:
    """The server in a thread of its own."""
    made = ScriptedServer(script)
    is_up = threading.Event()
    thread = threading.Thread(target=lambda: asyncio.run(made.run(is_up.set)), daemon=True)
    thread.start()
    assert is_up.wait(PATIENCE)
    try:
        yield made
    finally:
        made.stop()
        thread.join()
