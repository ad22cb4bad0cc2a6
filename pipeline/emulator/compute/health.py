"""Application health: the emulator does the probes of the extension in each machine.

States follow Microsoft's page on the Application Health extension: binary (1.0) knows Healthy and
Unhealthy; rich (2.0) reads `{"ApplicationHealthState": …}` from the answer and also knows
Initializing (once, at the start) and Unknown. Probes run in the background; a
read sees the last result.
"""

from __future__ import annotations

import asyncio
import json
import ssl
import time
from dataclasses import dataclass
from typing import Any, Literal

from pipeline.emulator.machines.seam import SSH_PORT

State = Literal["initializing", "healthy", "unhealthy", "unknown"]

_HTTP_OK = 200


@dataclass(frozen=True, slots=True)
class Settings:
    """How to probe. Times are in seconds; `rich` is version 2.0."""

    protocol: str
    port: int
    path: str = "/"
    interval: float = 5.0
    probes: int = 1
    grace: float = 5.0
    rich: bool = False


@dataclass(frozen=True, slots=True)
class Judgement:
    """The state shown; since when it is watched; how often in a row the latest result was seen."""

    state: State
    since: float
    latest: State | None = None
    times: int = 0

    def after(self, observed: State, now: float, settings: Settings) -> Judgement:
        """The judgement after one more probe result."""
        times = self.times + 1 if observed == self.latest else 1
        state = self.state
        is_settling = self.state == "initializing" and now - self.since < settings.grace
        if times >= settings.probes and not (is_settling and observed == "unknown"):
            state = observed
        elif self.state == "initializing" and not is_settling:
            state = "unhealthy" if settings.protocol == "tcp" else "unknown"
        return Judgement(state, self.since, observed, times)


class Health:
    """Watches machines by key; in memory only, so that it starts anew with the emulator."""

    def __init__(self) -> None:
        self._judgements: dict[str, Judgement] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._changed = asyncio.Event()

    def watch(self, key: str, address: str, settings: Settings) -> None:
        """Probe a machine from now on, in place of any earlier watch of the same key."""
        self.forget(key)
        first: State = "initializing" if settings.rich else "unhealthy"
        self._judgements[key] = Judgement(first, time.monotonic())
        self._tasks[key] = asyncio.create_task(self._watch(key, address, settings))

    def forget(self, key: str) -> None:
        """Stop probing; no error when it is not probed."""
        self._judgements.pop(key, None)
        task = self._tasks.pop(key, None)
        if task is not None:
            task.cancel()

    def state(self, key: str) -> State | None:
        """The state as of the last probe; None when it is not watched."""
        judgement = self._judgements.get(key)
        return judgement.state if judgement else None

    async def changes(self) -> None:
        """Wait until some machine's state has changed."""
        await self._changed.wait()

    async def close(self) -> None:
        """Stop all probes."""
        tasks = list(self._tasks.values())
        for key in list(self._tasks):
            self.forget(key)
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _watch(self, key: str, address: str, settings: Settings) -> None:
        while True:
            observed = await probe(address, settings)
            before = self._judgements[key]
            after = before.after(observed, time.monotonic(), settings)
            self._judgements[key] = after
            if after.state != before.state:
                changed, self._changed = self._changed, asyncio.Event()
                changed.set()
            await asyncio.sleep(settings.interval)


async def probe(address: str, settings: Settings) -> State:
    """One probe: what the extension would observe."""
    failed: State = "unknown" if settings.rich and settings.protocol != "tcp" else "unhealthy"
    try:
        async with asyncio.timeout(settings.interval):
            return await _observe(address, settings, failed)
    except (OSError, ValueError, TimeoutError, asyncio.IncompleteReadError):
        return failed


async def _observe(address: str, settings: Settings, failed: State) -> State:
    port = SSH_PORT if settings.port == 22 else settings.port  # noqa: PLR2004 - seam.SSH_PORT says why
    context = ssl._create_unverified_context() if settings.protocol == "https" else None  # noqa: S323 - as the extension does
    reader, writer = await asyncio.open_connection(address, port, ssl=context)
    try:
        if settings.protocol == "tcp":
            return "healthy"
        path = "/" + settings.path.lstrip("/")
        writer.write(f"GET {path} HTTP/1.0\r\nHost: {address}:{port}\r\n\r\n".encode())
        status = int((await reader.readline()).split()[1])
        while (await reader.readline()).strip():
            continue
        return _judge(status, await reader.read(), settings, failed)
    except IndexError:
        return failed
    finally:
        writer.close()


def _judge(status: int, body: bytes, settings: Settings, failed: State) -> State:
    if not settings.rich:
        return "healthy" if status == _HTTP_OK else failed
    if status // 100 != _HTTP_OK // 100:
        return failed
    shown: Any = json.loads(body)
    words = shown.get("ApplicationHealthState") if isinstance(shown, dict) else None
    states: dict[Any, State] = {"Healthy": "healthy", "Unhealthy": "unhealthy"}
    return states.get(words, failed)
