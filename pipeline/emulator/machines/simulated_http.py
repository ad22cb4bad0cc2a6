"""What a simulated machine answers to HTTP: its health and the version it was made from."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from enum import Enum, auto
from typing import cast

_LENGTH = re.compile(rb"^content-length:\s*(\d+)", re.IGNORECASE | re.MULTILINE)
_CLOSE = re.compile(rb"^connection:\s*close", re.IGNORECASE | re.MULTILINE)
_END = b"\r\n\r\n"


class Silence(Enum):
    """What a machine does that answers nothing: it keeps the client waiting, or hangs up."""

    HANGING = auto()
    DEAD = auto()


Answer = Callable[[], tuple[str, bytes] | Silence]
"""Status line and body for any request."""


class HttpResponder(asyncio.Protocol):
    """One connection, kept alive; its machine finds it in `open_transports` to cut it off."""

    def __init__(self, answer: Answer, open_transports: set[asyncio.Transport]) -> None:
        self._answer = answer
        self._open = open_transports
        self._received = b""
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember the connection."""
        self._transport = cast(asyncio.Transport, transport)
        self._open.add(self._transport)

    def connection_lost(self, error: Exception | None) -> None:
        """Forget the connection."""
        self._open.discard(self._transport)

    def data_received(self, data: bytes) -> None:
        """Answer every whole request received so far."""
        self._received += data
        while _END in self._received:
            head, rest = self._received.split(_END, 1)
            length = _LENGTH.search(head)
            size = int(length[1]) if length else 0
            if len(rest) < size:
                return
            self._received = rest[size:]
            self._respond(head)

    def _respond(self, head: bytes) -> None:
        answer = self._answer()
        if isinstance(answer, Silence):
            if answer is Silence.DEAD:
                self._transport.abort()
            return
        status, body = answer
        last = bool(_CLOSE.search(head)) or b"HTTP/1.0" in head.split(b"\r\n", 1)[0]
        header = (
            f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n"
            f"Connection: {'close' if last else 'keep-alive'}\r\n\r\n"
        )
        self._transport.write(header.encode() + (b"" if head.startswith(b"HEAD ") else body))
        if last:
            self._transport.close()
