"""State files that are torn, foreign, of a wrong type, unwritable: one line, never a traceback."""

from __future__ import annotations

import errno
import json
import os
import random
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.definition.model import Cloud
from pipeline.errors import AzureRefused, PipelineError, Refused, StateFileError
from pipeline.execution.azure.clients import Clients
from pipeline.execution.commands import swap
from pipeline.execution.run.journal import Journal, Subject, unfinished_tokens
from pipeline.execution.run.lock import only_run
from pipeline.execution.run.work import Work
from pipeline.execution.watch.answers import version_at
from pipeline.state_files import naming, read_mapping, write_private
from tests.conftest import Emulator
from tests.execution.landing_zone import LandingZone, environment_of, landing_zone, with_one_staged
from tests.execution.offline import OfflineSession

MUTATIONS = 500


def a_fifo(path: Path) -> None:
    """A FIFO that nobody writes to."""
    os.mkfifo(path)


def a_folder(path: Path) -> None:
    """A folder in place of a file."""
    path.mkdir()


def a_loop(path: Path) -> None:
    """A symbolic link to itself."""
    path.symlink_to(path.name)


def a_device(path: Path) -> None:
    """A device that is always full."""
    path.symlink_to("/dev/full")


def garbage(path: Path) -> None:
    """Bytes that nobody wrote on purpose."""
    path.write_bytes(b"\x00\xff{[" * 100)


def another_type(path: Path) -> None:
    """JSON, but not an object."""
    path.write_text("[]")


def nothing(path: Path) -> None:
    """An empty file."""
    path.write_bytes(b"")


NO_FILE = [a_fifo, a_folder, a_loop, a_device]
NO_CONTENT = [garbage, another_type, nothing]
Damage = Callable[[Path], None]


@pytest.mark.parametrize("damage", [*NO_FILE, *NO_CONTENT])
def test_a_damaged_credential_is_named(tmp_path: Path, damage: Damage) -> None:
    file = tmp_path / "credentials.json"
    damage(file)
    cloud = replace(Cloud(), credential=file)
    if damage is a_loop:
        file = tmp_path
    with pytest.raises(PipelineError, match=str(file)) as caught:
        _ = Clients(environment_of(cloud)).credential
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize("tenant", ["not a tenant", "../x", "", 7, None, "a/b", "ä"])
def test_a_credential_with_a_tenant_that_is_none_is_named(tmp_path: Path, tenant: object) -> None:
    file = tmp_path / "credentials.json"
    file.write_text(json.dumps({"tenant": tenant, "client_id": "c", "client_secret": "s"}))
    with pytest.raises(StateFileError, match=r"credentials\.json: not a credential"):
        _ = Clients(environment_of(replace(Cloud(), credential=file))).credential


@pytest.mark.parametrize("damage", NO_FILE)
def test_a_lock_that_is_no_file_is_named(tmp_path: Path, damage: Damage) -> None:
    damage(tmp_path / "local-web.lock")
    with (
        pytest.raises(StateFileError, match=r"local-web\.lock"),
        only_run(tmp_path / "local-web.lock", "run"),
    ):
        pass


@pytest.mark.parametrize("damage", NO_CONTENT)
def test_a_lock_whose_content_is_damaged_can_be_held(tmp_path: Path, damage: Damage) -> None:
    lock = tmp_path / "local-web.lock"
    damage(lock)
    with only_run(lock, "run"):
        assert read_mapping(lock)["run"] == "run"


def do_nothing(step: str, work: Work) -> None:
    """A step that is done."""


@pytest.mark.parametrize("place", [".pipeline", ".pipeline/runs", ".pipeline/locks"])
@pytest.mark.parametrize("damage", [a_fifo, a_loop, garbage])
def test_a_state_folder_that_is_none_is_named_before_anything_is_done(
    tmp_path: Path, place: str, damage: Damage
) -> None:
    (tmp_path / place).parent.mkdir(exist_ok=True)
    damage(tmp_path / place)
    with pytest.raises(StateFileError, match=rf"{place}.*: ") as caught:
        OfflineSession(tmp_path).run(("one",), do_nothing)
    assert len(str(caught.value).splitlines()) == 1


def test_a_state_folder_where_nothing_can_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / ".pipeline").symlink_to("/proc/self")
    with pytest.raises(StateFileError, match=r"\.pipeline/locks: "):
        OfflineSession(tmp_path).run(("one",), do_nothing)


def full_after(lines: int) -> type[Journal]:
    """A journal on a disk that takes so many lines."""

    class FullJournal(Journal):
        """Counts its lines."""

        def __init__(self, path: Path, subject: Subject) -> None:
            self._left = lines
            super().__init__(path, subject)

        def append(self, event: str, **fields: object) -> None:
            with naming(self.path):
                if not self._left:
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            self._left -= 1
            super().append(event, **fields)

    return FullJournal


