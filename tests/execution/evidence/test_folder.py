"""The store in a folder."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from pipeline.errors import Refused, StateFileError
from pipeline.execution.evidence.folder import FolderStore, touched
from pipeline.planning.evidence.canonical import digest_of


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path / "evidence")


def test_what_is_kept_is_found_by_its_digest(store: FolderStore) -> None:
    digest = store.put(b"hello")

    assert digest == digest_of(b"hello") == store.put(b"hello")
    assert (store.get(digest), store.fetch(digest)) == (b"hello", b"hello")
    assert store.get("0" * 64) is None
    assert str(store) == str(store.root)


def test_only_its_owner_reads_it(store: FolderStore) -> None:
    digest = store.put(b"hello")
    file = store.root / "sha256" / digest

    assert oct(store.root.stat().st_mode & 0o777) == "0o700"
    assert oct(file.parent.stat().st_mode & 0o777) == "0o700"
    assert oct(file.stat().st_mode & 0o777) == "0o600"


def test_what_was_changed_is_refused_and_told_as_such(store: FolderStore) -> None:
    digest = store.put(b"hello")
    file = store.root / "sha256" / digest
    file.write_bytes(b"hellO")

    with pytest.raises(Refused, match="was changed since it was kept"):
        store.get(digest)
    assert store.fetch(digest) == b"hellO"
    store.put(b"hello")
    assert store.get(digest) == b"hello"


def aged(store: FolderStore, name: str, seconds: float) -> None:
    """Kept so long ago."""
    then = time.time() - seconds
    os.utime(store.root / name, (then, then))


def test_what_is_old_is_deleted_and_what_is_young_stays(store: FolderStore) -> None:
    name = f"sha256/{store.put(b'hello')}"

    assert not store.delete(name, 60)
    aged(store, name, 120)
    store.put(b"hello")  # whoever keeps it again needs it
    assert not store.delete(name, 60)
    aged(store, name, 120)
    assert store.delete(name, 60)
    assert store.delete(name, 60)
    assert list((store.root / "sha256").iterdir()) == []


def test_what_was_deleted_meanwhile_is_not_made_young(store: FolderStore) -> None:
    name = f"sha256/{store.put(b'hello')}"
    assert touched(store.root / name)
    assert store.delete(name, 0)

    assert not touched(store.root / name)
    assert store.fetch(digest_of(b"hello")) is None


def test_notes_are_found_by_their_folder(store: FolderStore) -> None:
    assert store.names("deleted") == ()
    assert store.read("deleted/one") is None
    store.write("deleted/two", b"2")
    store.write("deleted/one", b"1")
    (store.root / "deleted/.torn").write_bytes(b"")

    assert store.names("deleted") == ("deleted/one", "deleted/two")
    assert store.read("deleted/two") == b"2"
    assert store.delete("deleted/two", 0)
    assert store.names("deleted") == ("deleted/one",)


def test_a_document_is_there_whole_or_not_at_all(
    store: FolderStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fails)
    with pytest.raises(StateFileError, match="No space left"):
        store.put(b"hello")
    assert list((store.root / "sha256").iterdir()) == []


def test_a_store_that_cannot_be_written_or_read_is_told_by_its_path(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    store = FolderStore(tmp_path / "file")

    with pytest.raises(StateFileError, match="File exists"):
        store.put(b"hello")
