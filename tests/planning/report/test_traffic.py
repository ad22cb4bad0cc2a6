"""Traffic as a value that a file keeps."""

from __future__ import annotations

import json

import pytest

from pipeline.planning.report.traffic import Lost, Traffic, Write, counted

TRAFFIC = Traffic(
    *(1000.0, 12.0, 1.0),
    (
        (0, "http", "1.0.0", 50),
        (1, "metrics", "tcp", 3),
        (1, "http", "", 1),
        (2, "http", "1.0.1", 9),
    ),
    (Write(5.0, "1.0.1", 6.0, 5.4, ((-1, "http", "1.0.0", 5),)), Write(9.0, "1.0.0")),
    (Lost(4.0, 4.1, "http", "connection refused", is_kept=True),),
    2,
    {"total": {"sent": 63}},
)


def test_what_was_written_is_read_again() -> None:
    assert Traffic.read(json.loads(json.dumps(TRAFFIC.document))) == TRAFFIC


def test_versions_and_rules_come_in_the_order_of_their_first_answers() -> None:
    assert TRAFFIC.versions == ("1.0.0", "tcp", "1.0.1")
    assert TRAFFIC.rules == ("http", "metrics")


def test_requests_are_counted_over_all_rules() -> None:
    buckets = ((0, "a", "1.0.0", 2), (0, "b", "1.0.0", 3), (0, "b", "", 1))
    assert counted(buckets, "1.0.0") == {0: 5}
    assert counted(buckets, "") == {0: 1}


@pytest.mark.parametrize("broken", [{}, {**TRAFFIC.document, "buckets": [[1]]}])
def test_what_nobody_wrote_is_refused(broken: dict[str, object]) -> None:
    with pytest.raises((KeyError, TypeError, ValueError)):
        Traffic.read(broken)
