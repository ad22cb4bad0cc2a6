"""Steady requests to every target, from a thread of their own, with every answer accounted for.

Open loop: a request leaves on time whether or not earlier ones were answered, each on a connection
of its own, so that a swap which refuses or drops connections cannot hide behind keep-alive or a
slow answer. Beside them some connections are kept, and asked once a second each.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine, Iterable
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Any

from pipeline.definition.promotion import Promotion
from pipeline.execution.watch.exchange import (
    LOST,
    TCP,
    Answer,
    Connection,
    ask,
    ask_afresh,
    connect,
    reason_of,
)
from pipeline.execution.watch.recorder import Recorder, Request
from pipeline.planning.report.traffic import Traffic
from pipeline.planning.watch.figures import Watched
from pipeline.planning.watch.targets import Target

KEPT_ALIVE = 10
"""Connections that are kept to each HTTP target."""
EVERY = 1.0
"""Seconds between two requests on one of them."""
MOST_OPEN = 1000
"""Fresh connections at once; a request that finds so many unanswered is not sent, and lost."""
AT_MOST_BEHIND = 1.0
"""Seconds of requests that are caught up with when the machine had no time for us."""


@dataclass(frozen=True, slots=True)
class Load:
    """How much is asked: requests per second and target, kept connections, and until when."""

    rate: float = 50.0
    kept_alive: int = KEPT_ALIVE
    every: float = EVERY
    """Seconds between two requests on a kept connection."""
    late: float = Promotion().timeout
    """Seconds after which an unanswered request is lost."""
    most_open: int = MOST_OPEN


class Prober:
    """Asks as long as the `with` block lasts.

    On leaving, every request under way is awaited, so that the figures are complete. The
    thread does not outlive the process, and nothing that a target does raises an error here.
    """

    def __init__(self, targets: Iterable[Target], load: Load) -> None:
        self._targets = tuple(targets)
        self._load = load
        self._recorder = Recorder(self._targets)
        self._stop = asyncio.Event()
        self._open = 0
        self._thread = threading.Thread(target=self._main, name="prober", daemon=True)

    def __enter__(self) -> Prober:
        self._loop = asyncio.new_event_loop()
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def is_asking(self) -> bool:
        """Whether it is at work."""
        return self._thread.is_alive()

    @property
    def watched(self) -> Watched:
        """The figures so far."""
        return self._recorder.watched()

    @property
    def has_heard(self) -> bool:
        """Whether of each target something is known by now."""
        return all(figures.fresh.answered or figures.fresh.lost for figures in self.watched.rules)

    def expect(self, version: str) -> None:
        """Which version is going to serve."""
        self._recorder.expect(version)

    def swapping(self) -> None:
        """The write that leads production elsewhere is about to be sent."""
        self._recorder.swapping()

    def swapped(self) -> None:
        """Azure has carried that write out."""
        self._recorder.swapped()

    @property
    def traffic(self) -> Traffic:
        """What became of the requests so far, by time."""
        return self._recorder.traffic()

    def stop(self) -> None:
        """Send nothing more, and await what is under way; no error when that was done before."""
        with suppress(RuntimeError):  # it has ended by itself
            self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    def _main(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._watch())
        self._recorder.finish()

    async def _watch(self) -> None:
        """All at once; ends when `stop` was asked for and nothing is under way."""
        http = [target for target in self._targets if target.protocol != TCP]
        async with asyncio.TaskGroup() as group:
            for target in self._targets:
                group.create_task(self._send_steadily(target, group))
            for target in http:
                for number in range(self._load.kept_alive):
                    begins = self._load.every * number / self._load.kept_alive
                    group.create_task(self._keep_asking(target, begins))

    async def _send_steadily(self, target: Target, group: asyncio.TaskGroup) -> None:
        due = self._loop.time()
        while not self._stop.is_set():
            request = self._recorder.send(target.rule)
            if self._open < self._load.most_open:
                group.create_task(self._send(target, request))
            else:
                self._recorder.lost(request, f"not sent: {self._open} unanswered")
            due = await self._until_next(due)

    async def _until_next(self, due: float) -> float:
        """Let time pass until the request after the one that was due; when that is due."""
        following = max(due + 1.0 / self._load.rate, self._loop.time() - AT_MOST_BEHIND)
        await self._pause(following - self._loop.time())
        return following

    async def _send(self, target: Target, request: Request) -> None:
        self._open += 1
        try:
            await self._account(ask_afresh(target), request)
        finally:
            self._open -= 1

    async def _keep_asking(self, target: Target, begins: float) -> None:
        """One connection after the other, each as long as it lasts."""
        await self._pause(begins)
        while not self._stop.is_set():
            connection = await self._connection(target)
            if connection is not None:
                await self._ask_while_kept(connection)
                connection.close()
            await self._pause(self._load.every)

    async def _connection(self, target: Target) -> Connection | None:
        """A connection to keep; None, and a request lost, where there is none to be had."""
        try:
            async with asyncio.timeout(self._load.late):
                connection = await connect(target)
        except LOST as error:
            request = self._recorder.send(target.rule, is_kept=True)
            self._recorder.lost(request, reason_of(error))
            return None
        self._recorder.opened(target.rule)
        return connection

    async def _ask_while_kept(self, connection: Connection) -> None:
        rule = connection.target.rule
        while not self._stop.is_set():
            if connection.is_cut:
                self._recorder.cut(rule)
                return
            request = self._recorder.send(rule, is_kept=True)
            answer = await self._account(ask(connection, keep=True), request)
            if answer is None and connection.is_cut:
                self._recorder.cut(rule)
            if answer is None or answer.is_last:
                return
            await self._pause(self._load.every)

    async def _account(
        self, asking: Coroutine[Any, Any, Answer], request: Request
    ) -> Answer | None:
        """Await an answer and count it; None when there was none."""
        try:
            async with asyncio.timeout(self._load.late):
                answer = await asking
        except TimeoutError:
            self._recorder.lost(request, f"no answer in {self._load.late:g} s", is_late=True)
            return None
        except LOST as error:
            self._recorder.lost(request, reason_of(error))
            return None
        if answer.problem:
            self._recorder.lost(request, answer.problem)
        else:
            self._recorder.answered(request, answer.version, answer.waited)
        return answer

    async def _pause(self, seconds: float) -> None:
        """Let time pass, but not after `stop`."""
        try:
            async with asyncio.timeout(max(0.0, seconds)):
                await self._stop.wait()
        except TimeoutError:
            return
