"""Every run has a page: what was planned, what became of it, traffic, where rules led."""

from __future__ import annotations

import io
import re
import stat
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pipeline.errors import PipelineError, Refused, WatchFailed
from pipeline.execution.commands import swap as commands
from pipeline.execution.commands.prune import unstage
from pipeline.execution.commands.watching import Watching
from pipeline.execution.report.keeping import FACTS, Keeping
from pipeline.execution.report.pages import PAGE, collect, find_run
from pipeline.execution.run.journal import Journal
from pipeline.execution.run.run import CONTINUED_BY, TOPOLOGY
from pipeline.execution.run.session import Session
from pipeline.output.people import ForPeople
from pipeline.planning.report.report import Report
from pipeline.planning.report.topology import moved
from tests.conftest import Emulator
from tests.execution.dying import Crash, dying_after
from tests.execution.landing_zone import LandingZone, landing_zone, with_one_staged


@pytest.fixture
def zone(emulator: Emulator, tmp_path: Path) -> LandingZone:
    """A landing zone where 1.0.0 serves and 1.0.1 is staged."""
    return with_one_staged(landing_zone(tmp_path, emulator))


def run(
    zone: LandingZone,
    command: Callable[[Session], object],
    journal: type[Journal] = Journal,
    **options: Any,
) -> list[str]:
    """A command as the CLI runs it; the lines that it told."""
    said = io.StringIO()
    session = zone.session(journal=journal, **options)
    try:
        with Keeping(ForPeople(said)) as output:
            try:
                command(replace(session, output=output))
            except PipelineError as error:
                output.error(error)
                raise
    finally:
        zone.said.write(said.getvalue())
    return said.getvalue().splitlines()


def promote(session: Session) -> None:
    """`promote` that watches for a second."""
    commands.promote(session, "web", watching=Watching(soak="1s", rate="40"))


def newest(zone: LandingZone) -> Path:
    """The folder of the newest run."""
    return find_run(zone.root / ".pipeline" / "runs")


def page(zone: LandingZone) -> Report:
    """What the page of the newest run says."""
    return collect(newest(zone))


def when(words: str, happens: Callable[[], None]) -> type[Journal]:
    """A journal where something happens at the start of a step, or at an event of that name."""

    class Hooked(Journal):
        def append(self, event: str, **fields: Any) -> None:
            super().append(event, **fields)
            begins = event == "started" and str(fields["words"]).startswith(words)
            if begins or event == words:
                happens()

    return Hooked


def interrupt() -> None:
    """What Ctrl-C does."""
    raise KeyboardInterrupt


def test_a_promotion_s_page_tells_steps_traffic_and_where_rules_led(zone: LandingZone) -> None:
    told = run(zone, promote)
    folder = newest(zone)
    assert told[-1] == f"report: {(folder / PAGE).as_uri()}"
    assert stat.S_IMODE((folder / PAGE).stat().st_mode) == 0o600
    found = page(zone)
    assert (found.title, found.end.outcome) == ("promote web 1.0.0 -> 1.0.1", "done")
    assert {step.state for step in found.plans[0].steps} == {"done"}
    assert found.traffic is not None
    (write,) = found.traffic.writes
    assert write.version == "1.0.1"
    assert write.first_answer is not None
    assert write.answered is not None
    assert write.sent < write.first_answer
    assert {who for _, _, who, _ in write.closely} >= {"1.0.0", "1.0.1"}
    assert found.before is not None
    assert found.after is not None
    assert moved(found.before, found.after)[0] == "production rule http: web-1-0-0 -> web-1-0-1"
    serving = found.after.pools[0]
    assert (serving.role, serving.version, len(serving.members)) == ("serving", "1.0.1", 2)
    assert all(member.is_healthy for member in serving.members)
    assert "first answer of the new version" in (folder / PAGE).read_text()


def test_a_promotion_that_is_led_back_has_a_page_told_after_the_error(zone: LandingZone) -> None:
    def sicken() -> None:
        for number in range(2):
            zone.sicken(f"web-1-0-1/virtualMachines/{number}", "failing")

    def until_it_fails(session: Session) -> None:
        commands.promote(session, "web", watching=Watching(soak="10m", rate="40"))

    with pytest.raises(WatchFailed):
        run(zone, until_it_fails, when("watch for", sicken))
    assert zone.output.splitlines()[-1].startswith("report: file://")
    found = page(zone)
    assert (found.end.outcome, found.end.error) == ("failed", "WatchFailed")
    assert [plan.title for plan in found.plans] == [
        "promote web 1.0.0 -> 1.0.1",
        "roll back web 1.0.1 -> 1.0.0",
    ]
    assert any(text.startswith("Swapping back: ") for _, text in found.said)
    assert found.traffic is not None
    assert [write.version for write in found.traffic.writes] == ["1.0.1", "1.0.0"]
    assert {lost.reason for lost in found.traffic.lost} == {"HTTP 500"}
    assert "HTTP 500" in (newest(zone) / PAGE).read_text()


