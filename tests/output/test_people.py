"""What people read in a log, a pipe or a file: lines that stay, and nothing else."""

from __future__ import annotations

import io
import os
import subprocess
import sys

import pytest

from pipeline import advice
from pipeline.advice import Advice, Rerun
from pipeline.errors import AzureRefused, Refused
from pipeline.output.facts import Output, Work
from pipeline.output.people import ForPeople
from pipeline.planning.plan import Plan
from tests.conftest import ROOT
from tests.output import stories

LOOK = Advice("show the state", advice.status())
BACK = Advice("roll back", advice.rollback("web"))


def everything(output: Output) -> None:
    """One of each fact."""
    output.plan(Plan("promote web", ("swap",), inverse=advice.rollback("web"), notes=("odd",)))
    output.started(1, "swap")
    output.waiting(1, "swap", 3.0)
    output.watching(3.0, "60 sent, 0 lost", {"sent": 60})
    output.phase(1, "sent", 3.0)
    output.finished(1, "swap", 4.0)
    output.finished(2, "wait until 2 of 2 are healthy", 41.0, "2 of 2 healthy")
    output.failed(10, "verify", 0.1)
    output.say("half way")
    output.truth("web 1.0.1 serves", (BACK, LOOK))
    output.error(Refused("not healthy", advice=(LOOK,)))


def written(*stories: object, **given: str) -> str:
    """The log."""
    stream = io.StringIO()
    for story in stories:
        assert callable(story)
        story(ForPeople(stream, **given))
    return stream.getvalue()


def test_people_read_a_story() -> None:
    assert written(everything) == (
        "Plan: promote web\n"
        "   1  swap\n"
        "note: odd\n"
        "            3 s  sent\n"
        " ok      1  swap   4 s\n"
        " ok      2  2 of 2 healthy after 41 s\n"
        " FAILED 10  verify\n"
        "half way\n"
        "web 1.0.1 serves\n"
        "  roll back        invoke rollback web\n"
        "  show the state   invoke status\n"
        "Refused: not healthy\n"
        "  show the state   invoke status\n"
    )


def test_figures_beside_a_step_get_a_line_every_ten_seconds() -> None:
    def watch(output: Output) -> None:
        output.started(1, "watch for 1 min")
        for second in range(25):
            output.watching(float(second), f"{20 * second} sent, 0 lost ▇▇", {})
            output.waiting(1, "watch for 1 min", float(second))
        output.watching(25.0, "", {})
        output.finished(1, "watch for 1 min", 25.0, "500 requests, 0 lost")
        output.started(2, "delete it")
        for second in range(25):
            output.waiting(2, "delete it", float(second))

    assert written(watch) == (
        " ..      1  watch for 1 min: 200 sent, 0 lost ▇▇   10 s\n"
        " ..      1  watch for 1 min: 400 sent, 0 lost ▇▇   20 s\n"
        " ok      1  500 requests, 0 lost after 25 s\n"
    )


def test_each_of_several_at_work_gets_a_line_every_half_minute() -> None:
    def night(output: Output) -> None:
        for second in range(70):
            works = [Work("web", "bake", float(second)), Work("containers", "check", second - 30.0)]
            output.at_work(works[: 1 + (second > 30)])
        output.at_work(())

    assert written(night) == (
        " ..      web  bake   30 s\n"
        " ..      web         bake   60 s\n"
        " ..      containers  check   30 s\n"
    )


def test_a_log_is_never_wrapped_and_its_lines_stay() -> None:
    log = written(stories.bake)
    assert f" ok      1  {stories.BAKE[0]}   90 s\n" in log
    assert f" ..      1  {stories.BAKE[0]}   30 s\n" in log
    assert "\r" not in log


@pytest.mark.parametrize("name", ["FORCE_COLOR", "CI", "GITHUB_ACTIONS", "TTY_COMPATIBLE"])
def test_a_pipe_gets_no_escape_sequence_whatever_the_environment_says(name: str) -> None:
    program = (
        "from pipeline.output.people import ForPeople; from tests.output import stories;"
        "stories.stage(ForPeople()); import sys; assert 'rich' not in sys.modules"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env={**os.environ, name: "1", "TERM": "xterm-256color", "COLUMNS": "20"},
        check=True,
        capture_output=True,
        text=True,
    )
    assert ended.stdout == written(stories.stage)
    assert "\x1b" not in ended.stdout


def test_a_long_wait_gets_a_line_every_half_minute() -> None:
    stream = io.StringIO()
    output = ForPeople(stream)
    for number in (1, 2):
        output.started(number, "wait")
        for second in range(100):
            output.waiting(number, "wait", float(second), f"{second} of 99")
    assert stream.getvalue().splitlines() == [
        f" ..      {number}  wait: {second} of 99   {second} s"
        for number in (1, 2)
        for second in (30, 60, 90)
    ]


def test_advice_names_the_environment_that_was_chosen() -> None:
    look = Advice("full log", advice.Shell("less log"))
    log = written(lambda output: output.truth("", (BACK, look)), environment="production")
    assert "invoke rollback web --env production" in log
    assert "less log\n" in log


def test_the_same_command_again_is_written_out() -> None:
    again = (Advice("keep waiting", Rerun()),)
    log = written(lambda output: output.truth("", again), rerun="invoke stage web --env x")
    assert log == "  keep waiting   invoke stage web --env x\n"


def test_notes_of_an_error_are_told_before_its_advice() -> None:
    error = Refused("no", advice=(LOOK,))
    error.add_note("Now: web 1.0.0 serves.")
    assert written(lambda output: output.error(error)) == (
        "Refused: no\nNow: web 1.0.0 serves.\n  show the state   invoke status\n"
    )


def test_the_name_of_an_error_is_words() -> None:
    log = written(lambda output: output.error(AzureRefused("web", "Conflict", "No.")))
    assert log == "Azure refused: web: Conflict: No.\n"


def test_what_an_encoding_does_not_have_is_replaced() -> None:
    bytes_written = io.BytesIO()
    stream = io.TextIOWrapper(bytes_written, encoding="ascii")
    ForPeople(stream).say("café")
    assert bytes_written.getvalue() == b"caf?\n"


def test_a_reader_who_went_away_stops_nothing() -> None:
    program = (
        "import sys; from pipeline.output.people import ForPeople; output = ForPeople();"
        "[output.say('x' * 1000) for _ in range(1000)]; sys.stderr.write('went on')"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        errors = process.stderr.read()
        assert process.wait(60) == 0
    assert errors == "went on"
