"""What is counted when: gaps, the swap, the pace, percentiles."""

from __future__ import annotations

import random

import pytest

from pipeline.execution.watch.latencies import Latencies
from pipeline.execution.watch.recorder import MOST_VERSIONS, OTHERS, REMEMBERED, Recorder
from pipeline.planning.watch.figures import Counts
from pipeline.planning.watch.targets import Target

HTTP = Target("http", "http", "10.0.0.1", 80, "/healthz")


class Hand:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.time = 1000.0

    def __call__(self) -> float:
        return self.time


@pytest.fixture
def hand() -> Hand:
    """The clock."""
    return Hand()


@pytest.fixture
def recorder(hand: Hand) -> Recorder:
    """A recorder of one rule."""
    return Recorder([HTTP], hand)


def answer(recorder: Recorder, hand: Hand, version: str, after: float = 0.0) -> None:
    """A request that a version answers after some seconds."""
    request = recorder.send("http")
    hand.time += after
    recorder.answered(request, version)


def test_the_longest_gap_is_the_longest_time_without_an_answer(
    recorder: Recorder, hand: Hand
) -> None:
    for pause in (0.1, 2.5, 0.2):
        hand.time += pause
        answer(recorder, hand, "1.0.0")
    assert recorder.watched().total.longest_gap == pytest.approx(2.5)
    hand.time += 7
    assert recorder.watched().total.longest_gap == pytest.approx(7)
    recorder.finish()
    hand.time += 100
    assert recorder.watched().total.longest_gap == pytest.approx(7)
    assert recorder.watched().seconds == pytest.approx(9.8)


def test_an_answer_on_a_kept_connection_ends_no_gap(recorder: Recorder, hand: Hand) -> None:
    request = recorder.send("http", is_kept=True)
    hand.time += 3
    recorder.answered(request, "1.0.0")
    assert recorder.watched().total.longest_gap == pytest.approx(3)


def test_the_first_answer_of_the_new_version_is_measured_from_the_write(
    recorder: Recorder, hand: Hand
) -> None:
    answer(recorder, hand, "1.0.0")
    recorder.expect("1.0.1")
    recorder.swapping()
    answer(recorder, hand, "1.0.0", 0.2)
    assert recorder.watched().first_answer is None
    for _ in range(2):
        answer(recorder, hand, "1.0.1", 0.3)
    told = recorder.watched()
    assert told.first_answer == pytest.approx(0.5)
    assert str(told).startswith("first answer of 1.0.1 after 500 ms; ")


def test_what_was_lost_before_the_swap_is_told_and_does_not_count(
    recorder: Recorder, hand: Hand
) -> None:
    answer(recorder, hand, "1.0.0")
    recorder.lost(recorder.send("http"), "HTTP 500")
    hand.time += 0.1
    recorder.expect("1.0.1")
    recorder.swapping()
    recorder.lost(recorder.send("http"), "HTTP 502")
    total = recorder.watched().total
    assert total.lost == (("HTTP 500", 1), ("HTTP 502", 1))
    assert total.since == Counts(sent=1, lost=1)


def test_a_request_on_its_way_at_the_swap_counts_if_it_is_cut_and_not_if_it_is_late(
    recorder: Recorder, hand: Hand
) -> None:
    answer(recorder, hand, "1.0.0")
    cut, late, well = (recorder.send("http") for _ in range(3))
    hand.time += 0.1
    recorder.expect("1.0.1")
    recorder.swapping()
    recorder.lost(cut, "connection reset")
    recorder.lost(late, "no answer in 5 s", is_late=True)
    recorder.answered(well, "1.0.0")
    total = recorder.watched().total
    assert total.since == Counts(sent=1, lost=1)
    assert total.all == Counts(sent=4, answered=2, lost=2)


def test_of_a_rule_that_never_answered_nothing_counts_before_it_does(
    recorder: Recorder, hand: Hand
) -> None:
    recorder.lost(recorder.send("http"), "connection refused")
    recorder.swapping()
    hand.time += 0.1
    recorder.lost(recorder.send("http"), "connection refused")
    assert recorder.watched().total.since == Counts()
    answer(recorder, hand, "1.0.0")
    recorder.lost(recorder.send("http"), "HTTP 500")
    total = recorder.watched().total
    assert (total.since.answered, total.since.lost, total.all.lost) == (1, 1, 3)


def test_the_pace_has_a_place_for_each_whole_second(recorder: Recorder, hand: Hand) -> None:
    answer(recorder, hand, "1.0.0")
    hand.time += 2
    answer(recorder, hand, "1.0.0")
    recorder.lost(recorder.send("http"), "HTTP 500")
    hand.time += 1
    assert recorder.watched().pace == ((1, 0), (0, 0), (1, 1))
    hand.time += 1000
    assert recorder.watched().pace == ((0, 0),) * (REMEMBERED - 1)


def test_what_tells_a_version_of_its_own_each_time_is_told_as_others(
    recorder: Recorder, hand: Hand
) -> None:
    for number in range(MOST_VERSIONS + 5):
        answer(recorder, hand, f"{number}")
    versions = dict(recorder.watched().total.versions)
    assert (len(versions), versions[OTHERS]) == (MOST_VERSIONS + 1, 5)


def test_percentiles_are_exact_to_two_per_cent_whatever_was_measured() -> None:
    chance = random.Random(7)  # noqa: S311 - any spread will do
    times = [chance.lognormvariate(-4, 1) for _ in range(5000)]
    latencies = Latencies()
    for seconds in times:
        latencies.add(seconds)
    ordered = sorted(times)
    for share in (0.5, 0.9, 0.99, 1.0):
        exact = ordered[int(share * len(times)) - 1]
        assert latencies.quantile(share) == pytest.approx(exact, rel=0.02)


def test_without_an_answer_there_is_no_percentile() -> None:
    assert Latencies().quantile(0.5) == 0
