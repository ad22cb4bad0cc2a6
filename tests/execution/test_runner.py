"""Running a plan: the journal's lines, failures and what follows from them, interruptions."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.advice import Advice, rollback, status
from pipeline.errors import AzureRefused, PipelineError, Refused, StillRunning
from pipeline.execution.run.session import Session, new_run_id
from pipeline.execution.run.work import Work
from pipeline.execution.runner import begin, carry_out
from pipeline.planning.plan import Failure, Plan
from tests.execution.offline import OfflineSession

STEP = ["started", "succeeded"]


@pytest.fixture
def offline(tmp_path: Path) -> OfflineSession:
    """A session without a cloud."""
    return OfflineSession(tmp_path)


def waits(step: str, work: Work) -> None:
    """A step that takes two seconds, and measures something."""
    work.seen = f"{step} measured"
    work.clock.sleep(2)


def fails_at_two(step: str, work: Work) -> None:
    """A step that Azure refuses if it is `two`."""
    if step == "two":
        raise AzureRefused(step, "Conflict", "No.")


def test_each_step_is_written_down_before_and_after(offline: OfflineSession) -> None:
    offline.run(("one", "two"), waits)
    assert offline.events() == [["run", "plan", *STEP, *STEP, "finished"]]
    assert " ok      2  two measured after 2 s" in offline.said.getvalue()


def test_a_failure_ends_the_run(offline: OfflineSession) -> None:
    with pytest.raises(AzureRefused):
        offline.run(("one", "two", "three"), fails_at_two)
    assert offline.events() == [["run", "plan", *STEP, "started", "failed"]]
    assert " FAILED  2  two" in offline.said.getvalue()
    assert "  three" not in offline.said.getvalue().partition("FAILED")[2]


def test_what_follows_from_a_failure_is_planned_from_what_was_done(
    offline: OfflineSession,
) -> None:
    failures: list[Failure] = []

    def clean_up(failure: Failure) -> Plan[str]:
        failures.append(failure)
        return Plan("clean up", ("undo one",))

    with pytest.raises(AzureRefused, match="Conflict"):
        offline.run(("one", "two", "three"), fails_at_two, follow_up=clean_up)
    (failure,) = failures
    assert (failure.begun, failure.done) == (("one", "two"), ("one",))
    assert offline.events() == [
        ["run", "plan", *STEP, "started", "failed", "plan", *STEP, "finished"]
    ]
    assert " ok      1  undo one" in offline.said.getvalue()


def test_when_cleaning_up_fails_too_the_first_failure_is_raised_and_both_are_told(
    offline: OfflineSession,
) -> None:
    def step_by_step(step: str, work: Work) -> None:
        raise AzureRefused(step, "Conflict", "No.")

    with pytest.raises(AzureRefused) as caught:
        offline.run(
            ("one",), step_by_step, follow_up=lambda failure: Plan("clean up", ("undo one",))
        )
    assert caught.value.resource == "one"
    assert caught.value.__notes__ == ["clean up failed: undo one: Conflict: No."]
    assert "undo one: Conflict: No." in offline.said.getvalue()


def test_an_interruption_is_followed_up_as_well(offline: OfflineSession) -> None:
    done: list[str] = []

    def step_by_step(step: str, work: Work) -> None:
        if step == "one":
            raise KeyboardInterrupt
        done.append(step)

    with pytest.raises(KeyboardInterrupt):
        offline.run(("one",), step_by_step, follow_up=lambda failure: Plan("clean up", ("undo",)))
    assert done == ["undo"]


def test_patience_that_ran_out_is_no_failure_in_the_journal(offline: OfflineSession) -> None:
    def step_by_step(step: str, work: Work) -> None:
        raise StillRunning(step, 60)

    with pytest.raises(StillRunning):
        offline.run(("one",), step_by_step)
    assert offline.events() == [["run", "plan", "started"]]


def test_after_the_first_write_a_failure_tells_the_way_back(offline: OfflineSession) -> None:
    def step_by_step(step: str, work: Work) -> None:
        work.run.has_written = step == "two"
        if step == "two":
            raise AzureRefused(step, "Conflict", "No.")

    plan = Plan("test", ("one", "two"), inverse=rollback("web"))
    with pytest.raises(AzureRefused) as caught, begin(offline.session, "promote", "web") as run:
        carry_out(plan, run, step_by_step=step_by_step)
    assert caught.value.advice == (
        Advice("go back", rollback("web")),
        Advice("show the state", status()),
    )


def test_before_the_first_write_there_is_nothing_to_go_back_from(offline: OfflineSession) -> None:
    plan = Plan("test", ("one", "two"), inverse=rollback("web"))
    with pytest.raises(AzureRefused) as caught, begin(offline.session, "promote", "web") as run:
        carry_out(plan, run, step_by_step=fails_at_two)
    assert caught.value.advice == ()


def test_whatever_ends_a_run_takes_along_what_is_true_now(offline: OfflineSession) -> None:
    with (
        pytest.raises(AzureRefused) as caught,
        begin(offline.session, "promote", "web", lambda: "web 1.0.0 serves"),
    ):
        raise AzureRefused("front", "Conflict", "No.")
    assert caught.value.__notes__ == ["Now: web 1.0.0 serves."]


def test_a_truth_that_cannot_be_had_does_not_hide_the_failure(offline: OfflineSession) -> None:
    def now() -> str:
        raise PipelineError("gone")

    with (
        pytest.raises(AzureRefused) as caught,
        begin(offline.session, "promote", "web", now),
    ):
        raise AzureRefused("front", "Conflict", "No.")
    assert caught.value.__notes__ == ["Azure could not be asked what is true now: gone"]


def test_two_runs_about_the_same_image_do_not_meet(offline: OfflineSession) -> None:
    session = offline.session
    with begin(session, "stage", "web") as first:
        with pytest.raises(Refused, match=first.id), begin(session, "promote", "web"):
            pass
        with begin(session, "stage", "shop"):
            pass


@pytest.mark.parametrize("swap", ["stage", "promote", "rollback"])
@pytest.mark.parametrize("build", ["build-image", "check-image"])
def test_a_build_blocks_no_swap(offline: OfflineSession, build: str, swap: str) -> None:
    with begin(offline.session, build, "web") as first:
        with begin(offline.session, swap, "web"):
            pass
        with pytest.raises(Refused, match=first.id), begin(offline.session, "build-image", "web"):
            pass


def test_printing_a_plan_locks_and_writes_nothing(offline: OfflineSession) -> None:
    planning = Session(
        offline.session.project, offline.session.environment, offline.session.output, plan_only=True
    )
    with begin(offline.session, "stage", "web"), begin(planning, "stage", "web") as run:
        assert not carry_out(Plan("test", ("one",), inverse=rollback("web")), run)
    assert not list(offline.session.evidence.glob("runs/*"))
    assert "invoke rollback web" in offline.said.getvalue()


def test_the_files_of_a_run_are_private(offline: OfflineSession) -> None:
    with begin(offline.session, "stage", "web") as run:
        assert run.folder.stat().st_mode & 0o077 == 0
        assert run.folder.name == run.id


def test_run_ids_are_fit_to_be_names_of_files_and_values_of_tags() -> None:
    first, second = new_run_id(), new_run_id()
    assert first != second
    assert len(first) <= 80
    assert not set(first) & set("/\\<>%&?. ")
