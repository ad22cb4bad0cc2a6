"""Reads that are independent are on their way at the same time."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from pipeline.execution.azure.side_by_side import AT_ONCE, each_by_name, side_by_side

PATIENCE = 30


def test_as_many_reads_as_may_be_are_on_their_way_at_once() -> None:
    together = threading.Barrier(AT_ONCE, timeout=PATIENCE)

    def read(number: int) -> Callable[[], int]:
        def ask() -> int:
            together.wait()
            return number

        return ask

    assert side_by_side([read(number) for number in range(AT_ONCE)]) == list(range(AT_ONCE))


def test_answers_come_in_the_order_of_the_questions() -> None:
    second_is_done = threading.Event()

    def first() -> str:
        assert second_is_done.wait(PATIENCE)
        return "first"

    def second() -> str:
        second_is_done.set()
        return "second"

    assert side_by_side([first, second]) == ["first", "second"]
    assert each_by_name({"a": lambda: 1, "b": lambda: 2}) == {"a": 1, "b": 2}
    assert side_by_side([]) == []


def test_reads_of_a_read_are_sent_one_after_another() -> None:
    def read() -> list[str]:
        return side_by_side([lambda: threading.current_thread().name] * 3)

    for names in side_by_side([read, read]):
        assert len(set(names)) == 1


def test_the_first_error_is_raised_once_all_that_had_begun_have_ended() -> None:
    failed = threading.Event()
    ended: list[int] = []

    def fails() -> None:
        failed.set()
        raise ValueError("no")

    def takes_longer() -> None:
        assert failed.wait(PATIENCE)
        ended.append(1)

    with pytest.raises(ValueError, match="no"):
        side_by_side([fails, takes_longer])
    assert ended in ([], [1])  # not begun, or seen to its end
    assert not [one for one in threading.enumerate() if one.name.startswith("read")]
