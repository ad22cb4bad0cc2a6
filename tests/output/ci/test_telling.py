"""What a run tells a CI runner: a summary of all of it, an annotation for each failure."""

from __future__ import annotations

import html
import io
from pathlib import Path

import pytest

from pipeline.advice import Advice, rollback, stage
from pipeline.errors import AzureRefused, DefinitionError, Mistake
from pipeline.output.ci.agents import MOST_ANNOTATIONS, Agent, AzurePipelines, GitHub
from pipeline.output.ci.telling import InCi
from pipeline.output.people import ForPeople
from pipeline.planning.plan import Plan
from pipeline.planning.table import Table
from tests.output import hostile

PLAN = Plan(
    "promote web 1.0.0 -> 1.0.1",
    ("verify staging", "swap in one write"),
    inverse=rollback("web"),
    notes=("http is astray",),
)


def told(agent: Agent | None) -> tuple[InCi, io.StringIO, io.StringIO]:
    """An output in CI, with what people and what the runner are told."""
    log, orders = io.StringIO(), io.StringIO()
    return InCi(ForPeople(log), agent, "production", stream=orders), log, orders


def summary_of(tmp_path: Path) -> str:
    """What GitHub would show, as text."""
    return (tmp_path / "s.md").read_text()


def test_a_run_is_told_whole(tmp_path: Path) -> None:
    output, log, orders = told(GitHub(str(tmp_path / "s.md")))
    with output:
        output.plan(PLAN)
        output.started(1, "verify staging")
        output.finished(1, "verify staging", 3.2, "10 consecutive responses")
        output.failed(2, "swap in one write", 40)
        output.say("Swapping back")
        output.truth("web 1.0.0 serves", (Advice("stage another", stage("web")),))
    assert "promote web 1.0.0 -> 1.0.1" in log.getvalue()
    assert orders.getvalue() == ""
    assert html.unescape(summary_of(tmp_path)) == (
        "### promote web 1.0.0 -> 1.0.1\n\n"
        "|  |  | step | took |\n| --- | --- | --- | --- |\n"
        "| 1 | ok | 10 consecutive responses | 3 s |\n"
        "| 2 | **failed** | swap in one write | 40 s |\n\n"
        "- http is astray\n"
        "- to go back: <code>invoke rollback web --env production</code>\n"
        "- Swapping back\n\n"
        "**web 1.0.0 serves**\n\n"
        "- stage another: <code>invoke stage web --env production</code>\n\n"
    )


def test_what_is_only_planned_is_there_to_be_approved(tmp_path: Path) -> None:
    output, _, _ = told(GitHub(str(tmp_path / "s.md")))
    with output:
        output.plan(PLAN)
    assert "| 2 | not done | swap in one write |  |" in summary_of(tmp_path)


def test_a_plan_without_steps_says_why(tmp_path: Path) -> None:
    output, _, _ = told(GitHub(str(tmp_path / "s.md")))
    with output:
        output.plan(Plan("build web", (), because="it is there"))
    assert "Nothing to do: it is there" in summary_of(tmp_path)


def test_answers_are_told_as_tables_or_as_they_are(tmp_path: Path) -> None:
    output, _, _ = told(GitHub(str(tmp_path / "s.md")))
    with output:
        output.report(Table(("image", "result"), (("web", "built"),), ("one note",)), {})
        output.report("two\n  lines", {})
    text = html.unescape(summary_of(tmp_path))
    assert "| image | result |\n| --- | --- |\n| web | built |" in text
    assert "- one note" in text
    assert "<pre>two\n  lines</pre>" in text


def test_each_mistake_is_an_annotation_and_no_more_than_are_shown() -> None:
    mistakes = tuple(
        Mistake("images/web/image.hcl", n, "no base", "name one") for n in range(1, 30)
    )
    output, _, orders = told(GitHub(""))
    with output:
        output.error(DefinitionError(mistakes))
    lines = orders.getvalue().splitlines()
    assert len(lines) == MOST_ANNOTATIONS
    assert lines[0] == (
        "::error file=images/web/image.hcl,line=1,title=Definition error::no base; name one"
    )


def test_another_failure_is_an_annotation_of_the_whole(tmp_path: Path) -> None:
    output, _, orders = told(GitHub(str(tmp_path / "s.md")))
    error = AzureRefused("/x/front", "Conflict", "being written")
    error.add_note("Now: web 1.0.0 serves.")
    with output:
        output.error(error)
    assert orders.getvalue() == "::error title=Azure refused::/x/front: Conflict: being written\n"
    text = html.unescape(summary_of(tmp_path))
    assert "**Azure refused**" in text
    assert "- Now: web 1.0.0 serves." in text


def test_azure_pipelines_sees_a_bar_move_and_the_summary(tmp_path: Path) -> None:
    output, _, orders = told(AzurePipelines(str(tmp_path)))
    with output:
        output.plan(PLAN)
        output.finished(1, "verify staging", 1)
    first, second = orders.getvalue().splitlines()
    assert first == "##vso[task.setprogress value=50;]verify staging"
    assert second.startswith(f"##vso[task.uploadsummary]{tmp_path}")


def test_elsewhere_nothing_is_added(tmp_path: Path) -> None:
    output, log, orders = told(None)
    with output:
        output.plan(PLAN)
        output.error(AzureRefused("/x", "Conflict", "no"))
    assert orders.getvalue() == ""
    assert "Azure refused: /x" in log.getvalue()
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("kind", ["github", "azure"])
@pytest.mark.parametrize("text", hostile.TEXTS, ids=ascii)
def test_nothing_that_was_said_is_an_order(kind: str, text: str, tmp_path: Path) -> None:
    agent = GitHub(str(tmp_path / "s.md")) if kind == "github" else AzurePipelines(str(tmp_path))
    output, _, orders = told(agent)
    with output:
        for tell in hostile.everywhere(text):
            tell(output)
    ours = ("::error title=", "##vso[task.setprogress ", "##vso[task.uploadsummary]")
    begins = (*ours, "##vso[task.logissue type=error;code=")
    for line in orders.getvalue().splitlines():
        assert line.startswith(begins)
        assert line.count("##vso[") <= 1
    (summary,) = tmp_path.glob("*.md")
    written = summary.read_text()
    assert "::" not in written
    assert "##vso" not in written


def test_secrets_are_in_neither(tmp_path: Path) -> None:
    output, log, orders = told(GitHub(str(tmp_path / "s.md")))
    with output:
        output.hide("hunter2")
        for tell in hostile.everywhere("hun\x1b[mter2 hunter2"):
            tell(output)
    for written in (log.getvalue(), orders.getvalue(), html.unescape(summary_of(tmp_path))):
        assert "hunter2" not in written


def test_a_summary_without_an_end_is_cut(tmp_path: Path) -> None:
    output, _, _ = told(GitHub(str(tmp_path / "s.md")))
    with output:
        output.plan(Plan("build", tuple("x" * 2000 for _ in range(300))))
    assert len(summary_of(tmp_path)) < 201_000
    assert "The rest is in the log." in summary_of(tmp_path)
