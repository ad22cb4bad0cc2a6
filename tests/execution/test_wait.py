"""Waiting: patience, the clock, and what is handed back when patience runs out."""

from __future__ import annotations

import subprocess
import sys

import pytest

from pipeline.errors import StillRunning
from pipeline.execution import patience
from pipeline.execution.patience import Patience
from pipeline.execution.wait import (
    Clock,
    wait,
    wait_for_process,
    wait_until,
    within_compute_limits,
)
from tests.execution.offline import Time


class Takes:
    """An operation that takes so many seconds."""

    def __init__(self, seconds: float, time: Time) -> None:
        self._end = time.seconds + seconds
        self._time = time

    def done(self) -> bool:
        """Whether its time has come."""
        return self._time.seconds >= self._end

    def wait(self, timeout: float | None = None) -> None:
        """Time passes."""
        self._time.sleep(timeout or 0.0)

    def result(self) -> str:
        """What came of it."""
        if not self.done():
            raise AssertionError("asked for the result of a half-made resource")
        return "made"

    def continuation_token(self) -> str:
        """How to go on."""
        return "token"


def test_the_result_comes_when_the_operation_is_done() -> None:
    time = Time()
    heard: list[float] = []
    result = wait(
        Takes(3, time),
        "web",
        patience=Patience(10, "a test"),
        clock=time.clock,
        still_waiting=heard.append,
    )
    assert result == "made"
    assert heard == [0, 1, 2]


def test_what_is_done_at_once_is_not_waited_for() -> None:
    time = Time()
    assert wait(Takes(0, time), "web", patience=Patience(0, "a test"), clock=time.clock) == "made"
    assert time.seconds == 0


def test_running_out_of_patience_hands_back_the_token() -> None:
    time = Time()
    with pytest.raises(StillRunning, match="web: not finished after 10 s") as error:
        wait(Takes(60, time), "web", patience=Patience(10, "a test"), clock=time.clock)
    assert error.value.token == "token"
    assert error.value.exit_code == 3


def test_a_question_is_asked_until_it_is_answered() -> None:
    time = Time()
    answers = iter([None, None, "yes"])
    found = wait_until(
        lambda: next(answers), "web", patience=Patience(60, "a test"), clock=time.clock, every=5
    )
    assert found == "yes"
    assert time.seconds == 10


def test_the_instances_of_a_scale_set_are_asked_for_as_often_as_azure_allows() -> None:
    time = Time()
    asked: list[float] = []

    def question() -> None:
        asked.append(time.seconds)

    with pytest.raises(StillRunning):
        wait_until(
            question,
            "web",
            patience=Patience(1800, "a test"),
            clock=time.clock,
            every=within_compute_limits,
        )
    spent = [number + 1 - 10 * second / 60 for number, second in enumerate(asked)]
    assert max(spent) <= 30


def test_a_question_without_an_answer_ends_with_patience() -> None:
    time = Time()
    with pytest.raises(StillRunning):
        wait_until(lambda: None, "web", patience=Patience(7, "a test"), clock=time.clock, every=5)
    assert time.seconds == 7


def test_a_process_is_awaited_to_its_end_and_time_is_told() -> None:
    heard: list[float] = []
    with subprocess.Popen(
        [sys.executable, "-c", "import sys; sys.stdin.read(); sys.exit(7)"], stdin=subprocess.PIPE
    ) as process:
        assert process.stdin is not None

        def end(waited: float) -> None:
            heard.append(waited)
            process.stdin.close()  # type: ignore[union-attr] # a pipe, as asked for

        code = wait_for_process(process, clock=Clock(), tick=0.01, still_waiting=end)
    assert code == 7
    assert heard


def test_a_table_of_patience_has_a_source_for_each_figure() -> None:
    table = [value for value in vars(patience).values() if isinstance(value, Patience)]
    assert len(table) >= 12
    assert all(one.seconds > 0 and one.source for one in table)