def test_an_interrupted_run_has_a_page(zone: LandingZone) -> None:
    with pytest.raises(KeyboardInterrupt):
        run(zone, promote, when("accepted", interrupt))
    found = page(zone)
    states = [step.state for step in found.plans[0].steps]
    assert found.end.outcome == "interrupted"
    assert "interrupted" in states
    assert states[-1] == "not begun"
    assert (newest(zone) / PAGE).exists()
    assert run(zone, promote)[-1].startswith("report: ")
    assert page(zone).end.outcome == "done"


def test_a_run_that_goes_on_and_the_one_that_it_continues_lead_to_each_other(
    zone: LandingZone,
) -> None:
    with pytest.raises(KeyboardInterrupt):
        run(zone, promote, when("accepted", interrupt))
    older = newest(zone)
    before = older / PAGE
    assert "continued by" not in before.read_text()

    run(zone, promote)

    newer = newest(zone)
    runs = older.parent
    for folder, other, words in ((newer, older, "continues"), (older, newer, "continued by")):
        found = re.findall(r'<dt>(contin.*?)</dt>.*?href="(.*?)">(.*?)</a>', page_of(folder))
        assert found == [(words, f"../{other.name}/{PAGE}", other.name)]
        assert (folder / found[0][1]).resolve() == (other / PAGE).resolve()
        assert stat.S_IMODE((folder / PAGE).stat().st_mode) == 0o600
    assert "interrupted" in page_of(older)  # what it told is as it was
    assert len([*runs.glob(f"*/{PAGE}")]) >= 2

    run(zone, promote)  # nothing was interrupted this time
    assert "contin" not in re.sub(r"<style>.*?</style>", "", page_of(newest(zone)), flags=re.DOTALL)


def page_of(folder: Path) -> str:
    """The text of a page."""
    return (folder / PAGE).read_text()


def test_a_run_that_died_without_a_page_has_one_once_another_goes_on(zone: LandingZone) -> None:
    with pytest.raises(Crash):
        run(zone, promote, dying_after("started", "swap"))
    older = newest(zone)
    assert not (older / PAGE).exists()

    run(zone, promote)

    assert f"../{newest(zone).name}/{PAGE}" in page_of(older)
    assert f"../{older.name}/{PAGE}" in page_of(newest(zone))


def test_what_is_in_the_way_of_an_older_page_is_told_and_changes_nothing(
    zone: LandingZone,
) -> None:
    with pytest.raises(KeyboardInterrupt):
        run(zone, promote, when("accepted", interrupt))
    older = newest(zone)
    (older / CONTINUED_BY).mkdir()

    told = run(zone, promote)

    assert any(f"the page of run {older.name} does not lead to this one" in one for one in told)
    assert zone.status().serving == "1.0.1"
    assert f"../{older.name}/{PAGE}" in page_of(newest(zone))


def test_a_run_that_is_refused_has_a_page_with_the_reason(zone: LandingZone) -> None:
    with pytest.raises(Refused):
        run(zone, lambda session: unstage(session, "web", "1.0.0"))
    found = page(zone)
    assert (found.plans, found.end.error) == ((), "Refused")
    assert found.end.advice or found.end.text


def test_a_page_that_cannot_be_written_changes_nothing(
    zone: LandingZone, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Blocked(Journal):
        def append(self, event: str, **fields: Any) -> None:
            super().append(event, **fields)
            if event == "plan":
                (self.path.with_suffix("") / PAGE).mkdir()

    told = run(zone, promote, Blocked)
    assert zone.status().serving == "1.0.1"
    assert any("this run has no page" in line for line in told)
    assert not any(line.startswith("report: ") for line in told)


def test_a_run_whose_facts_cannot_be_kept_goes_on(zone: LandingZone) -> None:
    class Blocked(Journal):
        def append(self, event: str, **fields: Any) -> None:
            super().append(event, **fields)
            if event == "plan":
                (self.path.with_suffix("") / TOPOLOGY).unlink()
                (self.path.with_suffix("") / TOPOLOGY).mkdir()

    told = run(zone, promote, Blocked)
    assert any(line.endswith("the page of this run lacks it") for line in told)
    assert told[-1].startswith("report: ")
    assert page(zone).after is None


def test_a_plan_that_is_only_printed_has_no_page(zone: LandingZone) -> None:
    told = run(zone, promote, plan_only=True)
    assert not any(line.startswith("report: ") for line in told)
    assert not list((zone.root / ".pipeline" / "runs").glob(f"*/{FACTS}"))


def test_what_must_not_be_seen_is_on_no_page(zone: LandingZone) -> None:
    def with_a_secret(session: Session) -> None:
        session.output.hide("hunter2&<")
        commands.promote(session, "web", watching=Watching(soak="1s"), why="hunter2&<")

    run(zone, with_a_secret)
    for file in newest(zone).iterdir():
        assert "hunter2" not in file.read_text()
