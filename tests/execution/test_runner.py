"""Running a plan: the journal's lines, tokens, failures, interruptions."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipeline.definition.model import Cloud, Project
from pipeline.errors import AzureRefused, Refused, StillRunning
from pipeline.execution.run.journal import read
from pipeline.execution.run.work import Work, begin, execute
from pipeline.execution.run.session import Session, new_run_id
from pipeline.output import ForPeople
from pipeline.planning.plan import Plan
from tests.execution.landing_zone import environment_of
from tests.execution.test_wait import Takes, Time


class Lab:
    """A session without a cloud, and its clock."""

    def __init__(self, root: Path) -> None:
        self.time = Time()
        self.said = io.StringIO()
        environment = environment_of(Cloud())
        project = Project(root, (), (environment,))
        self.session = Session(project, environment, ForPeople(self.said), clock=self.time.clock)

    def run(self, steps: tuple[str, ...], carry_out: Callable[[str, Attempt], None]) -> None:
        """Execute a plan of these steps."""
        with begin(self.session, "test") as run:
            execute(Plan("test", steps), carry_out, run)

    def events(self) -> list[list[str]]:
        """The journals' events, oldest run first."""
        files = sorted(self.session.runs.glob("*.jsonl"), key=lambda p: p.stat().st_mtime_ns)
        return [[entry["event"] for entry in read(file)] for file in files]


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    return Lab(tmp_path)


def test_each_step_is_written_down_before_at_once_and_after(lab: Lab) -> None:
    def carry_out(step: str, attempt: Attempt) -> None:
        attempt.follow(lambda token: Takes(2, lab.time), step, "network")

    lab.run(("one", "two"), carry_out)
    step = ["started", "accepted", "succeeded"]
    assert lab.events() == [["run", "plan", *step, *step, "finished"]]
    assert " ok   2  two   2 s" in lab.said.getvalue()


def test_the_next_run_goes_on_from_the_token(lab: Lab) -> None:
    tokens: list[str] = []

    def carry_out(step: str, attempt: Attempt) -> None:
        def operation(token: str) -> Takes:
            tokens.append(token)
            return Takes(0 if token else 10_000, lab.time)

        attempt.follow(operation, step, "network")

    with pytest.raises(StillRunning):
        lab.run(("one",), carry_out)
    lab.run(("one",), carry_out)
    assert tokens == ["", "token"]
    assert lab.events()[0][-1] == "accepted"
    assert lab.events()[1] == ["run", "plan", "started", "accepted", "succeeded", "finished"]


def test_a_token_that_leads_nowhere_is_dropped(lab: Lab) -> None:
    asked: list[str] = []

    def carry_out(step: str, attempt: Attempt) -> None:
        def operation(token: str) -> Any:
            asked.append(token)
            if token:
                raise AzureRefused(step, "NotFound", "The operation has expired.")
            return Takes(0 if len(asked) > 1 else 10_000, lab.time)

        attempt.follow(operation, step, "network")

    with pytest.raises(StillRunning):
        lab.run(("one",), carry_out)
    lab.run(("one",), carry_out)
    assert asked == ["", "token", ""]
    assert "dropped" in lab.events()[1]


def test_a_failure_stops_the_run_and_is_not_gone_on_with(lab: Lab) -> None:
    def carry_out(step: str, attempt: Attempt) -> None:
        attempt.follow(lambda token: Takes(0, lab.time), step, "network")
        raise AzureRefused(step, "Conflict", "No.")

    with pytest.raises(AzureRefused):
        lab.run(("one", "two"), carry_out)
    assert lab.events() == [["run", "plan", "started", "accepted", "failed"]]
    assert " NO   1  one" in lab.said.getvalue()


def test_an_interruption_leaves_the_token(lab: Lab) -> None:
    def carry_out(step: str, attempt: Attempt) -> None:
        attempt.note("accepted", token="token")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        lab.run(("one",), carry_out)
    assert lab.events() == [["run", "plan", "started", "accepted"]]


def test_two_runs_about_the_same_image_do_not_meet(lab: Lab) -> None:
    with begin(lab.session, "stage", "web") as first:
        with pytest.raises(Refused, match=first.id), begin(lab.session, "promote", "web"):
            pass
        with begin(lab.session, "stage", "shop"):
            pass


def test_printing_a_plan_locks_and_writes_nothing(lab: Lab) -> None:
    planning = Session(
        lab.session.project, lab.session.environment, lab.session.output, plan_only=True
    )
    with begin(lab.session, "stage", "web"), begin(planning, "stage", "web"):
        pass
    assert not list(lab.session.evidence.glob("runs/*"))


def test_the_files_of_a_run_are_private(lab: Lab) -> None:
    with begin(lab.session, "stage", "web") as run:
        assert run.folder.stat().st_mode & 0o077 == 0
        assert run.folder.name == run.id


def test_run_ids_are_fit_to_be_names_of_files_and_values_of_tags() -> None:
    first, second = new_run_id(), new_run_id()
    assert first != second
    assert len(first) <= 80
    assert not set(first) & set("/\\<>%&?. ")
