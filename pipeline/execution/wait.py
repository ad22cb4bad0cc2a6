"""The one way to wait: a question asked until it is answered, with patience and an injected clock.

Running out of patience is not a failure of the operation: `StillRunning` says that it goes on.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeVar

from pipeline.errors import StillRunning

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

PATIENCE = {
    # Seconds. Recorded by azure-cli, azure-powershell, azure-service-operator.
    "network": 600.0,  # load balancer with members: up to 96 s recorded; one deployment took 244 s
    "scale set": 1800.0,  # created in 40-202 s; terminate notifications add up to 15 min to deletes
    "healthy": 1800.0,  # not recorded: boot, then the application's start within its grace period
    "machine": 1200.0,  # created in 58 s, deallocated in 99 s, at the most recorded
    "image version": 14400.0,  # 6-9 min into one region; Microsoft: "a few hours" for several
    "resource group": 1800.0,  # as long as the slowest thing in it
    "gallery": 600.0,  # a property change takes less than a second
    "answers": 300.0,  # probes at 5 s intervals, and the unknown delay until the data path follows
}


FREE_OF_LIMITS = 40.0
"""Seconds in which the reserve of requests is spent."""


class Operation(Protocol[T_co]):
    """What `wait` needs of an operation; `azure.core.polling.LROPoller` fits as it is."""

    def done(self) -> bool:
        """Whether it ended, well or not."""

    def wait(self, timeout: float | None = None) -> None:
        """Come back when it ended, or after `timeout` seconds."""

    def result(self) -> T_co:
        """The result, or the error it ended with."""

    def continuation_token(self) -> str:
        """What another process needs to go on waiting."""


@dataclass(frozen=True, slots=True)
class Clock:
    """Time as the waiting sees it; tests pass one that does not sleep."""

    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


def nothing(seconds: float) -> None:
    """Nobody wants to hear how long it takes."""


def wait(
    operation: Operation[T],
    resource: str,
    *,
    patience: float,
    clock: Clock,
    still_waiting: Callable[[float], None] = nothing,
) -> T:
    """The operation's result; `still_waiting` hears each second how long it has been.

    Raises StillRunning with the continuation token. Never asks `result(timeout)`, which would
    return a half-made resource instead of raising.
    """
    started = clock.now()
    while not operation.done():
        waited = clock.now() - started
        if waited >= patience:
            raise StillRunning(resource, waited, operation.continuation_token())
        still_waiting(waited)
        operation.wait(min(1.0, patience - waited))
    return operation.result()


def within_compute_limits(waited: float) -> float:
    """Seconds until Azure may be asked again for the instances of a scale set.

    Microsoft allows 10 such requests a minute, with 30 in reserve (compute throttling limits).
    """
    return 2.0 if waited < FREE_OF_LIMITS else 6.0


def wait_until(
    question: Callable[[], T | None],
    resource: str,
    *,
    patience: float,
    clock: Clock,
    every: float | Callable[[float], float] = 2.0,
    still_waiting: Callable[[float], None] = nothing,
) -> T:
    """The first answer that is not None, asked every so many seconds; StillRunning without one.

    `every` may depend on how long it has been.
    """
    started = clock.now()
    while (answer := question()) is None:
        waited = clock.now() - started
        if waited >= patience:
            raise StillRunning(resource, waited)
        still_waiting(waited)
        pause = every(waited) if callable(every) else every
        clock.sleep(min(pause, patience - waited))
    return answer
