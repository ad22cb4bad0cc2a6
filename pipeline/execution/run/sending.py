"""Sending a request that changes Azure: once, and again only after a new look.

Throttling and lost answers pass. Azure says how long to wait; while that fits into the patience
for the request, it is waited for. The SDK itself re-sends reads only.
"""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from pipeline.errors import AzureRefused, StillRunning, Unreachable
from pipeline.execution.azure.requests import Request
from pipeline.execution.azure.resources import Azure, Done
from pipeline.execution.patience import Patience
from pipeline.execution.wait import Clock, Operation, wait_until

PASSING = frozenset({408, 429, 500, 502, 503, 504})
"""Statuses that Azure asks clients to retry (Azure's retry guidance)."""
PASSING_CODES = frozenset({"AnotherOperationInProgress"})
"""The same with another status: Azure answers 409 or 429 while it works at the same resource."""
SHORTEST_PAUSE = 2.0
"""Seconds before the next attempt where Azure names none; doubled each time."""
UNASKED = 4
"""Attempts in a row without Azure naming a time: an error, or no answer, is chance no longer."""

Told = Callable[[str], None]


def no_look() -> None:
    """No-op: for requests that stay right whatever happened meanwhile."""


class Sending:
    """One request on its way. `look` runs before each attempt and raises when it is not wanted."""

    def __init__(self, azure: Azure, request: Request, clock: Clock, look: Callable[[], None]):
        self._azure = azure
        self._request = request
        self._clock = clock
        self._look = look
        self._unasked = 0
        self._not_before = 0.0
        self._last: AzureRefused | Unreachable | None = None

    def begin(
        self, patience: Patience, still_waiting: Callable[[float], None], tell: Told
    ) -> Operation[Any]:
        """The operation, once Azure has accepted it; raises Azure's last refusal otherwise."""
        until = self._clock.now() + patience.seconds
        try:
            return wait_until(
                lambda: self._attempt(until, tell),
                str(self._request.target),
                patience=patience,
                clock=self._clock,
                every=1.0,
                still_waiting=still_waiting,
            )
        except StillRunning:
            if self._last is None:
                raise
            raise self._last from None

    def _attempt(self, until: float, tell: Told) -> Operation[Any] | None:
        if self._clock.now() < self._not_before:
            return None
        self._look()
        try:
            with self._clock.interruption.deferred():
                return self._azure.begin(self._request)
        except AzureRefused as refusal:
            if self._request.verb == "DELETE" and refusal.status == HTTPStatus.NOT_FOUND:
                return Done()
            if refusal.status not in PASSING and refusal.code not in PASSING_CODES:
                raise
            pause = self._again(refusal, refusal.retry_after, until)
            tell(f"{refusal.code}: next attempt in {pause:.0f} s")
        except Unreachable as silence:
            pause = self._again(silence, 0.0, until)
            tell(f"Azure did not answer: next attempt in {pause:.0f} s")
        return None

    def _again(self, error: AzureRefused | Unreachable, asked: float, until: float) -> float:
        """Decide when; raises the error where that is never, or patience would be over by then."""
        self._last = error
        self._unasked = 0 if asked else self._unasked + 1
        pause = asked or SHORTEST_PAUSE * 2 ** (self._unasked - 1)
        self._not_before = self._clock.now() + pause
        if self._unasked >= UNASKED or self._not_before > until:
            raise error
        return pause
