"""The CI runners that are known: found by their environment, commanded in their own words.

GitHub: workflow commands and job summaries (docs.github.com, "Workflow commands for GitHub
Actions"). Azure Pipelines: logging commands (learn.microsoft.com, "Logging commands").
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from pipeline.output.harmless import without_orders

MOST_ANNOTATIONS = 10
"""Of a kind and step: GitHub shows no more."""
TOLD_BY_ANOTHER = "BAKESWAP_TOLD_BY_ANOTHER"
"""Set for a process whose facts another one tells: that one tells the runner, too."""
LARGEST_SUMMARY = 1024 * 1024
"""Bytes of a step's summary; of a larger one GitHub drops all."""


@dataclass(frozen=True, slots=True)
class Annotation:
    """What is wrong, and where: `file` "" and `line` 0 where it is in none."""

    title: str
    text: str
    file: str = ""
    line: int = 0


class Agent(Protocol):
    """A CI runner."""

    def annotation(self, wrong: Annotation) -> str:
        """The line that shows an error beside its file, and at the head of the job."""

    def progress(self, done: int, of: int, words: str) -> str:
        """The line that moves a bar; "" where there is none."""

    def summarize(self, markdown: str) -> str:
        """Keep the summary; the line that shows it, "" where the file alone does."""


def agent_of(environment: Mapping[str, str]) -> Agent | None:
    """The runner that this process is a job of, and tells of itself."""
    if environment.get(TOLD_BY_ANOTHER):
        return None
    if environment.get("GITHUB_ACTIONS") == "true":
        return GitHub(environment.get("GITHUB_STEP_SUMMARY", ""))
    if environment.get("TF_BUILD", "").lower() == "true":
        return AzurePipelines(environment.get("AGENT_TEMPDIRECTORY", ""))
    return None


@dataclass(frozen=True, slots=True)
class GitHub:
    """GitHub Actions; the summary is a file that is appended to, "" where there is none."""

    file: str

    def annotation(self, wrong: Annotation) -> str:
        where = {"file": wrong.file, "line": str(wrong.line or "")}
        parts = {**where, "title": wrong.title}
        told = ",".join(f"{key}={_property(value)}" for key, value in parts.items() if value)
        return f"::error {told}::{_data(wrong.text)}"

    def progress(self, done: int, of: int, words: str) -> str:
        return ""

    def summarize(self, markdown: str) -> str:
        with suppress(OSError):  # a summary that cannot be kept is no failure
            if self.file:
                _append(Path(self.file), markdown)
        return ""


@dataclass(frozen=True, slots=True)
class AzurePipelines:
    """Azure Pipelines; a summary is a file of its own in the job's temporary folder."""

    folder: str

    def annotation(self, wrong: Annotation) -> str:
        where = {"sourcepath": wrong.file, "linenumber": str(wrong.line or "")}
        parts = {"type": "error", **where, "code": wrong.title}
        told = "".join(f"{key}={_vso(value)};" for key, value in parts.items() if value)
        return f"##vso[task.logissue {told}]{_vso(without_orders(wrong.text))}"

    def progress(self, done: int, of: int, words: str) -> str:
        share = 100 * done // max(of, 1)
        return f"##vso[task.setprogress value={share};]{_vso(without_orders(words))}"

    def summarize(self, markdown: str) -> str:
        try:
            descriptor, name = tempfile.mkstemp(".md", "bakeswap-", self.folder or None)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(markdown)
        except OSError:
            return ""
        return f"##vso[task.uploadsummary]{name}"


def _append(file: Path, markdown: str) -> None:
    """Nothing where it would make the whole too large: what is there already stays."""
    content = markdown.encode()
    there = file.stat().st_size if file.exists() else 0
    if there + len(content) < LARGEST_SUMMARY:
        with file.open("ab") as stream:
            stream.write(content)


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def _vso(text: str) -> str:
    text = text.replace("%", "%AZP25").replace("\r", "%0D").replace("\n", "%0A")
    return text.replace(";", "%3B").replace("]", "%5D")
