"""What a person sees in a terminal: the screen, with all that scrolled away, is the test."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline import advice
from pipeline.advice import Advice
from pipeline.errors import AzureRefused
from pipeline.output.facts import Output, Work
from pipeline.output.people import ForPeople
from pipeline.planning.plan import Plan
from tests.output import stories
from tests.output.screen import Terminal

SCREENS = Path(__file__).parent / "screens"
LONG = "create web-1-0-1: 2 x Standard_D2s_v5 from web 1.0.1, in web-green"
RESOURCE = (
    "/subscriptions/b5a4e5a0-0000-4000-8000-000000000001/resourceGroups/bakeswap-local"
    "/providers/Microsoft.Network/loadBalancers/web"
)


@pytest.fixture(autouse=True)
def terminal_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    """A usual terminal, wherever the tests run."""
    monkeypatch.setenv("TERM", "xterm-256color")
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES"):
        monkeypatch.delenv(name, raising=False)


def shown(columns: int, *stories: Callable[[Output], None]) -> list[str]:
    """The screen after these were told."""
    with Terminal(columns) as terminal:
        for story in stories:
            story(ForPeople(terminal.stream))
        return terminal.shown()


@pytest.mark.parametrize("columns", [60, 80, 120])
@pytest.mark.parametrize("story", [stories.bake, stories.stage, stories.failed_check])
def test_a_command_leaves_exactly_these_lines(
    story: Callable[[Output], None], columns: int
) -> None:
    expected = (SCREENS / f"{story.__name__}-{columns}.txt").read_text().splitlines()
    assert shown(columns, story) == expected


@pytest.mark.parametrize("columns", [20, 40, 59, 79, 81, 200])
def test_no_line_repeats_itself_however_wide_the_terminal(columns: int) -> None:
    lines = shown(columns, stories.bake, stories.stage)
    assert not [line for line in lines if line.startswith(" ..")]
    finished = Counter(re.match(r" ok +\d+", line).group() for line in lines if " ok " in line[:5])  # type: ignore[union-attr]
    assert finished == Counter(
        [f" ok      {number}" for number in range(1, 7)]
        + [f" ok      {number}" for number in range(1, 4)]
    )


@pytest.mark.parametrize("columns", [20, 60, 80, 120])
def test_the_running_step_is_one_row_with_what_is_measured_and_the_time(columns: int) -> None:
    with Terminal(columns) as terminal:
        output = ForPeople(terminal.stream)
        output.say("before")
        output.started(12, LONG)
        stories.wait(output, 12, LONG, 30, ["1 of 2 healthy"])
        before, row = terminal.shown()
    assert before == "before"
    assert row.startswith(" ..     12  " if columns > 20 else " ..")
    assert len(row) < columns
    if columns > 20:
        assert row.endswith(": 1 of 2 healthy   30 s")


@pytest.mark.parametrize("columns", [40, 60, 80, 120])
def test_the_figures_beside_a_step_share_its_row(columns: int) -> None:
    line = "1204 sent, 0 lost, 99 % in 12 ms, 1.0.1 ▇▇▇▇▇▇▇▇▇▇"
    with Terminal(columns) as terminal:
        output = ForPeople(terminal.stream)
        output.started(4, "watch for 10 min")
        for second in range(5):
            output.watching(float(second), line, {})
            output.waiting(4, "watch for 10 min", float(second))
        (row,) = terminal.shown()
        assert row.startswith(" ..      4  ")
        assert len(row) < columns
        if columns >= 80:
            assert row.endswith(f"{line}   4 s")
        output.watching(5.0, "", {})
        output.waiting(4, "watch for 10 min", 5.0)
        if columns >= 60:
            assert terminal.shown() == [" ..      4  watch for 10 min   5 s"]


def test_words_too_long_for_the_row_end_in_an_ellipsis() -> None:
    with Terminal(60) as terminal:
        output = ForPeople(terminal.stream)
        output.started(1, LONG)
        output.waiting(1, LONG, 5)
        assert terminal.shown() == [" ..      1  create web-1-0-1: 2 x Standard_D2s_v5 fr…   5 s"]


def test_lines_on_the_way_appear_above_the_running_step() -> None:
    with Terminal(60) as terminal:
        output = ForPeople(terminal.stream)
        output.started(1, "bake")
        output.waiting(1, "bake", 5)
        output.phase(1, "Waiting for SSH", 5)
        output.say("what Packer prints")
        assert terminal.shown() == [
            "            5 s  Waiting for SSH",
            "what Packer prints",
            " ..      1  bake   5 s",
        ]


WORKS = (
    Work("web", "bake web 1.0.1 from Debian:debian-12:12-gen2 with Packer", 31.0),
    Work("containers", "begins", 0.2),
)


def test_what_is_at_work_beside_each_other_is_a_row_each_below_all_lines() -> None:
    with Terminal(60) as terminal:
        output = ForPeople(terminal.stream)
        output.at_work(WORKS)
        output.say("golden is built")
        assert terminal.shown() == [
            "golden is built",
            " ..      web         bake web 1.0.1 from Debian:deb…   31 s",
            " ..      containers  begins",
        ]
        output.at_work(WORKS[1:])
        assert terminal.shown()[1:] == [" ..      containers  begins"]
        output.at_work(())
        output.finished(1, "all", 40)
        assert terminal.shown() == ["golden is built", " ok      1  all   40 s"]


@pytest.mark.parametrize("columns", [20, 40, 80, 120])
def test_rows_that_change_leave_nothing_behind_at_the_end_of_a_screen(columns: int) -> None:
    with Terminal(columns) as terminal:
        output = ForPeople(terminal.stream)
        for second in range(60):
            output.at_work([replace(one, seconds=float(second)) for one in WORKS * 3])
            output.say(f"line {second}")
        output.at_work(())
        assert terminal.shown() == [f"line {second}" for second in range(60)]


def test_more_at_work_than_there_are_rows_are_counted() -> None:
    with Terminal(60, rows=6) as terminal:
        output = ForPeople(terminal.stream)
        output.say("before")
        output.at_work([Work(f"image-{number}", "bake", 3.0) for number in range(9)])
        assert terminal.shown() == [
            "before",
            *(f" ..      image-{number}  bake   3 s" for number in range(4)),
            "… and 5 more",
        ]


@pytest.mark.parametrize("later", [40, 100])
def test_a_window_that_is_resized_in_mid_run_keeps_no_leftover(later: int) -> None:
    with Terminal(80) as terminal:
        output = ForPeople(terminal.stream)
        output.started(1, LONG)
        stories.wait(output, 1, LONG, 20)
        terminal.resize(later)
        stories.wait(output, 1, LONG, 20)
        output.finished(1, "create web-1-0-1", 41)
        assert terminal.shown() == [" ok      1  create web-1-0-1   41 s"]


def test_a_window_that_is_resized_before_the_step_ends_keeps_no_leftover() -> None:
    with Terminal(80) as terminal:
        output = ForPeople(terminal.stream)
        output.started(1, LONG)
        output.waiting(1, LONG, 40)
        terminal.resize(60)
        output.finished(1, "create web-1-0-1", 41)
        assert terminal.shown() == [" ok      1  create web-1-0-1   41 s"]


def test_ids_and_commands_are_never_broken_by_us() -> None:
    command = advice.Shell("less " + "/".join(["a-long-folder"] * 8))
    error = AzureRefused(RESOURCE, "Conflict", "No.", advice=(Advice("full log", command),))
    with Terminal(60) as terminal:
        ForPeople(terminal.stream).error(error)
        terminal.shown()
    assert f"\r\n  {RESOURCE}:\r\n  Conflict: No.\r\n".encode() in terminal.raw
    assert f"\r\n    {command}\r\n".encode() in terminal.raw


def test_a_refusal_names_the_resource_in_a_line_of_its_own() -> None:
    (first, *_) = shown(80, lambda output: output.error(AzureRefused(RESOURCE, "C", "No.")))
    assert first == "Azure refused:"


def test_colour_is_used_and_turned_off_again() -> None:
    with Terminal(80) as terminal:
        output = ForPeople(terminal.stream)
        output.finished(1, "one", 2)
        output.failed(2, "two", 2)
        terminal.shown()
        colours = terminal.colours()
    assert colours == {"ok": "green", "FAILED": "red"}


def test_no_color_is_respected_and_the_running_row_still_changes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    with Terminal(60) as terminal:
        stories.stage(ForPeople(terminal.stream))
        lines = terminal.shown()
        assert terminal.colours() == {}
    assert lines == (SCREENS / "stage-60.txt").read_text().splitlines()


@pytest.mark.parametrize("kind", ["dumb", "unknown", ""])
def test_a_terminal_without_a_cursor_gets_plain_lines(
    monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setenv("TERM", kind)
    with Terminal(60) as terminal:
        ForPeople(terminal.stream).finished(1, "one", 2)
        assert terminal.shown() == [" ok      1  one   2 s"]
        assert terminal.colours() == {}


def test_an_exported_width_does_not_beat_the_real_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    lines = shown(60, stories.bake)
    assert lines == (SCREENS / "bake-60.txt").read_text().splitlines()


def test_wide_characters_count_for_the_columns_they_take() -> None:
    lines = shown(
        30,
        lambda output: output.say("東京 " * 10),
        lambda output: output.plan(Plan("é" * 10, ())),
    )
    assert lines[0] == ("東京 " * 6).rstrip()


def test_a_word_longer_than_the_screen_is_left_to_the_terminal() -> None:
    assert shown(30, lambda output: output.say("some words " + "b" * 40)) == [
        "some words",
        "  " + "b" * 28,
        "b" * 12,
    ]
