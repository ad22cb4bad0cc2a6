"""From the facts that a run told to what its page says."""

from __future__ import annotations

from typing import Any

import pytest

from pipeline.planning.packages.changes import Change
from pipeline.planning.packages.diff import Diff
from pipeline.planning.report.reading import report_of
from pipeline.planning.report.report import (
    Package,
    PackageDiff,
    Proof,
    Report,
    Step,
    proofs_of,
)

RUN = {"event": "run", "run": "r1", "command": "promote", "image": "web", "pid": 7, "host": "here"}
PLAN = {"event": "plan", "title": "promote web", "steps": ["one", "two"], "notes": ["a note"]}
END = {"event": "ended", "outcome": "done"}


def told(*facts: dict[str, Any], is_alive: bool = False) -> Report:
    """The report of facts, a second after each other."""
    return report_of(
        [{"at": 100.0 + number, **fact} for number, fact in enumerate(facts)], is_alive=is_alive
    )


def step(event: str, number: int = 1, **fields: object) -> dict[str, Any]:
    """A fact about a step."""
    return {"event": event, "number": number, **fields}


def test_steps_are_told_with_their_times_phases_and_what_was_measured() -> None:
    found = told(
        *(RUN, PLAN, step("started")),
        *(step("phase", text="Uploading"), step("phase", text="Provisioning")),
        *(step("finished", seen="2 of 2"), step("started", 2), step("finished", 2), END),
    )
    first, second = found.plans[0].steps
    assert (first.state, first.seen, first.seconds) == ("done", "2 of 2", 3.0)
    assert [(one.words, one.ended - one.began) for one in first.phases] == [
        ("Uploading", 1.0),
        ("Provisioning", 1.0),
    ]
    assert second == Step(2, "two", "done", 106.0, 107.0)
    assert (found.end.outcome, found.began, found.ended) == ("done", 100.0, 108.0)
    assert (found.subject.run, found.subject.pid) == ("r1", 7)
    assert found.plans[0].notes == ("a note",)
    assert found.title == "promote web"


def test_a_step_that_was_not_begun_took_no_time() -> None:
    (plan,) = told(RUN, PLAN).plans
    assert [one.seconds for one in plan.steps] == [0.0, 0.0]


def test_a_failure_has_its_words_and_how_to_go_on() -> None:
    advice = [["go back", "rollback"], "nonsense", ["half"]]
    found = told(
        *(RUN, PLAN, step("started"), step("failed"), {"event": "said", "text": "leading back"}),
        {**PLAN, "title": "roll back web", "steps": ["back"]},
        *(step("started"), step("finished")),
        {"event": "truth", "text": "web 1.0.0 serves", "next": []},
        {
            **END,
            "outcome": "failed",
            "error": "WatchFailed",
            "text": "lost",
            "notes": ["Now: ..."],
            "next": advice,
        },
    )
    assert [plan.title for plan in found.plans] == ["promote web", "roll back web"]
    assert [one.state for one in found.plans[0].steps] == ["failed", "not begun"]
    assert (found.end.error, found.end.text, found.end.notes) == (
        *("WatchFailed", "lost"),
        ("Now: ...",),
    )
    assert found.end.advice == (("go back", "rollback"),)
    assert found.said == ((104.0, "leading back"),)


def test_what_holds_at_the_end_is_the_last_truth() -> None:
    found = told(
        *(RUN, PLAN, {"event": "truth", "text": "web 1.0.1 serves", "next": [["a", "b"]]}, END)
    )
    assert (found.end.truth, found.end.advice) == ("web 1.0.1 serves", (("a", "b"),))


@pytest.mark.parametrize(
    ("facts", "is_alive", "outcome", "state"),
    [
        ((RUN, PLAN, step("started"), {"event": "?"}), False, "ended early", "interrupted"),
        ((RUN, PLAN, step("started"), {"event": "?"}), True, "under way", "under way"),
        (
            (RUN, PLAN, step("started"), step("failed"), {**END, "outcome": "interrupted"}),
            *(False, "interrupted", "interrupted"),
        ),
    ],
)
def test_a_run_without_an_end_is_told_as_what_it_is(
    facts: tuple[dict[str, Any], ...], is_alive: bool, outcome: str, state: str
) -> None:
    found = told(*facts, is_alive=is_alive)
    assert found.end.outcome == outcome
    assert found.plans[0].steps[0].state == state
    assert found.plans[0].steps[0].seconds == 1.0


@pytest.mark.parametrize(
    "facts",
    [
        (),
        ({},),
        (step("started"), step("phase", text="x"), {"event": "truth"}),
        ({"event": "plan", "steps": "abc", "at": "soon"}, {"event": 7}, {**RUN, "pid": "x"}),
    ],
)
def test_facts_that_nobody_wrote_are_no_error(facts: tuple[dict[str, Any], ...]) -> None:
    found = report_of(facts)
    assert found.end.outcome == "ended early"


def test_without_a_plan_the_command_is_the_title() -> None:
    assert told(RUN).title == "promote web"


def test_packages_are_read_as_diff_writes_them() -> None:
    change = Change("openssl", "amd64", "3.0.15-1", "3.0.17-1", "security")
    found = PackageDiff.read(Diff("web", "1.0.0", "1.0.1", (change,)).document)
    assert (found.before, found.after) == ("1.0.0", "1.0.1")
    assert found.packages == (Package("openssl", "3.0.15-1", "3.0.17-1", "security"),)


def test_proofs_are_read_by_name() -> None:
    assert proofs_of({"proofs": {"sbom": "sha256 1"}}) == (Proof("sbom", "sha256 1"),)
    with pytest.raises(KeyError):
        proofs_of({})
