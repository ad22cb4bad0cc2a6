"""Journals: private, synced, and read only as far as they were written whole."""

from __future__ import annotations

import os
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.execution.run.journal import Journal, Subject, digest_of, read, unfinished_tokens

SUBJECT = Subject("stage", "local", "https://127.0.0.1:9443 subscription", "web")


def journal_in(folder: Path, name: str = "run", subject: Subject = SUBJECT) -> Journal:
    """A new run's journal; each is newer than those before."""
    journal = Journal(folder / f"{name}.jsonl", subject)
    number = len(list(folder.glob("*.jsonl")))
    os.utime(journal.path, ns=(number * 10**9, number * 10**9))
    return journal


def accepted(journal: Journal, step: str, token: str) -> None:
    """A step that got as far as a token."""
    journal.append("started", step=step, number=1)
    journal.append("accepted", step=step, number=1, token=token)


def test_a_journal_is_private(tmp_path: Path) -> None:
    journal_in(tmp_path / "runs").close()
    assert stat.S_IMODE((tmp_path / "runs" / "run.jsonl").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "runs").stat().st_mode) == 0o700


def test_an_accepted_step_of_an_unfinished_run_can_be_gone_on_with(tmp_path: Path) -> None:
    accepted(journal_in(tmp_path), "a", "token-a")
    assert unfinished_tokens(tmp_path, SUBJECT) == {"a": "token-a"}


@pytest.mark.parametrize("event", ["succeeded", "failed"])
def test_what_ended_is_not_gone_on_with(tmp_path: Path, event: str) -> None:
    journal = journal_in(tmp_path)
    accepted(journal, "a", "token-a")
    journal.append(event, step="a", number=1)
    accepted(journal, "b", "token-b")
    assert unfinished_tokens(tmp_path, SUBJECT) == {"b": "token-b"}


def test_a_finished_run_left_nothing(tmp_path: Path) -> None:
    journal = journal_in(tmp_path)
    accepted(journal, "a", "token-a")
    journal.append("finished")
    assert unfinished_tokens(tmp_path, SUBJECT) == {}


def test_only_the_newest_run_about_the_same_counts(tmp_path: Path) -> None:
    accepted(journal_in(tmp_path, "first"), "a", "token-a")
    journal_in(tmp_path, "second").append("finished")
    os.utime(tmp_path / "first.jsonl", ns=(0, 0))
    assert unfinished_tokens(tmp_path, SUBJECT) == {}


@pytest.mark.parametrize(
    "other",
    [
        replace(SUBJECT, command="promote"),
        replace(SUBJECT, environment="production"),
        replace(SUBJECT, cloud="https://management.azure.com subscription"),
        replace(SUBJECT, image="shop"),
    ],
)
def test_a_run_about_something_else_is_not_gone_on_with(tmp_path: Path, other: Subject) -> None:
    accepted(journal_in(tmp_path, subject=other), "a", "token-a")
    assert unfinished_tokens(tmp_path, SUBJECT) == {}


@pytest.mark.parametrize("torn", [b'{"event": "accep', b'{"event": "finished"}', b"\x00\xff\n"])
def test_a_torn_last_line_was_never_written(tmp_path: Path, torn: bytes) -> None:
    journal = journal_in(tmp_path)
    accepted(journal, "a", "token-a")
    with journal.path.open("ab") as file:
        file.write(torn)
    assert [entry["event"] for entry in read(journal.path)] == ["run", "started", "accepted"]
    assert unfinished_tokens(tmp_path, SUBJECT) == {"a": "token-a"}


def test_steps_are_the_same_when_all_their_values_are() -> None:
    assert digest_of(replace(SUBJECT)) == digest_of(SUBJECT)
    assert digest_of(replace(SUBJECT, image="shop")) != digest_of(SUBJECT)
