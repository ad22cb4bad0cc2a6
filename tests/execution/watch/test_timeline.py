"""When what answered, in little memory."""

from __future__ import annotations

import pytest

from pipeline.execution.watch.timeline import MOST_BUCKETS, MOST_LOST, MOST_WRITES, Timeline
from pipeline.planning.report.traffic import AROUND, CLOSELY


@pytest.fixture
def line() -> Timeline:
    """A time line that began at 1000 by its clock."""
    return Timeline(1000.0, lambda: 5000.0)


def test_around_a_write_every_tenth_of_a_second_is_kept(line: Timeline) -> None:
    for tenth in range(400):
        now = 1000.0 + tenth * CLOSELY + 0.05
        if tenth == 200:
            line.writing(now, "1.0.1")
        if tenth == 205:
            line.first_answer(now)
            line.first_answer(now + 1)
            line.written(now + 0.1)
            line.written(now + 9)
        line.answered(now, "http", "1.0.0" if tenth < 205 else "1.0.1")
    found = line.traffic(1040.0, {})
    (write,) = found.writes
    assert write.sent == pytest.approx(20.05)
    assert write.first_answer == pytest.approx(20.55)
    assert write.answered == pytest.approx(20.65)
    assert len(write.closely) == 2 * AROUND / CLOSELY
    assert [write.closely[0][0], write.closely[-1][0]] == [-100, 99]
    assert found.at == 5000.0
    assert sum(count for *_, count in found.buckets) == 400


def test_a_day_takes_no_more_room_than_a_quarter_of_an_hour(line: Timeline) -> None:
    for second in range(0, 86400, 5):
        line.answered(1000.0 + second, "http", "1.0.0")
    found = line.traffic(1000.0 + 86400, {})
    assert len(found.buckets) <= MOST_BUCKETS
    assert sum(count for *_, count in found.buckets) == 86400 / 5
    assert found.width * MOST_BUCKETS >= 86400


def test_so_many_lost_requests_are_kept_and_the_others_counted(line: Timeline) -> None:
    for number in range(MOST_LOST + 7):
        line.lost(1000.0 + number / 100, 1000.0, "http", "reset", is_kept=False)
    found = line.traffic(1010.0, {})
    assert (len(found.lost), found.more_lost) == (MOST_LOST, 7)
    assert found.lost[1].ended == pytest.approx(0.01)


def test_without_a_write_nothing_is_known_of_one(line: Timeline) -> None:
    line.first_answer(1001.0)
    line.written(1001.0)
    assert line.traffic(1002.0, {}).writes == ()


def test_a_roll_s_first_writes_are_kept_closely(line: Timeline) -> None:
    for number in range(MOST_WRITES + 3):
        line.writing(1000.0 + number, "1.0.1")
    assert len(line.traffic(1020.0, {}).writes) == MOST_WRITES
