"""The status of an image: one row from a survey."""

from __future__ import annotations

import pytest

from pipeline.planning.swap.status import in_words, status_of, table
from pipeline.planning.swap.survey import Survey
from tests.planning.swap.examples import (
    SERVED,
    SINCE,
    V0,
    V1,
    body,
    lead,
    members_of,
    scale_set,
    surveyed,
    swap_tags,
)

OLD = scale_set("1.0.0", tags=SERVED)
NEW = scale_set("1.0.1", tags={"served-since": SINCE, "swap-seconds": "3.4"})


def never(_time: str) -> None:
    """No time is known."""


PROMOTED = surveyed(NEW, OLD, tags={**swap_tags(V1, V0), "web-by": "me@here"})


def test_after_a_promotion_the_way_back_is_ready() -> None:
    status = status_of(PROMOTED)
    assert (status.serving, status.idle, status.idle_role) == ("1.0.1", "1.0.0", "previous")
    assert status.way_back == "ready"
    assert status.since == "2026-11-23T18:00:00+00:00"
    assert status.newest == "1.0.1"


def test_a_sick_way_back_is_not_ready_and_says_why() -> None:
    sick = scale_set("1.0.0", sick=2, tags=SERVED)
    status = status_of(surveyed(NEW, sick, tags=swap_tags(V1, V0)))
    assert status.way_back.startswith("not ready: web-1-0-0 cannot be promoted: 0 of 2")


def test_the_time_of_a_swap_that_is_no_longer_true_is_not_told() -> None:
    now = surveyed(scale_set("1.0.0"), scale_set("1.0.1"), tags=swap_tags(V1, V0))
    assert status_of(now).since == ""


def test_without_the_load_balancers_tags_the_scale_set_tells_since_when() -> None:
    assert status_of(surveyed(NEW, OLD)).since == SINCE


@pytest.mark.parametrize(
    ("now", "way_back"),
    [
        (surveyed(NEW, OLD), "ready"),
        (surveyed(NEW), "none"),
        (surveyed(NEW, scale_set("1.0.0")), "none"),
        (surveyed(NEW, scale_set("1.0.0", size=1, tags=SERVED)), "1.0.0, scaled up first"),
        (surveyed(NEW, tags=swap_tags(V1, V0)), "1.0.0, its scale set is made anew"),
        (surveyed(OLD, NEW, tags=swap_tags(V0, "", V1)), "none"),
    ],
)
def test_how_a_rollback_would_go(now: Survey, way_back: str) -> None:
    assert status_of(now).way_back == way_back


@pytest.mark.parametrize(
    ("now", "what"),
    [
        (surveyed(scale_set("1.0.0", sick=1)), "1 of 2 instances healthy"),
        (surveyed(scale_set("1.0.0", capacity=3)), "2 of 3 instances are in web-1-0-0"),
        (surveyed(scale_set("1.0.0", state="Failed")), "web-1-0-0 is Failed"),
        (
            surveyed(scale_set("1.0.0"), versions=()),
            "the image of web-1-0-0 is gone: it cannot grow",
        ),
    ],
)
def test_what_is_wrong_is_told(now: Survey, what: str) -> None:
    assert status_of(now).degraded == (what,)
    assert f"web degraded: {what}" in str(table([status_of(now)], never))


def test_a_load_balancer_that_is_being_written_or_failed_is_told() -> None:
    for state, words in (("Updating", "is under way"), ("Failed", "failed")):
        document = body(V0, members=members_of(OLD))
        document["properties"]["provisioningState"] = state
        assert words in status_of(surveyed(OLD, load_balancer=document)).degraded[0]


def test_rules_that_are_missing_or_lead_elsewhere_are_told() -> None:
    document = body(V0, members=members_of(OLD))
    rules = document["properties"]["loadBalancingRules"]
    lead(rules[2], "theirs")
    document["properties"]["loadBalancingRules"] = rules[:3]
    status = status_of(surveyed(OLD, load_balancer=document))
    assert status.degraded == ("metrics leads to theirs", "there is no rule metrics-staging")


def test_what_else_runs_is_told() -> None:
    other = scale_set("1.0.2", size=1)
    status = status_of(surveyed(NEW, OLD, other))
    assert [str(one) for one in status.others] == ["1.0.2 (staged, 1 of 1)"]
    assert "web also runs: 1.0.2 (staged, 1 of 1)" in str(table([status], never))


@pytest.mark.parametrize(
    ("now", "words"),
    [
        (surveyed(), "web: nothing serves yet; nothing on staging"),
        (surveyed(OLD), "web 1.0.0 serves, 2 of 2 healthy; nothing on staging"),
        (
            PROMOTED,
            "web 1.0.1 serves, 2 of 2 healthy; 1.0.0 (previous, 2 of 2) on staging",
        ),
    ],
)
def test_one_line_says_who_serves(now: Survey, words: str) -> None:
    assert in_words(status_of(now)) == words


def test_the_table_lines_up_and_names_the_addresses() -> None:
    lines = str(table([status_of(PROMOTED)], never)).splitlines()
    assert lines[0].index("healthy") == lines[1].index("2 of 2")
    assert "ready, 3.4 s" in lines[1]
    assert lines[2:] == [
        "web moved by: me@here",
        "web production: http 203.0.113.1:80, metrics 203.0.113.1:9100",
        "web staging: http-staging 203.0.113.2:8081, metrics-staging 203.0.113.2:9101",
    ]


def test_programs_get_the_frontends_as_a_document() -> None:
    frontends = status_of(PROMOTED).document["frontends"]
    assert isinstance(frontends, dict)
    assert frontends["production"][0] == {"rule": "http", "address": "203.0.113.1", "port": 80}


def test_a_rule_that_is_gone_answers_nowhere() -> None:
    balancer = surveyed(OLD).load_balancer
    assert balancer.endpoint("http") == ("203.0.113.1", 80)
    assert balancer.endpoint("nothing") == ("", 0)


def rehearsed(left: str) -> Survey:
    """A way back that production left at a time, rehearsed at another."""
    tags = {**SERVED, "served-until": left, "rehearsed": SINCE, "rehearsed-seconds": "2.1"}
    return surveyed(NEW, scale_set("1.0.0", tags=tags), tags=swap_tags(V1, V0))


def test_a_rehearsal_tells_how_long_a_rollback_takes_and_when_that_was_tried() -> None:
    status = status_of(rehearsed("2026-11-23T17:00:00Z"))
    assert (status.way_back_seconds, status.rehearsed) == (2.1, SINCE)
    six_hours = table([status], lambda time: 6 * 3600.0 + 59 if time == SINCE else None)
    assert "ready, 2.1 s, rehearsed 6 h ago" in str(six_hours)


def test_a_rehearsal_from_before_it_last_served_counts_no_more() -> None:
    status = status_of(rehearsed("2026-11-23T19:00:00Z"))
    assert (status.way_back_seconds, status.rehearsed) == (3.4, "")
    assert "rehearsed" not in str(table([status], never)).splitlines()[1]
