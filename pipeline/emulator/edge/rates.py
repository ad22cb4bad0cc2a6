"""Rates on request: how many requests of a kind Azure lets through, refilled by the minute.

A bucket holds `burst` requests and gets `perMinute` back, by the emulator's clock. What comes when
it is empty is answered 429 with `Retry-After`, in the words of compute or of ARM.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass, field
from typing import Any

from pipeline.emulator.arm.clock import CLOCK
from pipeline.emulator.arm.errors import ArmError, invalid_parameter

_SETS = "/virtualMachineScaleSets/[^/]+"
_MACHINES = "/virtualMachines/[^/]+"
RECORDED = (
    ("CreateVMScaleSet", "PUT|PATCH", f"{_SETS}$", 4, 12),
    ("DeleteVMScaleSet", "DELETE", f"{_SETS}$", 4, 12),
    ("GetVMScaleSet", "GET", f"{_SETS}$", 12, 36),
    ("HighCostGetVMScaleSet", "GET", f"{_SETS}/(?:instanceView|virtualMachines)$", 10, 30),
    ("PutVM", "PUT|PATCH|DELETE", f"(?<!Sets/){_MACHINES}$", 4, 12),
    ("GetVM", "GET", f"(?<!Sets/){_MACHINES}$", 12, 36),
    ("GetOperation", "GET", "Microsoft.Compute/locations/[^/]+/[^/]*operations/[^/]+$", 15, 45),
)
"""Compute's limits of one resource: name, methods, paths, requests a minute, requests at once
(Microsoft's page of compute throttling limits, May 2024; seen in recorded headers, too)."""


@dataclass(slots=True)
class _Bucket:
    left: float
    since: float


@dataclass(slots=True)
class Rate:
    """One kind of requests; each path that it matches has a bucket of its own."""

    name: str
    method: re.Pattern[str]
    path: re.Pattern[str]
    per_minute: float
    burst: float
    buckets: dict[str, _Bucket] = field(default_factory=dict)

    def take(self, method: str, path: str) -> None:
        """Take one request out of its bucket; ArmError 429 where that is empty."""
        if not self.path.search(path) or not self.method.fullmatch(method):
            return
        now = CLOCK.seconds()
        bucket = self.buckets.setdefault(path.lower(), _Bucket(self.burst, now))
        refilled = bucket.left + (now - bucket.since) * self.per_minute / 60
        bucket.left, bucket.since = min(refilled, self.burst), now
        if bucket.left < 1:
            raise self._refusal(path, math.ceil((1 - bucket.left) * 60 / self.per_minute))
        bucket.left -= 1

    def shown(self) -> dict[str, Any]:
        """As it was asked for."""
        return {
            "name": self.name,
            "method": self.method.pattern,
            "path": self.path.pattern,
            "perMinute": self.per_minute,
            "burst": self.burst,
        }

    def _refusal(self, path: str, wait: int) -> ArmError:
        """Compute's code and sentence (terraform-provider-azurerm#19146), or ARM's code."""
        headers = {"Retry-After": str(wait)}
        if "microsoft.compute" not in path.lower():
            words = "The request is being throttled as the limit has been reached."
            return ArmError(429, "TooManyRequests", words, headers=headers)
        told = json.dumps({"operationGroup": self.name, "allowedRequestCount": int(self.burst)})
        return ArmError(
            429,
            "OperationNotAllowed",
            "The server rejected the request because too many requests have been received for this"
            " subscription.",
            details=(ArmError(429, "TooManyRequests", told, target=self.name),),
            headers=headers,
        )


class Rates:
    """All rates that were asked for."""

    def __init__(self) -> None:
        self._rates: list[Rate] = []

    def add(self, body: dict[str, Any]) -> list[dict[str, Any]]:
        """`{"recorded": true}` for compute's own, or one of `{"path", "perMinute", "burst"}`."""
        self._rates += _recorded() if body.get("recorded") is True else [_read(body)]
        return self.listed()

    def listed(self) -> list[dict[str, Any]]:
        """Those that hold."""
        return [rate.shown() for rate in self._rates]

    def clear(self) -> None:
        """Let everything through again."""
        self._rates = []

    def take(self, method: str, path: str) -> None:
        """ArmError 429 for a request that is one too many."""
        for rate in self._rates:
            rate.take(method, path)


def _recorded() -> list[Rate]:
    return [
        Rate(name, _pattern(method), _pattern(path), per_minute, burst)
        for name, method, path, per_minute, burst in RECORDED
    ]


def _read(body: dict[str, Any]) -> Rate:
    try:
        rate = Rate(
            str(body.get("name", "Asked")),
            _pattern(body.get("method", ".*")),
            _pattern(body["path"]),
            float(body["perMinute"]),
            float(body.get("burst", body["perMinute"])),
        )
    except (KeyError, TypeError, ValueError, re.error) as error:
        raise invalid_parameter("rate", f"The rate is not well-formed: {error}.") from error
    if rate.per_minute <= 0 or rate.burst < 1:
        raise invalid_parameter("rate", "'perMinute' must be above 0, 'burst' at least 1.")
    return rate


def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text, re.IGNORECASE)
