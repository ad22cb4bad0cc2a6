"""Faults of simulated machines: which machine has one, from when on, at which of its requests."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, get_args

from pipeline.emulator.machines.seam import Machine

Sickness = Literal["unhealthy", "failing", "hanging", "dead", "unreachable", "unforwarding"]
SICKNESSES: tuple[Sickness, ...] = get_args(Sickness)
"""`unhealthy` answers HTTP with 503, `failing` with 500, `hanging` never; `dead` hangs up on HTTP
and SSH, `unreachable` on SSH; `unforwarding` forwards no ports over SSH."""


@dataclass(frozen=True, slots=True)
class MachineFault:
    """A sickness of a share of a machine's requests, from a time on (monotonic seconds)."""

    sickness: Sickness
    share: float
    begins: float

    def strikes(self, number: int) -> bool:
        """Whether it is the turn of this request, counted from 1: a tenth is every tenth one."""
        return math.floor(number * self.share) > math.floor((number - 1) * self.share)


class MachineFaults:
    """All faults, by a machine's handle or by `version:1.0.1`."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._faults: dict[str, MachineFault] = {}

    def set(self, who: str, sickness: str, share: float, after: float) -> None:
        """Give a fault; raises ValueError for an unknown sickness or a number out of range."""
        known = {name: name for name in SICKNESSES}
        if sickness not in known:
            raise ValueError(f"'{sickness}' is none of {', '.join(known)}")
        if not 0 < share <= 1:
            raise ValueError(f"a share is above 0 and at most 1, not {share}")
        if not 0 <= after < math.inf:
            raise ValueError(f"'after' is a number of seconds, not {after}")
        self._faults[who] = MachineFault(known[sickness], share, self._clock() + after)

    def clear(self, who: str) -> None:
        """Take a fault back; no error when there is none."""
        self._faults.pop(who, None)

    def of(self, machine: Machine) -> MachineFault | None:
        """The fault that a machine has now."""
        version = dict(machine.facts).get("version", "")
        fault = self._faults.get(machine.name) or self._faults.get(f"version:{version}")
        return fault if fault and self._clock() >= fault.begins else None
