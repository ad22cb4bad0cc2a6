"""Journals: private, synced, and read only as far as they were written whole."""

from __future__ import annotations

import os
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.arm import ResourceId
from pipeline.errors import StateFileError
from pipeline.execution.azure.requests import delete, put
from pipeline.execution.run.journal import (
    Journal,
    Sent,
    Subject,
    digest_of,
    interrupted_run,
    read,
    unfinished_tokens,
)

SUBJECT = Subject("stage", "local", "https://127.0.0.1:9443 subscription", "web")


def journal_in(folder: Path, name: str = "run", subject: Subject = SUBJECT) -> Journal:
    """A new run's journal; each is newer than those before."""
    journal = Journal(folder / f"{name}.jsonl", subject)
    number = len(list(folder.glob("*.jsonl")))
    os.utime(journal.path, ns=(number * 10**9, number * 10**9))
    return journal


def sent(step: str) -> Sent:
    """The one request of a step."""
    return Sent(step, f"/resource-of-{step}", "PUT")


def accepted(journal: Journal, step: str, token: str) -> None:
    """A step that got as far as a token."""
    journal.append("started", step=step, number=1)
    journal.append("accepted", number=1, token=token, **sent(step)._asdict())


def tokens_in(folder: Path, subject: Subject = SUBJECT) -> dict[Sent, str]:
    """What can be gone on with; every journal must be readable."""
    ignored: list[StateFileError] = []
    found = dict(unfinished_tokens(folder, subject, ignored.append))
    assert ignored == []
    return found


def test_a_journal_is_private(tmp_path: Path) -> None:
    journal_in(tmp_path / "runs").close()
    assert stat.S_IMODE((tmp_path / "runs" / "run.jsonl").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "runs").stat().st_mode) == 0o700


def test_an_accepted_step_of_an_unfinished_run_can_be_gone_on_with(tmp_path: Path) -> None:
    accepted(journal_in(tmp_path), "a", "token-a")
    assert tokens_in(tmp_path) == {sent("a"): "token-a"}


@pytest.mark.parametrize("event", ["succeeded", "failed"])
def test_what_ended_is_not_gone_on_with(tmp_path: Path, event: str) -> None:
    journal = journal_in(tmp_path)
    accepted(journal, "a", "token-a")
    journal.append(event, step="a", number=1)
    accepted(journal, "b", "token-b")
    assert tokens_in(tmp_path) == {sent("b"): "token-b"}


def interrupted_in(folder: Path, subject: Subject = SUBJECT) -> str:
    """The run that another one about the subject goes on from."""
    ignored: list[StateFileError] = []
    found = interrupted_run(folder, subject, ignored.append)
    assert ignored == []
    return found


@pytest.mark.parametrize(
    ("events", "run"),
    [
        (("started",), "run"),
        (("started", "succeeded"), "run"),
        (("started", "failed"), ""),
        (("started", "succeeded", "finished"), ""),
    ],
)
def test_a_run_that_neither_finished_nor_failed_was_interrupted(
    tmp_path: Path, events: tuple[str, ...], run: str
) -> None:
    assert interrupted_in(tmp_path) == ""
    journal = journal_in(tmp_path)
    for event in events:
        journal.append(event, step="a", number=1)

    assert interrupted_in(tmp_path) == run
    assert interrupted_in(tmp_path, replace(SUBJECT, image="other")) == ""


def test_a_finished_run_left_nothing(tmp_path: Path) -> None:
    journal = journal_in(tmp_path)
    accepted(journal, "a", "token-a")
    journal.append("finished")
    assert tokens_in(tmp_path) == {}


def test_only_the_newest_run_about_the_same_counts(tmp_path: Path) -> None:
    accepted(journal_in(tmp_path, "first"), "a", "token-a")
    journal_in(tmp_path, "second").append("finished")
    os.utime(tmp_path / "first.jsonl", ns=(0, 0))
    assert tokens_in(tmp_path) == {}


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
    assert tokens_in(tmp_path) == {}


@pytest.mark.parametrize(
    "torn",
    [
        b"[]\n",
        b"null\n",
        b'{"event": 1}\n',
        b"[" * 100_000 + b"\n",
        b'{"event": "accep',
        b'{"event": "finished"}',
        b"\x00\xff\n",
    ],
)
def test_a_torn_last_line_was_never_written(tmp_path: Path, torn: bytes) -> None:
    journal = journal_in(tmp_path)
    accepted(journal, "a", "token-a")
    with journal.path.open("ab") as file:
        file.write(torn)
    assert [entry["event"] for entry in read(journal.path)] == ["run", "started", "accepted"]
    assert tokens_in(tmp_path) == {sent("a"): "token-a"}


def test_steps_are_the_same_when_all_their_values_are() -> None:
    assert digest_of(replace(SUBJECT)) == digest_of(SUBJECT)
    assert digest_of(replace(SUBJECT, image="shop")) != digest_of(SUBJECT)


def test_a_token_belongs_to_one_request_of_one_step() -> None:
    one = ResourceId("s", "g", "Microsoft.Network", (("loadBalancers", "front"),))
    same = ResourceId("s", "G", "microsoft.network", (("loadbalancers", "FRONT"),))
    assert Sent.of("step", put(one, {})) == Sent.of("step", put(same, {"x": 1}))
    assert Sent.of("step", put(one, {})) != Sent.of("step", delete(one))
    assert Sent.of("step", put(one, {})) != Sent.of("other", put(one, {}))


def test_what_is_no_journal_is_passed_over_and_named(tmp_path: Path) -> None:
    journal = journal_in(tmp_path, "good")
    accepted(journal, "a", "token-a")
    os.utime(journal.path, ns=(0, 0))
    os.mkfifo(tmp_path / "fifo.jsonl")
    (tmp_path / "folder.jsonl").mkdir()
    (tmp_path / "loop.jsonl").symlink_to("loop.jsonl")
    (tmp_path / "foreign.jsonl").write_bytes(b"\x7fELF" + bytes(range(256)))
    ignored: list[StateFileError] = []

    assert unfinished_tokens(tmp_path, SUBJECT, ignored.append) == {sent("a"): "token-a"}
    named = {error.path.name for error in ignored}
    assert named == {"fifo.jsonl", "folder.jsonl", "loop.jsonl"}
