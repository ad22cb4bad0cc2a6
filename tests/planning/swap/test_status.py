"""The status of an image: one row from a survey."""

from __future__ import annotations

import pytest

from pipeline.planning.swap.status import in_words, status_of, table
from pipeline.planning.swap.survey import Survey
from tests.planning.swap.examples import scale_set, surveyed, swap_tags

V1 = scale_set("1.0.0", "blue")
V2 = scale_set("1.0.1", "green")
PROMOTED = surveyed(V1, V2, production="green", tags=swap_tags("1.0.1", "1.0.0"))


def test_after_a_promotion_the_way_back_is_ready() -> None:
    status = status_of(PROMOTED)
    assert (status.serving, status.idle, status.idle_role) == ("1.0.1", "1.0.0", "previous")
    assert status.way_back == "ready"
    assert status.since == "2026-11-23T18:00:00+00:00"
    assert status.newest == "1.0.1"


def test_a_sick_way_back_is_not_ready_and_says_why() -> None:
    sick = scale_set("1.0.0", "blue", sick=2)
    status = status_of(surveyed(sick, V2, production="green", tags=swap_tags("1.0.1", "1.0.0")))
    assert status.way_back.startswith("not ready: web-1-0-0 cannot be promoted: 0 of 2")


def test_the_time_of_a_swap_that_is_no_longer_true_is_not_told() -> None:
    assert status_of(surveyed(V1, V2, tags=swap_tags("1.0.1", "1.0.0"))).since == ""


@pytest.mark.parametrize(
    ("now", "words"),
    [
        (surveyed(), "web: nothing serves yet; nothing on staging"),
        (surveyed(V1), "web 1.0.0 serves, 2 of 2 healthy; nothing on staging"),
        (
            PROMOTED,
            "web 1.0.1 serves, 2 of 2 healthy; 1.0.0 (previous, 2 of 2) on staging",
        ),
    ],
)
def test_one_line_says_who_serves(now: Survey, words: str) -> None:
    assert in_words(status_of(now)) == words


def test_the_table_lines_up_and_names_the_addresses() -> None:
    lines = str(table([status_of(PROMOTED)])).splitlines()
    assert lines[0].index("healthy") == lines[1].index("2 of 2")
    assert lines[2:] == [
        "web production: http 203.0.113.1:80, metrics 203.0.113.1:9100",
        "web staging: http-staging 203.0.113.2:8081, metrics-staging 203.0.113.2:9101",
    ]


def test_programs_get_the_frontends_as_a_document() -> None:
    frontends = status_of(PROMOTED).document["frontends"]
    assert isinstance(frontends, dict)
    assert frontends["production"][0] == {"rule": "http", "address": "203.0.113.1", "port": 80}


def test_a_rule_that_is_gone_answers_nowhere() -> None:
    now = surveyed(scale_set("1.0.0", "blue"))
    assert now.endpoint("http") == ("203.0.113.1", 80)
    assert now.endpoint("nothing") == ("", 0)
