"""Rates on request: how many requests of a kind Azure lets through, refilled by the minute.

A bucket holds `burst` requests and gets `perMinute` back, by the emulator's clock. What comes when
it is empty is answered 429 with `Retry-After`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pipeline.emulator.arm.clock import CLOCK
from pipeline.emulator.arm.errors import ArmError, invalid_parameter


def throttled(_: Limit, headers: dict[str, str]) -> ArmError:
    """429 as ARM words it."""
    words = "The request is being throttled as the limit has been reached."
    return ArmError(429, "TooManyRequests", words, headers=headers)


@dataclass(frozen=True, slots=True)
class Limit:
    """One kind of requests; each path that it matches has a bucket of its own.

    `method` and `path` are regular expressions, without regard to case; `refusal` makes the 429 out
    of its headers.
    """

    name: str
    method: str
    path: str
    per_minute: float
    burst: float
    refusal: Callable[[Limit, dict[str, str]], ArmError] = throttled

    def concerns(self, method: str, path: str) -> bool:
        """Whether a request is of this kind."""
        named = re.fullmatch(self.method, method, re.IGNORECASE)
        return bool(named and re.search(self.path, path, re.IGNORECASE))

    def shown(self) -> dict[str, Any]:
        """As it was asked for."""
        return {
            "name": self.name,
            "method": self.method,
            "path": self.path,
            "perMinute": self.per_minute,
            "burst": self.burst,
        }


@dataclass(slots=True)
class _Bucket:
    left: float
    since: float

    def take(self, limit: Limit) -> int:
        """Take one request out; how many seconds to wait for it, 0 for none."""
        now = CLOCK.seconds()
        refilled = self.left + (now - self.since) * limit.per_minute / 60
        self.left, self.since = min(refilled, limit.burst), now
        if self.left < 1:
            return math.ceil((1 - self.left) * 60 / limit.per_minute)
        self.left -= 1
        return 0


class Rates:
    """All limits that were asked for; `recorded` are Azure's own."""

    def __init__(self, recorded: tuple[Limit, ...] = ()) -> None:
        self._recorded = recorded
        self._limits: list[Limit] = []
        self._buckets: dict[tuple[Limit, str], _Bucket] = {}

    def add(self, body: dict[str, Any]) -> list[dict[str, Any]]:
        """`{"recorded": true}` for Azure's own, or one of `{"path", "perMinute", "burst"}`."""
        self._limits += self._recorded if body.get("recorded") is True else [_read(body)]
        return self.listed()

    def listed(self) -> list[dict[str, Any]]:
        """Those that hold."""
        return [limit.shown() for limit in self._limits]

    def clear(self) -> None:
        """Let everything through again."""
        self._limits, self._buckets = [], {}

    def take(self, method: str, path: str) -> None:
        """ArmError 429 for a request that is one too many."""
        for limit in self._limits:
            if not limit.concerns(method, path):
                continue
            full = _Bucket(limit.burst, CLOCK.seconds())
            wait = self._buckets.setdefault((limit, path.lower()), full).take(limit)
            if wait:
                raise limit.refusal(limit, {"Retry-After": str(wait)})


def _read(body: dict[str, Any]) -> Limit:
    try:
        limit = Limit(
            str(body.get("name", "Asked")),
            str(body.get("method", ".*")),
            body["path"],
            float(body["perMinute"]),
            float(body.get("burst", body["perMinute"])),
        )
        limit.concerns("GET", "/")
    except (KeyError, TypeError, ValueError, re.error) as error:
        raise invalid_parameter("rate", f"The rate is not well-formed: {error}.") from error
    if limit.per_minute <= 0 or limit.burst < 1:
        raise invalid_parameter("rate", "'perMinute' must be above 0, 'burst' at least 1.")
    return limit
