"""Long-running operations: accepted now, ended by a worker, never by a poll.

An operation outlives the emulator: what was under way when it died is started again at the next
start (every worker tolerates being repeated).
"""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from pipeline.emulator.arm.clock import CLOCK
from pipeline.emulator.arm.errors import ArmError
from pipeline.emulator.arm.ids import ResourceId
from pipeline.emulator.arm.store import Store
from pipeline.emulator.files import FileError

Status = Literal["InProgress", "Succeeded", "Failed", "Canceled"]
Verb = Literal["realize", "destroy", "act"]

_FACTS = "operation/"
_KEPT = 2000
"""Ended operations that stay readable; Azure forgets them too, after a while."""

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Operation:
    """One accepted operation on one resource. Times are ISO 8601 in UTC."""

    id: str
    resource: str
    location: str
    verb: Verb
    action: str = ""
    body: dict[str, Any] = field(default_factory=dict)
    accepted_at: str = ""
    ended_at: str | None = None
    status: Status = "InProgress"
    error: dict[str, Any] | None = None

    @property
    def is_ended(self) -> bool:
        """Whether the status is terminal."""
        return self.status != "InProgress"

    @property
    def elapsed(self) -> float:
        """Seconds since it was accepted."""
        return (CLOCK.now() - datetime.fromisoformat(self.accepted_at)).total_seconds()


def now() -> str:
    """The time as ARM prints it."""
    return CLOCK.now().isoformat()


Work = Callable[[Operation], Awaitable[None]]


class Operations:
    """All operations, and the tasks that carry them out."""

    def __init__(self, store: Store, work: Work) -> None:
        self._store = store
        self._work = work
        self._closing = False
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._ended: dict[str, asyncio.Event] = {}
        self._all = {kept.id: kept for kept in store.facts(_FACTS, Operation)}

    def resume(self) -> None:
        """Start again what was under way when the emulator ended."""
        for operation in list(self._all.values()):
            if not operation.is_ended and operation.id not in self._tasks:
                self._start(operation)

    def begin(
        self,
        resource: ResourceId,
        location: str,
        verb: Verb,
        action: str = "",
        body: dict[str, Any] | None = None,
    ) -> Operation:
        """Accept an operation and start its work. `body` must hold no secret: it is stored."""
        operation = Operation(
            str(uuid.uuid4()), str(resource), location, verb, action, body or {}, accepted_at=now()
        )
        self._all[operation.id] = operation
        self._keep(operation)
        self._start(operation)
        return operation

    def find(self, identifier: str) -> Operation | None:
        """An operation by its id."""
        return self._all.get(identifier.lower())

    @property
    def listed(self) -> list[Operation]:
        """All that are still known, the oldest first."""
        return list(self._all.values())

    def under_way(self, resource: ResourceId) -> list[Operation]:
        """The operations on a resource that have not ended."""
        return [
            operation
            for operation in self._all.values()
            if not operation.is_ended and operation.resource.lower() == resource.key
        ]

    async def ended(self, operation: Operation, patience: float) -> None:
        """Wait until the operation has ended, `patience` seconds at most."""
        event = self._ended.get(operation.id)
        if operation.is_ended or event is None:
            return
        try:
            await asyncio.wait_for(event.wait(), patience)
        except TimeoutError:
            return

    async def cancel(self, operation: Operation) -> None:
        """End an operation as Canceled: a later one supersedes it."""
        task = self._tasks.get(operation.id)
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        if not operation.is_ended:  # cancelled before its worker ran a single line
            self._end(operation, "Canceled", _SUPERSEDED)

    async def close(self) -> None:
        """Stop the workers; what has not ended is resumed at the next start."""
        self._closing = True
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _start(self, operation: Operation) -> None:
        self._ended[operation.id] = asyncio.Event()
        task = asyncio.create_task(
            self._run(operation), name=f"{operation.verb} {operation.resource}"
        )
        self._tasks[operation.id] = task
        task.add_done_callback(lambda _: self._tasks.pop(operation.id, None))

    async def _run(self, operation: Operation) -> None:
        try:
            await self._work(operation)
            self._end(operation, "Succeeded", None)
        except ArmError as refusal:
            self._end(operation, "Failed", refusal.error())
        except asyncio.CancelledError:
            if not self._closing:
                self._end(operation, "Canceled", _SUPERSEDED)
            raise
        except FileError as fault:
            _log.error("%s %s: %s", operation.verb, operation.resource, fault)
            self._end(operation, "Failed", {"code": "InternalServerError", "message": str(fault)})
        except Exception as fault:
            _log.exception("%s %s", operation.verb, operation.resource)
            self._end(operation, "Failed", {"code": "InternalServerError", "message": repr(fault)})

    def _end(self, operation: Operation, status: Status, error: dict[str, Any] | None) -> None:
        operation.status, operation.error, operation.ended_at = status, error, now()
        event = self._ended.pop(operation.id, None)
        if event is not None:
            event.set()
        try:
            self._keep(operation)
        except FileError as fault:  # at the next start the operation is carried out again
            _log.error("%s %s: %s", operation.verb, operation.resource, fault)

    def _keep(self, operation: Operation) -> None:
        self._store.set_fact(f"{_FACTS}{operation.id}", operation)
        if len(self._all) > 2 * _KEPT:
            for identifier in [key for key, kept in self._all.items() if kept.is_ended][:_KEPT]:
                del self._all[identifier]
                self._store.drop_fact(f"{_FACTS}{identifier}")


_SUPERSEDED = {
    "code": "Canceled",
    "message": "Operation was canceled.",
    "details": [
        {
            "code": "CanceledAndSupersededDueToAnotherOperation",
            "message": "The operation was canceled and superseded by another operation.",
        }
    ],
}
