"""What programs read: one JSON document in each line."""

from __future__ import annotations

import io
import json
from typing import Any

from pipeline import advice
from pipeline.advice import Advice, Rerun
from pipeline.errors import Refused
from pipeline.output.facts import Work
from pipeline.output.programs import ForPrograms
from tests.output.test_people import everything


def documents(stream: io.StringIO) -> list[dict[str, Any]]:
    """The lines as programs read them."""
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_one_document_is_written_for_each_fact() -> None:
    stream = io.StringIO()
    everything(ForPrograms(stream))
    found = documents(stream)
    assert [document["event"] for document in found] == [
        "plan",
        "started",
        "phase",
        "finished",
        "finished",
        "failed",
        "said",
        "truth",
        "error",
    ]
    assert found[0]["steps"] == ["swap"]
    assert found[4]["seen"] == "2 of 2 healthy"
    assert found[-1]["error"] == "Refused"
    assert found[-1]["exit_code"] == 1


def test_commands_name_the_environment_that_was_chosen() -> None:
    stream = io.StringIO()
    everything(ForPrograms(stream, "production", "invoke promote web --env production"))
    plan, *_, error = documents(stream)
    assert plan["inverse"] == "invoke rollback web --env production"
    assert error["next"] == [["show the state", "invoke status --env production"]]


def test_the_same_command_again_is_written_out() -> None:
    stream = io.StringIO()
    output = ForPrograms(stream, "", "invoke stage web")
    output.truth("", (Advice("keep waiting", Rerun()), Advice("look", advice.status())))
    (truth,) = documents(stream)
    assert truth["next"] == [["keep waiting", "invoke stage web"], ["look", "invoke status"]]


def test_a_long_wait_gets_a_document_every_half_minute() -> None:
    stream = io.StringIO()
    output = ForPrograms(stream)
    output.started(1, "wait")
    for second in range(100):
        output.waiting(1, "wait", float(second), "1 of 2")
    told = [document for document in documents(stream) if document["event"] == "waiting"]
    assert [document["seconds"] for document in told] == [30, 60, 90]
    assert {document["seen"] for document in told} == {"1 of 2"}


def test_each_of_several_at_work_gets_a_document_every_half_minute() -> None:
    stream = io.StringIO()
    output = ForPrograms(stream)
    for second in range(70):
        output.at_work([Work("web", "bake", float(second)), Work("api", "check", second - 10.0)])
    told = [(one["name"], one["now"], one["seconds"]) for one in documents(stream)]
    assert told == [("web", "bake", 30), ("api", "check", 30), ("web", "bake", 60)]
    assert {one["event"] for one in documents(stream)} == {"at_work"}


def test_figures_get_a_document_every_ten_seconds_and_at_their_end() -> None:
    stream = io.StringIO()
    output = ForPrograms(stream)
    for second in range(25):
        output.watching(float(second), "a line", {"sent": second})
    output.watching(25.0, "", {"sent": 25})
    assert documents(stream) == [
        {"event": "watching", "figures": {"sent": 10}},
        {"event": "watching", "figures": {"sent": 20}},
        {"event": "watched", "figures": {"sent": 25}},
    ]


def test_a_report_is_its_document() -> None:
    stream = io.StringIO()
    ForPrograms(stream).report("a table", {"images": []})
    assert documents(stream) == [{"images": []}]


def test_notes_of_an_error_are_told() -> None:
    stream = io.StringIO()
    error = Refused("no")
    error.add_note("Now: web 1.0.0 serves.")
    ForPrograms(stream).error(error)
    assert documents(stream)[0]["notes"] == ["Now: web 1.0.0 serves."]
