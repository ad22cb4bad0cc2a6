"""What is said of the figures, and the verdict that follows from them."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from pipeline.arm import ResourceId
from pipeline.planning.watch.figures import Counts, Figures, KeptAlive, Watched
from pipeline.planning.watch.steps import (
    Soak,
    StartWatching,
    StopWatching,
    WatchStep,
    duration,
)
from pipeline.planning.watch.targets import Target
from pipeline.planning.watch.verdict import judge
from pipeline.planning.watch.words import LOSS, live_line, sparkline

TOTAL = Figures(
    rule="",
    fresh=Counts(sent=600, answered=598, lost=2),
    kept=KeptAlive(opened=10, cut=1, requests=Counts(sent=300, answered=299)),
    since=Counts(sent=400, answered=398, lost=2),
    versions=(("1.0.0", 400), ("1.0.1", 497)),
    lost=(("HTTP 500", 2),),
    median=0.0031,
    p99=0.0122,
    longest_gap=0.051,
)
WATCHED = Watched(12.5, TOTAL, (replace(TOTAL, rule="http"),), "1.0.1", 0.087, ((50, 0), (48, 2)))


def counted(*rules: tuple[str, Counts]) -> Watched:
    """What was counted since the swap at some rules."""
    figures = tuple(Figures(name, since=counts) for name, counts in rules)
    total = Figures("", since=sum((counts for _, counts in rules), Counts()))
    return Watched(10, total, figures)


def test_the_figures_are_told_in_one_sentence() -> None:
    assert str(WATCHED) == (
        "first answer of 1.0.1 after 87 ms;"
        " 900 requests, 2 lost (2 x HTTP 500); answered: 400 by 1.0.0, 497 by 1.0.1;"
        " median 3 ms, 99 % in 12 ms; longest gap 51 ms;"
        " kept-alive: 1 cut, 300 requests, 0 lost; 1 under way"
    )


def test_nothing_is_told_of_what_there_is_not() -> None:
    told = str(Watched(0, Figures(""), ()))
    assert told == "0 requests, 0 lost; answered: none; median 0 ms, 99 % in 0 ms; longest gap 0 ms"


def test_the_document_is_json_with_times_in_milliseconds() -> None:
    document = json.loads(json.dumps(WATCHED.document))
    assert (document["seconds"], document["first_answer_ms"]) == (12.5, 87.0)
    (rule,) = document["rules"]
    assert rule == {
        "rule": "http",
        "sent": 900,
        "answered": 897,
        "lost": 2,
        "versions": {"1.0.0": 400, "1.0.1": 497},
        "reasons": {"HTTP 500": 2},
        "since_swap": {"sent": 400, "answered": 398, "lost": 2},
        "kept_alive": {"opened": 10, "cut": 1, "sent": 300, "answered": 299, "lost": 0},
        "p50_ms": 3.1,
        "p99_ms": 12.2,
        "longest_gap_ms": 51.0,
    }
    assert Watched(0, TOTAL, ()).document["first_answer_ms"] is None


@pytest.mark.parametrize(
    ("lost", "budget", "finding"),
    [
        (0, 0, "within budget"),
        (1, 0, "over budget"),
        (3, 3, "within budget"),
        (4, 3, "over budget"),
    ],
)
def test_a_request_over_the_budget_is_one_too_many(lost: int, budget: int, finding: str) -> None:
    verdict = judge(counted(("http", Counts(100, 100 - lost, lost))), budget)
    assert (verdict.finding, verdict.is_good) == (finding, finding == "within budget")


def test_the_budget_is_one_for_all_rules() -> None:
    two = counted(("http", Counts(10, 9, 1)), ("metrics", Counts(10, 9, 1)))
    assert judge(two, 1).finding == "over budget"
    assert judge(two, 2).is_good


def test_a_rule_where_nothing_answers_is_told_however_large_the_budget() -> None:
    verdict = judge(counted(("http", Counts(10, 10, 0)), ("metrics", Counts(10, 0, 1))), 1000)
    assert verdict.finding == "nothing answered"
    assert str(verdict).startswith("nothing answered at metrics: ")


def test_requests_that_are_still_under_way_are_no_verdict() -> None:
    assert judge(counted(("http", Counts(10, 0, 0))), 0).is_good


def test_a_verdict_says_how_many_and_how_many_may_be() -> None:
    assert str(judge(WATCHED, 1)).startswith(
        "2 requests lost of 400 since the swap, 1 allowed: 900"
    )
    assert str(judge(WATCHED, 2)) == "2 requests lost of 400 since the swap"
    assert str(judge(counted(("http", Counts(9, 8, 1))), 1)) == "1 request lost of 9 since the swap"


def test_the_line_that_is_shown_has_numbers_and_a_sparkline() -> None:
    assert live_line(WATCHED) == "900 sent, 2 lost, 1 cut, 99 % in 12 ms, 1.0.1 █!"
    early = Watched(0.2, Figures("", fresh=Counts(3, 3, 0)), ())
    assert live_line(early) == "3 sent, 0 lost, 99 % in 0 ms"


@pytest.mark.parametrize(
    ("pace", "line"),
    [
        ((), ""),
        (((0, 0), (0, 0)), "▁▁"),
        (((10, 0), (5, 0), (0, 0)), "█▅▁"),
        (((10, 0), (9, 1), (0, 7)), f"█{LOSS}{LOSS}"),
    ],
)
def test_a_sparkline_has_a_bar_for_each_second(
    pace: tuple[tuple[int, int], ...], line: str
) -> None:
    assert sparkline(pace) == line


SCALE_SET = ResourceId.parse(
    "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/virtualMachineScaleSets/web-1-0-1"
)


@pytest.mark.parametrize(
    ("step", "words"),
    [
        (
            StartWatching((Target("http", "http", "10.0.0.1", 80, "/"),), 20),
            "start watching http: 20 requests per second",
        ),
        (
            StartWatching(
                (
                    Target("http", "http", "10.0.0.1", 80, "/"),
                    Target("metrics", "tcp", "10.0.0.1", 9100),
                ),
                50,
            ),
            "start watching http, metrics: 50 requests per second each",
        ),
        (
            Soak(SCALE_SET, 600, 0),
            "watch for 10 min: at most 0 lost requests, every instance of web-1-0-1 healthy",
        ),
        (
            Soak(SCALE_SET, 90, 1),
            "watch for 90 s: at most 1 lost request, every instance of web-1-0-1 healthy",
        ),
        (StopWatching(), "stop watching"),
    ],
)
def test_steps_say_what_they_will_do(step: WatchStep, words: str) -> None:
    assert str(step) == words


def test_a_duration_is_told_in_the_largest_unit_without_a_rest() -> None:
    assert [duration(seconds) for seconds in (0, 59, 60, 90, 7200)] == [
        "0 s",
        "59 s",
        "1 min",
        "90 s",
        "2 h",
    ]
