"""The one way to wait: a question asked until it is answered, with patience and an injected clock.

Running out of patience is no failure of the operation: `StillRunning` says that it continues.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from pipeline.errors import StillRunning
from pipeline.execution.interruption import Interruption
from pipeline.execution.patience import PROCESS, Patience

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

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
    """Time as the waiting sees it, and what ends it early; tests pass one that does not sleep."""

    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    interruption: Interruption = field(default_factory=Interruption)


def nothing(seconds: float) -> None:
    """No-op: for waits that nobody is told of."""


def wait_until(
    question: Callable[[], T | None],
    resource: str,
    *,
    patience: Patience,
    clock: Clock,
    every: float | Callable[[float], float] = 2.0,
    still_waiting: Callable[[float], None] = nothing,
    pause: Callable[[float], object] | None = None,
) -> T:
    """The first answer that is not None, asked every so many seconds; StillRunning without one.

    `every` may depend on how long it has been; `pause` is what lets time pass, the clock's sleep
    by default. `still_waiting` hears before each pause how long it has been. A signal ends it with
    KeyboardInterrupt.
    """
    sleep = pause or clock.sleep
    started = clock.now()
    while (answer := question()) is None:
        clock.interruption.check()
        waited = clock.now() - started
        if waited >= patience.seconds:
            raise StillRunning(resource, waited)
        still_waiting(waited)
        seconds = every(waited) if callable(every) else every
        sleep(min(seconds, patience.seconds - waited))
    return answer


def wait(
    operation: Operation[T],
    resource: str,
    *,
    patience: Patience,
    clock: Clock,
    still_waiting: Callable[[float], None] = nothing,
) -> T:
    """The operation's result; raises StillRunning with the continuation token.

    Never asks `result(timeout)`, which would return a half-made resource instead of raising.
    """
    try:
        wait_until(
            lambda: True if operation.done() else None,
            resource,
            patience=patience,
            clock=clock,
            every=1.0,
            still_waiting=still_waiting,
            pause=operation.wait,
        )
    except StillRunning as late:
        raise StillRunning(resource, late.waited, operation.continuation_token()) from None
    return operation.result()


def wait_for_process(
    process: subprocess.Popen[Any],
    *,
    clock: Clock,
    tick: float,
    still_waiting: Callable[[float], None] = nothing,
) -> int:
    """The exit code of a process at its end; `still_waiting` hears every `tick` seconds."""

    def pause(seconds: float) -> None:
        with suppress(subprocess.TimeoutExpired):
            process.wait(seconds)

    return wait_until(
        process.poll,
        str(process.args),
        patience=PROCESS,
        clock=clock,
        every=tick,
        still_waiting=still_waiting,
        pause=pause,
    )


def within_compute_limits(waited: float) -> float:
    """Seconds until Azure may be asked again for the instances of a scale set.

    Microsoft allows 10 such requests a minute, with 30 in reserve (compute throttling limits).
    """
    return 2.0 if waited < FREE_OF_LIMITS else 6.0
