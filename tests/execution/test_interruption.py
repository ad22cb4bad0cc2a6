"""Signals are never lost, and a request in flight is not torn."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.execution.interruption import Interruption
from pipeline.execution.patience import Patience
from pipeline.execution.run.work import Work
from pipeline.execution.wait import wait_until
from tests.execution.offline import OfflineSession


@pytest.fixture
def interruption() -> Iterator[Interruption]:
    """One that handles this process's signals."""
    made = Interruption()
    with made.installed():
        yield made


def send(number: signal.Signals) -> None:
    """Send a signal to this process; its handler has run when this returns."""
    os.kill(os.getpid(), number)


def swallow(number: signal.Signals) -> None:
    """A library that catches everything."""
    with suppress(BaseException):
        send(number)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_at_once_what_changes_nothing(
    interruption: Interruption, number: signal.Signals
) -> None:
    with pytest.raises(KeyboardInterrupt):
        send(number)


def test_a_signal_waits_for_the_request_in_flight(interruption: Interruption) -> None:
    with interruption.deferred():
        send(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        interruption.check()


def test_a_second_signal_does_not_wait(interruption: Interruption) -> None:
    with pytest.raises(KeyboardInterrupt), interruption.deferred():
        send(signal.SIGINT)
        send(signal.SIGINT)


def test_a_signal_that_was_noticed_does_not_strike_again(interruption: Interruption) -> None:
    swallow(signal.SIGTERM)
    interruption.notice()
    interruption.check()


def test_a_signal_that_a_library_swallowed_ends_the_next_wait(
    interruption: Interruption, tmp_path: Path
) -> None:
    clock = replace(OfflineSession(tmp_path).session.clock, interruption=interruption)
    swallow(signal.SIGTERM)
    with pytest.raises(KeyboardInterrupt):
        wait_until(lambda: None, "web", patience=Patience(60, "a test"), clock=clock)


def test_a_signal_that_a_library_swallowed_keeps_the_next_step_from_beginning(
    interruption: Interruption, tmp_path: Path
) -> None:
    offline = OfflineSession(tmp_path)
    clock = replace(offline.session.clock, interruption=interruption)
    offline.session = replace(offline.session, clock=clock)
    done: list[str] = []

    def step_by_step(step: str, work: Work) -> None:
        done.append(step)
        swallow(signal.SIGTERM)

    with pytest.raises(KeyboardInterrupt):
        offline.run(("one", "two"), step_by_step)
    assert done == ["one"]


def test_the_handlers_from_before_are_back_afterwards() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with Interruption().installed():
        assert signal.getsignal(signal.SIGTERM) != before
    assert signal.getsignal(signal.SIGTERM) == before
