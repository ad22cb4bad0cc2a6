"""What one process tells as JSON lines is told by another as it would have been there."""

from __future__ import annotations

import io
import json
from collections.abc import Callable

import pytest

from pipeline.errors import Refused
from pipeline.output.facts import Output
from pipeline.output.people import ForPeople
from pipeline.output.programs import ForPrograms
from pipeline.output.replaying import facts_in, now_in, replay
from tests.output import stories
from tests.output.hostile import TEXTS, everywhere
from tests.output.test_people import everything


def lines_of(story: Callable[[Output], None]) -> str:
    """What programs read."""
    stream = io.StringIO()
    story(ForPrograms(stream))
    return stream.getvalue()


def replayed(lines: str) -> str:
    """The log of it."""
    stream = io.StringIO()
    output = ForPeople(stream)
    for fact in facts_in(lines):
        replay(fact, output)
    return stream.getvalue()


@pytest.mark.parametrize("story", [everything, stories.bake, stories.stage, stories.failed_check])
def test_a_story_reads_as_if_it_were_told_here(story: Callable[[Output], None]) -> None:
    stream = io.StringIO()
    story(ForPeople(stream))
    lasting = [line for line in stream.getvalue().splitlines() if not line.startswith(" ..")]
    assert replayed(lines_of(story)).splitlines() == lasting


def test_what_is_at_work_is_told_until_the_next_step_begins() -> None:
    facts = list(facts_in(lines_of(everything)))
    assert [now_in(fact) for fact in facts[:4]] == ["", "swap", "sent", ""]
    waiting = {"event": "waiting", "step": "wait", "seen": "1 of 2"}
    assert now_in(waiting) == "wait: 1 of 2"


def test_an_error_that_two_processes_told_is_the_same_for_programs() -> None:
    told = lines_of(lambda output: output.error(Refused("no")))
    stream = io.StringIO()
    for fact in facts_in(told):
        replay(fact, ForPrograms(stream))
    assert stream.getvalue() == told


@pytest.mark.parametrize(
    "line",
    [
        "not JSON",
        "[]",
        "{}",
        '{"event": 3}',
        '{"event": "later"}',
        '{"event": "plan"}',
        '{"event": "error", "text": "no", "error": "Refused", "exit_code": 1, "next": [3]}',
        '{"event": "finished", "number": "one", "step": "s", "seconds": "two", "seen": ""}',
    ],
)
def test_a_line_that_is_no_fact_of_ours_is_passed_over(line: str) -> None:
    assert replayed(f"{line}\n" + lines_of(lambda output: output.say("on"))) == "on\n"


@pytest.mark.parametrize("text", TEXTS)
def test_a_hostile_text_commands_nobody_after_two_processes(text: str) -> None:
    for story in everywhere(text):
        told = io.StringIO()
        output = ForPrograms(told)
        story(output)
        again = io.StringIO()
        for fact in facts_in(told.getvalue()):
            replay(fact, ForPrograms(again))
        for line in again.getvalue().splitlines():
            json.loads(line)
            assert "##" not in line
