"""One request and its answer, over a fresh connection or one that is kept.

As little of HTTP/1.1 as a health page needs; bodies are read whole, however they are framed.
"""

from __future__ import annotations

import asyncio
import json
import re
import ssl
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from typing import Any

from pipeline.definition.balancing import JSON, TEXT, VersionIn
from pipeline.planning.watch.targets import Target

SETTLED = 0.2
"""Seconds that a TCP connection must stay open to count: a load balancer without a healthy member
may accept a connection and then close it."""
MOST_BODY = 1 << 20
"""Bytes of a body that are looked at."""
LONGEST_VERSION = 40
"""Characters; what is longer is none."""
TCP = "tcp"
"""Stands for the version of what speaks no HTTP."""
UNNAMED = "?"
"""Stands for the version of a page that tells none."""

_THREE_NUMBERS = re.compile(rb"(?<![\d.])\d{1,9}\.\d{1,9}\.\d{1,9}(?![\d]|\.\d)")

LOST = (OSError, EOFError, ValueError, asyncio.LimitOverrunError)
"""What a request can end with instead of an answer."""
_WORDS: dict[type[Exception], str] = {
    TimeoutError: "no connection in time",
    ConnectionRefusedError: "connection refused",
    ConnectionResetError: "connection reset",
    BrokenPipeError: "connection reset",
    asyncio.IncompleteReadError: "connection closed",
    ssl.SSLError: "TLS failed",
}


@dataclass(frozen=True, slots=True)
class Connection:
    """An open connection to a target."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    target: Target

    @property
    def is_cut(self) -> bool:
        """Whether the other side has ended it, as far as is known without writing."""
        return self.reader.at_eof() or self.reader.exception() is not None

    def close(self) -> None:
        """End it, without ceremony."""
        self.writer.transport.abort()


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: the version in it, or why it does not count (`HTTP 500`).

    `state` is the `ApplicationHealthState` in it, "" without one.
    `is_last` when the other side ends the connection with it. `waited` are seconds of the time it
    took in which nothing was waited for but whether the connection stays open.
    """

    version: str = ""
    problem: str = ""
    state: str = ""
    is_last: bool = False
    waited: float = 0.0


async def connect(target: Target) -> Connection:
    """A new connection; raises what LOST lists."""
    context = _unverified() if target.protocol == "https" else None
    reader, writer = await asyncio.open_connection(target.address, target.port, ssl=context)
    return Connection(reader, writer, target)


async def ask_afresh(target: Target, settled: float = SETTLED) -> Answer:
    """A request on a connection of its own; raises what LOST lists.

    A TCP connection counts when it stays open for `settled` seconds.
    """
    connection = await connect(target)
    try:
        return await ask(connection, keep=False, settled=settled)
    finally:
        connection.close()


async def answer_of(target: Target, late: float, settled: float = SETTLED) -> Answer:
    """As `ask_afresh`, in `late` seconds at most; its problem is what came instead of an answer."""
    try:
        async with asyncio.timeout(late):
            return await ask_afresh(target, settled)
    except TimeoutError:
        return Answer(problem=f"no answer in {late:g} s")
    except LOST as error:
        return Answer(problem=reason_of(error))


async def ask(connection: Connection, *, keep: bool, settled: float = SETTLED) -> Answer:
    """Send a request and read the answer; raises what LOST lists."""
    target = connection.target
    if target.protocol == TCP:
        return await _stays_open(connection, settled)
    after = "keep-alive" if keep else "close"
    connection.writer.write(
        f"GET {target.path} HTTP/1.1\r\nHost: {target.address}:{target.port}\r\n"
        f"User-Agent: bakeswap\r\nConnection: {after}\r\n\r\n".encode()
    )
    await connection.writer.drain()
    head = await connection.reader.readuntil(b"\r\n\r\n")
    status, headers = _read_head(head)
    body = await _body(connection.reader, headers, keep=keep)
    is_last = headers.get("connection", "").lower() == "close"
    if not HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return Answer(problem=f"HTTP {status}", is_last=is_last)
    return Answer(version_in(body, target.told), state=state_in(body), is_last=is_last)


def reason_of(error: Exception) -> str:
    """Why a request was lost, in a few words."""
    for kind, words in _WORDS.items():
        if isinstance(error, kind):
            return words
    if isinstance(error, OSError):
        return error.strerror or type(error).__name__
    return "no HTTP"


def version_in(body: bytes, told: VersionIn = JSON) -> str:
    """The version that a page tells, or UNNAMED."""
    if told == TEXT:
        found = _THREE_NUMBERS.search(body)
        return found[0].decode() if found else UNNAMED
    version = _document(body).get("version")
    is_one = isinstance(version, str) and 0 < len(version) <= LONGEST_VERSION
    return str(version) if is_one else UNNAMED


def state_in(body: bytes) -> str:
    """The state that a page of rich health states tells, "" where it tells none."""
    state = _document(body).get("ApplicationHealthState")
    return state if isinstance(state, str) else ""


def _document(body: bytes) -> dict[str, Any]:
    """The JSON object that it is, an empty one for anything else."""
    if not body.lstrip().startswith(b"{"):
        return {}
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


async def _stays_open(connection: Connection, settled: float) -> Answer:
    try:
        async with asyncio.timeout(settled):
            said = await connection.reader.read(1)
    except TimeoutError:
        return Answer(TCP, waited=settled)
    return Answer(TCP) if said else Answer(problem="connection closed")


def _read_head(head: bytes) -> tuple[int, dict[str, str]]:
    """Status and headers, names in lower case; raises ValueError for what is no HTTP."""
    first, *lines = head.decode("latin-1").split("\r\n")
    word, status, *_ = f"{first} 0".split(" ")
    if not word.startswith("HTTP/") or not status.isdecimal():
        raise ValueError(first)
    pairs = (line.partition(":") for line in lines if line)
    return int(status), {name.strip().lower(): value.strip() for name, _, value in pairs}


async def _body(reader: asyncio.StreamReader, headers: dict[str, str], *, keep: bool) -> bytes:
    if headers.get("transfer-encoding", "").lower() == "chunked":
        return await _chunks(reader)
    if "content-length" in headers:
        return await _exactly(reader, int(headers["content-length"]))
    if not keep or headers.get("connection", "").lower() == "close":
        return await _until_the_end(reader)
    return b""


async def _until_the_end(reader: asyncio.StreamReader) -> bytes:
    body = b""
    while piece := await reader.read(1 << 16):
        body = (body + piece)[:MOST_BODY]
    return body


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    body = b""
    while size := int((await reader.readuntil(b"\r\n")).split(b";")[0], 16):
        body += await _exactly(reader, size)
        await reader.readuntil(b"\r\n")
        body = body[:MOST_BODY]
    while (await reader.readuntil(b"\r\n")).strip():
        """Trailers."""
    return body


async def _exactly(reader: asyncio.StreamReader, size: int) -> bytes:
    """So many bytes are read, and the first of them answered."""
    body = b""
    while size > 0:
        piece = await reader.readexactly(min(size, 1 << 16))
        size -= len(piece)
        body = (body + piece)[:MOST_BODY]
    return body


@cache
def _unverified() -> ssl.SSLContext:
    """Azure's own probes do not check certificates either, and no name leads to a frontend yet."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
