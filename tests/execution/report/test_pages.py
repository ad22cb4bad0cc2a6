"""A run's folder, read whatever is in it; what is kept of a run is bounded."""

from __future__ import annotations

import io
import json
import os
import socket
from pathlib import Path

import pytest

from pipeline.errors import StateFileError, UsageError
from pipeline.execution.commands import report as commands
from pipeline.execution.commands.report import report
from pipeline.execution.report.keeping import FACTS, LONGEST_FACT, MOST_FACTS, Keeping
from pipeline.execution.report.pages import PAGE, collect, find_run, write_page
from pipeline.execution.run.run import PACKAGES, PROOFS
from pipeline.execution.run.session import runs_of
from pipeline.output.people import ForPeople
from pipeline.output.programs import ForPrograms

FIRST = {"event": "run", "at": 1.0, "run": "r", "command": "promote", "image": "web"}
JUNIT = """<testsuites><testsuite>
<testcase classname="checks.test_web" name="test_it[ssh://x]" time="0.5"/>
<testcase classname="checks.test_web" name="test_no" time="?"><failure message="no">&gt; assert 0
E assert 0
test_web.py:3</failure></testcase>
<testcase name="test_not"><skipped message="why"/></testcase>
</testsuite></testsuites>"""


def run_folder(root: Path, *facts: object, name: str = "r") -> Path:
    """A run's folder that holds these facts."""
    folder = runs_of(root) / name
    folder.mkdir(parents=True)
    (folder / FACTS).write_text("".join(f"{json.dumps(fact)}\n" for fact in facts))
    return folder


def test_a_run_that_died_has_a_page_when_it_is_asked_for(tmp_path: Path) -> None:
    folder = run_folder(tmp_path, {**FIRST, "pid": 2**22 + 1, "host": socket.gethostname()})
    said = io.StringIO()
    report(tmp_path, ForPeople(said))
    assert said.getvalue().splitlines() == [
        "promote web: ended early",
        (folder / PAGE).as_uri(),
    ]
    assert "The process ended without a word." in (folder / PAGE).read_text()


@pytest.mark.parametrize("pid", [None, 1, 2**40], ids=["this", "another's", "no"])
def test_a_run_whose_process_is_there_is_under_way(tmp_path: Path, pid: int | None) -> None:
    first = {**FIRST, "pid": os.getpid() if pid is None else pid, "host": socket.gethostname()}
    assert collect(run_folder(tmp_path, first)).end.outcome == "under way"


def test_another_machine_s_run_is_not_known_to_be_there(tmp_path: Path) -> None:
    folder = run_folder(tmp_path, {**FIRST, "pid": os.getpid(), "host": "elsewhere"})
    assert collect(folder).end.outcome == "ended early"


def test_the_page_of_a_run_that_ended_is_told_as_it_was_written(tmp_path: Path) -> None:
    folder = run_folder(tmp_path, FIRST, {"event": "ended", "at": 2.0, "outcome": "done"})
    (folder / PAGE).write_text("as it was")
    said = io.StringIO()
    report(tmp_path, ForPrograms(said), "r")
    assert json.loads(said.getvalue()) == {
        "run": "r",
        "title": "promote web",
        "environment": "",
        "outcome": "done",
        "page": (folder / PAGE).as_uri(),
    }
    assert (folder / PAGE).read_text() == "as it was"


def test_a_browser_is_started_only_when_it_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, opened = run_folder(tmp_path, FIRST), list[str]()
    monkeypatch.setattr("webbrowser.open", opened.append)
    said = io.StringIO()
    commands.report(tmp_path, ForPeople(said))
    assert opened == []
    commands.report(tmp_path, ForPeople(said), is_opened=True)
    assert opened == [(folder / PAGE).as_uri()]
    assert "no browser could be started" in said.getvalue()


def test_the_newest_run_is_the_one_that_told_something_last(tmp_path: Path) -> None:
    older = run_folder(tmp_path, FIRST, name="a")
    newer = run_folder(tmp_path, FIRST, name="b")
    os.utime(newer / FACTS, (1, 1))
    assert find_run(runs_of(tmp_path)) == older
    assert find_run(runs_of(tmp_path), "b") == newer
    with pytest.raises(UsageError, match="no run 'c' under"):
        find_run(runs_of(tmp_path), "c")
    with pytest.raises(UsageError, match="no run under"):
        find_run(tmp_path / "nowhere")


