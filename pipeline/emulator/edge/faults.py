"""Faults on request: which requests or operations fail, how, and how often."""

from __future__ import annotations

import asyncio
import re
import uuid
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from pipeline.emulator.arm.errors import ArmError, invalid_parameter
from pipeline.emulator.arm.ids import ResourceId
from pipeline.emulator.arm.operations import Operation
from pipeline.emulator.arm.rates import Rates


class Dropped(Exception):
    """The connection is to be closed without an answer."""


@dataclass(slots=True)
class Fault:
    """One fault: what it matches, what it does, how many times it is left.

    The first `skip` matches pass.

    It matches requests (`method` and `path`, regular expressions) or, when `operation` is given,
    the work of operations: a regular expression on `VERB TYPE ID` (verbs: realize, destroy, an
    action's name).
    """

    method: re.Pattern[str]
    path: re.Pattern[str]
    operation: re.Pattern[str] | None
    fail: dict[str, Any] | None
    delay: float
    drop: bool
    lose: bool
    times: int
    skip: int
    asked: dict[str, Any]
    id: str = field(default_factory=lambda: uuid.uuid4().hex[:8])

    @classmethod
    def of(cls, body: dict[str, Any]) -> Fault:
        """Read `{"match": {…}, "action": {"fail"|"delay"|"drop": …}, "times": 1, "skip": 0}`."""
        match, action = body.get("match", {}), body.get("action", {})
        _only(body, {"match", "action", "times", "skip"}, "a fault")
        _only(match, {"method", "path", "operation"}, "match")
        _only(action, {"fail", "delay", "drop", "lose"}, "action")
        if not action:
            raise invalid_parameter("action", "A fault needs an action: fail, delay, drop or lose.")
        try:
            return cls(
                method=_pattern(match.get("method", "")),
                path=_pattern(match.get("path", "")),
                operation=_pattern(match["operation"]) if "operation" in match else None,
                fail=action.get("fail"),
                delay=float(action.get("delay", 0)),
                drop=bool(action.get("drop", False)),
                lose=bool(action.get("lose", False)),
                times=int(body.get("times", 1)),
                skip=int(body.get("skip", 0)),
                asked=body,
            )
        except (re.error, ValueError, TypeError) as error:
            raise invalid_parameter("match", f"The fault is not well-formed: {error}.") from error

    def shown(self) -> dict[str, Any]:
        """The fault as it was asked for, with its id and how many times are left."""
        return {**self.asked, "id": self.id, "times": self.times}

    async def apply(self, taken_back: asyncio.Event) -> None:
        """Delay, drop or refuse; a delay ends when faults are taken back, and nothing follows."""
        self.times -= 1
        if self.delay:
            with suppress(TimeoutError):
                await asyncio.wait_for(taken_back.wait(), self.delay)
                return
        if self.drop or self.lose:
            raise Dropped
        if self.fail is not None:
            raise ArmError(
                int(self.fail.get("status", 500)),
                str(self.fail.get("code", "InternalServerError")),
                str(self.fail.get("message", "A fault was asked for.")),
                headers={key: str(value) for key, value in self.fail.get("headers", {}).items()},
            )


class Faults:
    """All faults that are left."""

    def __init__(self, rates: Rates | None = None) -> None:
        self._faults: dict[str, Fault] = {}
        self._taken_back = asyncio.Event()
        self.rates = rates or Rates()

    def add(self, body: dict[str, Any]) -> dict[str, Any]:
        """Ask for a fault; raises ArmError when it is not well-formed."""
        fault = Fault.of(body)
        self._faults[fault.id] = fault
        return fault.shown()

    def listed(self) -> list[dict[str, Any]]:
        """The faults that are left."""
        return [fault.shown() for fault in self._faults.values()]

    def clear(self) -> None:
        """Take all faults back, also those that are delaying something."""
        self._faults.clear()
        self._taken_back.set()
        self._taken_back = asyncio.Event()

    async def before_request(self, method: str, path: str) -> None:
        """Apply the first fault that matches this request, if it is not one too many."""
        self.rates.take(method, path)
        await self._meet(method, path, lose=False)

    async def before_answer(self, method: str, path: str) -> None:
        """Lose the answer of a request that has been carried out, if a fault says so."""
        await self._meet(method, path, lose=True)

    async def _meet(self, method: str, path: str, *, lose: bool) -> None:
        for fault in list(self._faults.values()):
            meets = fault.method.search(method) and fault.path.search(path)
            if fault.operation is None and fault.lose == lose and meets:
                await self._apply(fault)
                return

    async def before_work(self, operation: Operation) -> None:
        """Apply the first fault that matches this operation's work."""
        kind = ResourceId.parse(operation.resource).type
        text = f"{operation.action or operation.verb} {kind} {operation.resource}"
        for fault in list(self._faults.values()):
            if fault.operation is not None and fault.operation.search(text):
                await self._apply(fault)
                return

    async def _apply(self, fault: Fault) -> None:
        if fault.skip > 0:
            fault.skip -= 1
            return
        if fault.times <= 1:
            self._faults.pop(fault.id, None)
        await fault.apply(self._taken_back)


def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text, re.IGNORECASE)


def _only(given: dict[str, Any], known: set[str], where: str) -> None:
    unknown = set(given) - known
    if unknown:
        message = f"Unknown in {where}: {', '.join(sorted(unknown))}."
        raise invalid_parameter(where, message)
