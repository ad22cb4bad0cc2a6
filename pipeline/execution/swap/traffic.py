"""Steady traffic against an HTTP address, with every answer accounted for.

Open loop: a request leaves on time whether or not earlier ones were answered, each on a
connection of its own, so that a swap which refuses or drops connections cannot hide behind
keep-alive or a slow answer.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections import Counter
from dataclasses import dataclass, field
from types import TracebackType

PATIENCE = 30.0
"""Seconds after which an unanswered request is lost; generous: it tells loss, not slowness."""


@dataclass(slots=True)
class Tally:
    """What became of the requests: sent, answered per version, lost per reason."""

    sent: int = 0
    versions: Counter[str] = field(default_factory=Counter)
    lost: Counter[str] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)

    @property
    def answered(self) -> int:
        """Requests answered with a 2xx."""
        return sum(self.versions.values())

    @property
    def lost_total(self) -> int:
        """Requests refused, dropped, timed out or answered with anything but a 2xx."""
        return sum(self.lost.values())

    def quantile(self, share: float) -> float:
        """The answer time in seconds that this share of the requests stayed under."""
        ordered = sorted(self.seconds)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0

    def __str__(self) -> str:
        versions = ", ".join(f"{count} by {name}" for name, count in sorted(self.versions.items()))
        reasons = ", ".join(f"{count} x {reason}" for reason, count in sorted(self.lost.items()))
        lost = f"{self.lost_total} lost" + (f" ({reasons})" if reasons else "")
        return (
            f"{self.sent} requests, {lost}; answered: {versions or 'none'}; "
            f"median {1000 * self.quantile(0.5):.0f} ms, "
            f"99 % in {1000 * self.quantile(0.99):.0f} ms"
        )


class Traffic:
    """Requests at a steady rate from a thread of its own, as long as the `with` block lasts.

    On leaving, every request under way is awaited, so the tally is complete.
    """

    def __init__(self, host: str, port: int, path: str, rate: float = 50.0) -> None:
        self.tally = Tally()
        self._target = (host, port, path)
        self._interval = 1.0 / rate
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._main, name="traffic", daemon=True)

    def __enter__(self) -> Traffic:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stopping.set()
        self._thread.join()

    def _main(self) -> None:
        asyncio.run(self._send_all())

    async def _send_all(self) -> None:
        loop = asyncio.get_running_loop()
        under_way: set[asyncio.Task[None]] = set()
        due = loop.time()
        while not self._stopping.is_set():
            task = asyncio.create_task(self._send())
            under_way.add(task)
            task.add_done_callback(under_way.discard)
            due += self._interval
            await asyncio.sleep(max(0.0, due - loop.time()))
        await asyncio.gather(*under_way)

    async def _send(self) -> None:
        started = asyncio.get_running_loop().time()
        self.tally.sent += 1
        try:
            async with asyncio.timeout(PATIENCE):
                status, body = await _get(*self._target)
        except TimeoutError:
            self.tally.lost["no answer"] += 1
            return
        except (OSError, ValueError, EOFError) as error:
            self.tally.lost[type(error).__name__] += 1
            return
        if not 200 <= status < 300:  # noqa: PLR2004 - HTTP's own classes
            self.tally.lost[f"HTTP {status}"] += 1
            return
        self.tally.versions[version_in(body)] += 1
        self.tally.seconds.append(asyncio.get_running_loop().time() - started)


def version_in(body: bytes) -> str:
    """The `version` that a health page tells, or `?` when it tells none."""
    try:
        document = json.loads(body)
    except ValueError:
        return "?"
    version = document.get("version") if isinstance(document, dict) else None
    return version if isinstance(version, str) else "?"


async def _get(host: str, port: int, path: str) -> tuple[int, bytes]:
    reader, writer = await asyncio.open_connection(host, port)
    try:
        writer.write(
            f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n\r\n".encode()
        )
        await writer.drain()
        head = await reader.readuntil(b"\r\n\r\n")
        status = int(head.split(b" ", 2)[1])
        length = _content_length(head)
        body = await reader.readexactly(length) if length is not None else await reader.read()
    finally:
        writer.close()
    return status, body


def _content_length(head: bytes) -> int | None:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length":
            return int(value)
    return None