def test_what_is_torn_or_foreign_is_left_out(tmp_path: Path) -> None:
    folder = run_folder(tmp_path, FIRST, {"event": "plan", "title": "t", "steps": []})
    with (folder / FACTS).open("a") as file:
        file.write('{"event": "said", "te')
    (folder / "traffic.json").write_text('{"at": 1}')
    (folder / "topology.json").write_text("[]")
    (folder / "junit.xml").write_text("<testsuites>")
    found = collect(folder)
    assert (found.title, found.traffic, found.before, found.checks) == ("t", None, None, ())
    for line in ("nonsense\n", "[1]\n", ""):
        (folder / FACTS).write_text(line)
        assert collect(folder).end.outcome == "ended early"
    (folder / FACTS).unlink()
    with pytest.raises(StateFileError):
        write_page(folder)


def test_checks_are_told_one_by_one(tmp_path: Path) -> None:
    folder = run_folder(tmp_path, FIRST)
    (folder / "junit.xml").write_text(JUNIT)
    passed, failed, skipped = collect(folder).checks
    assert (passed.name, passed.state, passed.seconds) == ("test_web::test_it", "passed", 0.5)
    assert (failed.state, failed.seconds) == ("failed", 0.0)
    assert "assert 0" in failed.message
    assert (skipped.name, skipped.state, skipped.message) == ("test_not", "skipped", "why")


def test_what_is_kept_of_a_run_is_bounded_and_its_end_is_always_kept(tmp_path: Path) -> None:
    folder = run_folder(tmp_path)
    keeping = Keeping(ForPeople(io.StringIO()))
    keeping.begin(folder, {"run": "r"})
    keeping.say("x" * (LONGEST_FACT + 50))
    for _ in range(MOST_FACTS + 50):
        keeping.say("again")
    keeping.end("done", None)
    lines = (folder / FACTS).read_text().splitlines()
    assert len(lines) == MOST_FACTS + 1
    assert max(map(len, lines)) < LONGEST_FACT + 200
    assert json.loads(lines[-1])["event"] == "ended"


def test_a_secret_is_kept_nowhere(tmp_path: Path) -> None:
    folder = run_folder(tmp_path)
    keeping = Keeping(ForPeople(io.StringIO()))
    keeping.hide("hunter2")
    keeping.begin(folder, {"run": "r"})
    keeping.say("the word is hunter2, or hun\x1b[0mter2")
    keeping.end("failed", StateFileError(folder, "hunter2"))
    assert "hunter2" not in (folder / FACTS).read_text()
    assert "***" in (folder / FACTS).read_text()


def test_the_page_of_a_run_that_failed_is_told_right_after_its_error(tmp_path: Path) -> None:
    said = io.StringIO()
    with Keeping(ForPrograms(said)) as keeping:
        keeping.page_later("file:///first")
        keeping.error(UsageError("why"))
        keeping.report("a table", {"images": []})
        keeping.page_later("file:///second")
    told = [json.loads(line) for line in said.getvalue().splitlines()]
    assert [one.get("event") for one in told] == ["error", "page", None, "page"]
    assert [one["address"] for one in told if "address" in one] == [
        "file:///first",
        "file:///second",
    ]


def test_what_a_promotion_brings_and_what_was_recorded_is_shown(tmp_path: Path) -> None:
    folder = run_folder(tmp_path, FIRST)
    change = {"name": "openssl", "old": "3.0.15", "new": "3.0.17", "class": "security"}
    (folder / PACKAGES).write_text(
        json.dumps({"before": "1.0.0", "after": "1.0.1", "packages": [change]})
    )
    (folder / PROOFS).write_text(json.dumps({"proofs": {"sbom.cdx.json": "sha256 1a2b"}}))
    page = write_page(folder).read_text()
    for shown in ("Packages: 1.0.0 → 1.0.1", "openssl", "security", "sbom.cdx.json", "1a2b"):
        assert shown in page


@pytest.mark.parametrize("kept", ["{", "[]", "{}", '{"packages": 3, "proofs": 3}'])
def test_what_is_torn_of_it_is_left_out(tmp_path: Path, kept: str) -> None:
    folder = run_folder(tmp_path, FIRST)
    for name in (PACKAGES, PROOFS):
        (folder / name).write_text(kept)
    found = collect(folder)
    assert (found.packages, found.evidence) == (None, ())
