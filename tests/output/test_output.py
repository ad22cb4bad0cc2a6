"""What is told, to people and to programs."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

from pipeline.errors import AzureRefused, Refused
from pipeline.output import ForPeople, ForPrograms, Output
from pipeline.planning.plan import Plan


class Terminal(io.StringIO):
    """A stream that people look at."""

    def isatty(self) -> bool:
        return True


def everything(output: Output) -> None:
    """One of each fact."""
    output.plan(Plan("promote web", ("swap",), inverse="invoke rollback web", notes=("odd",)))
    output.started(1, "swap")
    output.waiting(1, "swap", 3.0)
    output.finished(1, "swap", 4.0)
    output.failed(2, "prove", 0.1)
    output.say("half way")
    output.truth("web 1.0.1 serves", (("go back", "invoke rollback web"),))
    output.error(Refused("not healthy", advice=(("look", "invoke status"),)))


def documents(stream: io.StringIO) -> list[dict[str, Any]]:
    """The lines as programs read them."""
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_people_read_a_story() -> None:
    stream = io.StringIO()
    everything(ForPeople(stream))
    assert stream.getvalue() == (
        "Plan: promote web\n"
        "   1  swap\n"
        "note: odd\n"
        " ok   1  swap   4 s\n"
        " NO   2  prove\n"
        "half way\n"
        "web 1.0.1 serves\n"
        "  go back   invoke rollback web\n"
        "Refused: not healthy\n"
        "  look   invoke status\n"
    )


def test_programs_read_one_document_per_fact() -> None:
    stream = io.StringIO()
    everything(ForPrograms(stream))
    found = documents(stream)
    assert [document["event"] for document in found] == [
        "plan",
        "started",
        "finished",
        "failed",
        "said",
        "truth",
        "error",
    ]
    assert found[0]["steps"] == ["swap"]
    assert found[-1]["error"] == "Refused"
    assert found[-1]["exit_code"] == 1


@pytest.mark.parametrize("dress", [ForPeople, ForPrograms])
def test_advice_names_the_environment_that_was_asked_for(
    dress: type[ForPeople] | type[ForPrograms],
) -> None:
    stream = io.StringIO()
    advice = (("go back", "invoke rollback web"), ("look", "cat log"))
    dress(stream, suffix=" --env production").truth("", advice)
    assert "invoke rollback web --env production" in stream.getvalue()
    assert "cat log --env" not in stream.getvalue()


@pytest.mark.parametrize("dress", [ForPeople, ForPrograms])
@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("signed in with hunter2", "hunter2"),
        ("Bearer eyJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJ4In0.c2lnbmF0dXJl", "c2lnbmF0dXJl"),
        ("GET https://x/operations/1?t=6&s=Ab-c_D3fGh1JkLmNoPqRsTuV&h=x", "Ab-c_D3fGh1JkLmNo"),
    ],
)
def test_no_secret_gets_out(
    dress: type[ForPeople] | type[ForPrograms], text: str, secret: str
) -> None:
    stream = io.StringIO()
    output = dress(stream)
    output.hide("hunter2")
    output.say(text)
    output.error(AzureRefused("web", "Code", text))
    assert secret not in stream.getvalue()
    assert "***" in stream.getvalue()


def test_hiding_an_empty_secret_hides_nothing() -> None:
    stream = io.StringIO()
    output = ForPeople(stream)
    output.hide("")
    output.say("all well")
    assert stream.getvalue() == "all well\n"


def test_colour_and_a_changing_line_are_for_terminals_only() -> None:
    terminal, log = Terminal(), io.StringIO()
    for stream in (terminal, log):
        everything(ForPeople(stream))
    assert "\033[32mok\033[0m" in terminal.getvalue()
    assert "\r\033[K ..   1  swap   3 s" in terminal.getvalue()
    assert "\033" not in log.getvalue()
    assert "\r" not in log.getvalue()


def test_a_long_wait_gets_a_line_every_half_minute_in_a_log() -> None:
    people, programs = io.StringIO(), io.StringIO()
    for output in (ForPeople(people), ForPrograms(programs)):
        output.started(1, "wait")
        for second in range(100):
            output.waiting(1, "wait", float(second))
    assert people.getvalue().splitlines() == [
        f" ..   1  wait   {second} s" for second in (30, 60, 90)
    ]
    told = [document for document in documents(programs) if document["event"] == "waiting"]
    assert [document["seconds"] for document in told] == [30, 60, 90]


def test_notes_of_an_error_are_told_before_its_advice() -> None:
    stream = io.StringIO()
    error = Refused("no", advice=(("look", "invoke status"),))
    error.add_note("Now: web 1.0.0 serves.")
    ForPeople(stream).error(error)
    assert stream.getvalue() == "Refused: no\nNow: web 1.0.0 serves.\n  look   invoke status\n"
    programs = io.StringIO()
    ForPrograms(programs).error(error)
    assert documents(programs)[0]["notes"] == ["Now: web 1.0.0 serves."]


def test_a_report_is_text_for_people_and_a_document_for_programs() -> None:
    people, programs = io.StringIO(), io.StringIO()
    for output in (ForPeople(people), ForPrograms(programs)):
        output.report("a table", {"images": []})
    assert people.getvalue() == "a table\n"
    assert documents(programs) == [{"images": []}]


def test_the_name_of_an_error_is_words() -> None:
    stream = io.StringIO()
    ForPeople(stream).error(AzureRefused("web", "Conflict", "No."))
    assert stream.getvalue() == "Azure refused: web: Conflict: No.\n"