@pytest.mark.parametrize("lines", range(7))
def test_a_full_disk_ends_an_ordinary_command_with_one_line(tmp_path: Path, lines: int) -> None:
    session = OfflineSession(tmp_path, full_after(lines))
    with pytest.raises(StateFileError, match="No space left on device") as caught:
        session.run(("one", "two"), do_nothing)
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize("command", ["promote", "rollback"])
@pytest.mark.parametrize("lines", range(7))
def test_a_full_disk_does_not_stop_an_emergency_command(
    tmp_path: Path, command: str, lines: int
) -> None:
    session = OfflineSession(tmp_path, full_after(lines))
    done: list[str] = []
    session.run(("one", "two"), lambda step, work: done.append(step), command=command)
    assert done == ["one", "two"]
    assert session.said.getvalue().count("No space left on device: continuing without a") == 1


def test_a_failure_is_not_hidden_by_a_disk_that_is_full_as_well(tmp_path: Path) -> None:
    def refuse(step: str, work: Work) -> None:
        raise AzureRefused(step, "Conflict", "No.")

    with pytest.raises(AzureRefused, match="Conflict: No"):
        OfflineSession(tmp_path, full_after(3)).run(("one",), refuse)


@pytest.fixture
def staged(emulator: Emulator, tmp_path: Path) -> Iterator[LandingZone]:
    """A landing zone where 1.0.0 serves and 1.0.1 is staged."""
    yield with_one_staged(landing_zone(tmp_path / "zone", emulator, capacity=1), "1.0.2")


@pytest.mark.slow
def test_emergency_commands_go_on_without_a_state_folder(
    staged: LandingZone, tmp_path: Path
) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / ".pipeline").write_text("not a folder")
    zone = replace(staged, root=tmp_path / "other")

    zone.promote()
    told = zone.output
    assert "continuing without a lock" in told
    assert "continuing without a journal" in told
    assert version_at(zone.survey().health_url("production")) == "1.0.1"

    zone.rollback()
    assert version_at(zone.survey().health_url("production")) == "1.0.0"
    swap.status(zone.session())
    writes = zone.writes("")
    with pytest.raises(StateFileError, match=r"\.pipeline/locks: Not a directory"):
        zone.stage("1.0.2")
    assert zone.writes("") == writes


@pytest.mark.slow
def test_a_disk_that_fills_up_during_a_stage_tells_what_was_done(staged: LandingZone) -> None:
    # run, plan, started, accepted, succeeded of the deletion, then started of the creation
    with pytest.raises(StateFileError, match="No space left on device") as caught:
        swap.stage(staged.session(journal=full_after(5)), "web", "1.0.2")
    notes = "\n".join(caught.value.__notes__)
    assert "Steps done in Azure: 1 to 1 of 6." in notes
    assert "Now: web 1.0.0 serves" in notes


def mutated(content: bytes, chance: random.Random) -> bytes:
    """The content, damaged in one to four places."""
    damaged = bytearray(content)
    for _ in range(chance.randint(1, 4)):
        start = chance.randrange(len(damaged) + 1)
        end = min(len(damaged), start + chance.randint(0, 20))
        piece = chance.choice(
            [b"", b"\n", b"null", b"[]", b'"', b"{", b"\xff\x00", b"1e999", damaged[:end]]
        )
        damaged[start:end] = piece
    return bytes(damaged)


def valid_journal(folder: Path) -> bytes:
    """A journal with something under way."""
    subject = Subject("test", "test", "https://management.azure.com s")
    journal = Journal(folder / "good.jsonl", subject)
    for event in ("started", "accepted", "succeeded", "started", "accepted"):
        journal.append(event, step="a", number=1, resource="r", operation="PUT", token="t")
    journal.close()
    return journal.path.read_bytes()


@pytest.mark.parametrize("seed", range(5))
def test_mutated_journals_never_stop_a_run(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - to be repeated, not to be guessed
    content = valid_journal(tmp_path / "good")
    subject = Subject("test", "test", "https://management.azure.com s")
    folder = tmp_path / "runs"
    folder.mkdir()
    followed = 0
    for _ in range(MUTATIONS // 5):
        (folder / "mutated.jsonl").write_bytes(mutated(content, chance))
        tokens = unfinished_tokens(folder, subject, lambda error: None)
        assert all(isinstance(token, str) for token in tokens.values())
        followed += bool(tokens)
    assert followed  # some mutations leave a token to follow


@pytest.mark.parametrize("seed", range(5))
def test_mutated_locks_name_a_holder_or_are_held(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - to be repeated, not to be guessed
    lock = tmp_path / "web.lock"
    with only_run(lock, "run"):
        content = lock.read_bytes()
        for _ in range(MUTATIONS // 5):
            lock.write_bytes(mutated(content, chance))
            with pytest.raises(Refused, match="another run is active"), only_run(lock, "other"):
                pass
    with only_run(lock, "other"):
        pass


@pytest.mark.parametrize("seed", range(5))
def test_mutated_credentials_sign_in_or_are_named(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - to be repeated, not to be guessed
    file = tmp_path / "credentials.json"
    tenant = "b5a4e5a0-0000-4000-8000-000000000002"
    content = json.dumps({"tenant": tenant, "client_id": "c", "client_secret": "s"}).encode()
    environment = environment_of(replace(Cloud(), credential=file))
    refused = 0
    for _ in range(MUTATIONS // 5):
        write_private(file, "")
        file.write_bytes(mutated(content, chance))
        with suppress(StateFileError):
            _ = Clients(environment).credential
            continue
        refused += 1
    assert refused
