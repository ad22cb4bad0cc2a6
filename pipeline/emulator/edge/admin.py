"""`/emulator/…`: status, faults, limits, reset and stop. Azure has no such thing."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from pipeline.emulator.arm.answers import Answer
from pipeline.emulator.arm.clock import CLOCK
from pipeline.emulator.arm.errors import invalid_parameter, not_served
from pipeline.emulator.arm.kept import UNTIL_RESET
from pipeline.emulator.arm.manager import ResourceManager
from pipeline.emulator.arm.operations import Operation
from pipeline.emulator.edge.exchange import Exchange
from pipeline.emulator.edge.faults import Faults
from pipeline.emulator.edge.machine_faults import MachineFaults

_REMEMBERED = 5000
"""Requests that are remembered."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One answered request. No query, no body: they may hold secrets.

    `time` is that of the answer, `seconds` how long it took; numbers begin at 1.
    """

    number: int
    time: str
    seconds: float
    method: str
    path: str
    status: int


class Admin:
    """Status, requests, faults, limits, reset and stop."""

    def __init__(
        self,
        manager: ResourceManager,
        faults: Faults,
        facts: Callable[[], dict[str, Any]],
        machine_faults: MachineFaults | None,
        stop_asked: asyncio.Event,
        on_reset: Callable[[], None],
    ) -> None:
        self._manager = manager
        self._faults = faults
        self._facts = facts
        self._machine_faults = machine_faults
        self._stop_asked = stop_asked
        self._on_reset = on_reset
        self.requests: deque[Seen] = deque(maxlen=_REMEMBERED)
        self._answered = 0

    def remember(self, time: str, seconds: float, method: str, path: str, status: int) -> None:
        """Remember an answered request."""
        self._answered += 1
        self.requests.append(Seen(self._answered, time, seconds, method, path, status))

    async def answer(self, exchange: Exchange) -> Answer | None:  # noqa: PLR0911 - a table of routes
        """The answer, or None when the path is not under `/emulator`."""
        match exchange.method, exchange.words:
            case "GET", ["emulator", "status"]:
                return Answer(200, self._status())
            case "GET", ["emulator", "requests"]:
                return Answer(200, {"value": self._seen_after(exchange)})
            case "GET", ["emulator", "operations"]:
                return Answer(
                    200, {"value": [_shown(one) for one in self._manager.operations.listed]}
                )
            case "GET" | "POST" | "DELETE", ["emulator", "faults"]:
                return self._asked_faults(exchange)
            case _, ["emulator", "limits"]:
                return self._limits(exchange)
            case _, ["emulator", "rates"]:
                return self._rates(exchange)
            case _, ["emulator", "clock"]:
                return await _clock(exchange)
            case "POST", ["emulator", "reset"]:
                return await self._reset()
            case "POST", ["emulator", "stop"]:
                self._stop_asked.set()
                return Answer(202)
            case "POST", ["emulator", "machines" | "marketplace", *_] if self._machine_faults:
                return self._machine_faults.answer(exchange)
            case _, ["emulator", *_]:
                raise not_served(f"{exchange.method} {exchange.path}")
        return None

    def _asked_faults(self, exchange: Exchange) -> Answer:
        """What is to go wrong."""
        if exchange.method == "POST":
            return Answer(201, self._faults.add(exchange.json()))
        if exchange.method == "DELETE":
            self._faults.clear()
            return Answer(204)
        return Answer(200, {"value": self._faults.listed()})

    def _rates(self, exchange: Exchange) -> Answer:
        """How often Azure may be asked."""
        rates = self._faults.rates
        if exchange.method == "POST":
            return Answer(201, {"value": rates.add(exchange.json())})
        if exchange.method == "DELETE":
            rates.clear()
            return Answer(204)
        return Answer(200, {"value": rates.listed()})

    def _limits(self, exchange: Exchange) -> Answer:
        """What the subscription may use less of than it did."""
        allowances = self._manager.allowances
        if exchange.method == "POST":
            return Answer(201, allowances.limit(exchange.json()))
        if exchange.method == "DELETE":
            allowances.clear()
            return Answer(204)
        return Answer(200, allowances.listed())

    def _seen_after(self, exchange: Exchange) -> list[dict[str, Any]]:
        """The requests with a higher number than `after`, or all; ArmError for no number."""
        after = exchange.query.get("after", "0")
        if not after.isdecimal():
            raise invalid_parameter("after", f"'{after}' is not a number.")
        return [asdict(seen) for seen in self.requests if seen.number > int(after)]

    def _status(self) -> dict[str, Any]:
        counts = Counter(record.id.type for record in self._manager.store.everything())
        return {**self._facts(), "resources": dict(sorted(counts.items()))}

    async def _reset(self) -> Answer:
        """Delete every resource group, with all that is inside, and every blob."""
        self._on_reset()
        self._faults.clear()
        self._faults.rates.clear()
        self._manager.store.drop_facts(UNTIL_RESET)
        groups = list(self._manager.store.groups())
        answers = [await self._manager.delete(group.id) for group in groups]
        await asyncio.gather(*(self._manager.settle(answer) for answer in answers))
        self.requests.clear()
        return Answer(200, {"deleted": [group.id.name for group in groups]})


async def _clock(exchange: Exchange) -> Answer:
    """`{"forward": SECONDS}` moves the clock, once all real work is done; answers what it shows."""
    if exchange.method == "POST":
        seconds = exchange.json().get("forward")
        if isinstance(seconds, bool) or not isinstance(seconds, int | float) or seconds < 0:
            raise invalid_parameter("forward", "'forward' must be a number of seconds.")
        await CLOCK.idle()
        CLOCK.forward(seconds)
    return Answer(200, {"now": CLOCK.now().isoformat()})


def _shown(operation: Operation) -> dict[str, Any]:
    return {
        "resource": operation.resource,
        "verb": operation.action or operation.verb,
        "status": operation.status,
        "acceptedAt": operation.accepted_at,
        "endedAt": operation.ended_at,
    }
