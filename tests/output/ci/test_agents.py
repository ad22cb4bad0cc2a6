"""What GitHub Actions and Azure Pipelines are told, in their own words."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pipeline.output.ci.agents import (
    LARGEST_SUMMARY,
    Annotation,
    AzurePipelines,
    GitHub,
    agent_of,
)
from tests.output import hostile

MISTAKE = Annotation("Definition error", "no base", "images/web/image.hcl", 3)


def test_runners_are_found_by_their_environment() -> None:
    assert agent_of({}) is None
    assert agent_of({"GITHUB_ACTIONS": "false"}) is None
    github = agent_of({"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": "/s.md"})
    assert github == GitHub("/s.md")
    assert agent_of({"TF_BUILD": "True", "AGENT_TEMPDIRECTORY": "/t"}) == AzurePipelines("/t")


def test_a_mistake_is_shown_beside_its_line() -> None:
    assert GitHub("").annotation(MISTAKE) == (
        "::error file=images/web/image.hcl,line=3,title=Definition error::no base"
    )
    assert AzurePipelines("").annotation(MISTAKE) == (
        "##vso[task.logissue type=error;sourcepath=images/web/image.hcl;linenumber=3;"
        "code=Definition error;]no base"
    )


def test_what_is_in_no_file_names_none() -> None:
    wrong = Annotation("Azure refused", "web: Conflict")
    assert GitHub("").annotation(wrong) == "::error title=Azure refused::web: Conflict"
    assert "sourcepath" not in AzurePipelines("").annotation(wrong)


@pytest.mark.parametrize("text", [*hostile.ORDERS, "a]b;c", "50%,\r\n::error::x", "a:b,c=d"])
def test_no_text_ends_its_order_or_begins_another(text: str) -> None:
    hostile_one = Annotation(text, text, text, 1)
    github = GitHub("").annotation(hostile_one)
    assert len(github.splitlines()) == 1
    properties = github.removeprefix("::error ").split("::")[0]
    assert [part.partition("=")[0] for part in properties.split(",")] == ["file", "line", "title"]
    azure = AzurePipelines("").annotation(hostile_one)
    assert len(azure.splitlines()) == 1
    inside = azure.removeprefix("##vso[task.logissue ").partition("]")[0]
    names = [part.partition("=")[0] for part in inside.split(";") if part]
    assert names == ["type", "sourcepath", "linenumber", "code"]
    assert not re.search(r"##\w*\[", azure.partition("]")[2])


def test_github_appends_to_its_summary_as_long_as_that_is_not_too_large(tmp_path: Path) -> None:
    file = tmp_path / "summary.md"
    agent = GitHub(str(file))
    assert agent.summarize("one\n") == ""
    assert agent.summarize("two\n") == ""
    agent.summarize("x" * LARGEST_SUMMARY)
    assert file.read_text() == "one\ntwo\n"


def test_azure_pipelines_is_shown_a_file_of_its_own(tmp_path: Path) -> None:
    line = AzurePipelines(str(tmp_path)).summarize("one\n")
    name = line.removeprefix("##vso[task.uploadsummary]")
    assert Path(name).read_text() == "one\n"
    assert Path(name).parent == tmp_path


def test_a_summary_that_cannot_be_kept_is_no_failure(tmp_path: Path) -> None:
    nowhere = tmp_path / "not" / "there"
    assert AzurePipelines(str(nowhere)).summarize("one") == ""
    assert GitHub(str(nowhere / "s.md")).summarize("one") == ""
    assert GitHub("").summarize("one") == ""


def test_progress_is_a_share_of_the_steps() -> None:
    assert AzurePipelines("").progress(3, 8, "bake") == "##vso[task.setprogress value=37;]bake"
    assert GitHub("").progress(3, 8, "bake") == ""
