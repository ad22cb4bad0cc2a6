"""State: resource id → record, in one SQLite file. The store knows no rules."""

from __future__ import annotations

import json
import sqlite3
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeVar

from pipeline.emulator.arm.errors import ArmError
from pipeline.emulator.arm.ids import ResourceId
from pipeline.emulator.files import FileError, check_regular, damaged
from pipeline.emulator.serialization import dumps, from_json

_FORMAT = 3
"""The layout of the file; another one is refused, not converted."""

_TABLES = """
CREATE TABLE IF NOT EXISTS records (key TEXT PRIMARY KEY, value TEXT, sum INTEGER);
CREATE TABLE IF NOT EXISTS facts (key TEXT PRIMARY KEY, value TEXT, sum INTEGER);
"""


@dataclass(frozen=True)
class Internals:
    """What is kept of a resource and never answered: handles, secrets. Kinds declare their own."""

    @property
    def machines(self) -> tuple[str, ...]:
        """The handles of the machines behind the resource."""
        return ()


S = TypeVar("S", bound=Internals)
T = TypeVar("T")
_Table = Literal["records", "facts"]


@dataclass(slots=True)
class Record:
    """One resource.

    `document` is what a GET answers (`id`, `name`, `type`, `location`, `tags`, `properties`, …),
    `internal` what is never answered, of the class that its kind declares.
    """

    id: ResourceId
    document: dict[str, Any]
    internal: Internals = field(default_factory=Internals)

    @property
    def properties(self) -> dict[str, Any]:
        """The document's `properties`, created when missing."""
        properties: dict[str, Any] = self.document.setdefault("properties", {})
        return properties

    def internals(self, shape: type[S]) -> S:
        """`internal` as the class that the record's kind declares."""
        if not isinstance(self.internal, shape):
            raise TypeError(f"{self.id} keeps {type(self.internal).__name__}")
        return self.internal

    def copy(self) -> Record:
        """A deep copy: changing it does not change the store."""
        return Record(self.id, json.loads(json.dumps(self.document)), self.internal)


@dataclass(frozen=True, slots=True)
class _Row:
    """A record as it is written."""

    id: str
    document: dict[str, Any]
    internal: Any


class Store:
    """All records, in memory and, written through, on disk.

    `get` and the listings answer copies; only `put` and `delete` change the state. Everything
    raises FileError when the file cannot be used.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        for file in (path, *(path.with_name(f"{path.name}-{kind}") for kind in ("wal", "shm"))):
            check_regular(file)
        self._records: dict[str, Record] = {}
        self._shapes: Mapping[str, type[Internals]] = {}
        try:
            path.touch(mode=0o600)
            self._database = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        except (OSError, sqlite3.Error) as error:
            raise self._refusal(error) from error
        try:
            self._prepare()
        except FileError:
            self._database.close()
            raise

    def _prepare(self) -> None:
        if (found := self._run("PRAGMA quick_check(1)")) != [("ok",)]:
            raise damaged(self._path, " ".join(str(found[0][0]).split()))
        kept = self._run("PRAGMA user_version")[0][0]
        if kept != _FORMAT and self._run("SELECT 1 FROM sqlite_master"):
            raise FileError(
                self._path,
                "written by another version of the emulator",
                f"delete {self._path.parent} to start with an empty emulator",
            )
        self._run("PRAGMA journal_mode=WAL")
        self._run("PRAGMA synchronous=NORMAL")
        self._run("PRAGMA secure_delete=ON")  # records may hold secrets
        self._run(f"PRAGMA user_version={_FORMAT}")
        for statement in _TABLES.strip().splitlines():
            self._run(statement)

    def restore(self, shapes: Mapping[str, type[Internals]]) -> None:
        """Read the records back, once it is known what each type (in lower case) keeps."""
        self._shapes = shapes
        for row in self._values("records", _Row):
            try:
                parsed = ResourceId.parse(row.id)
                shape = shapes.get(parsed.type.lower(), Internals)
                record = Record(parsed, row.document, from_json(shape, row.internal))
            except (ValueError, ArmError) as error:
                raise damaged(self._path, f"{row.id}: {error}") from error
            self._records[record.id.key] = record

    def _values(self, table: _Table, shape: type[T], pattern: str = "*") -> list[T]:
        """The values whose key fits a glob pattern, in order of first writing."""
        rows = self._run(
            f"SELECT key, value, sum FROM {table} WHERE key GLOB ? ORDER BY rowid",  # noqa: S608 - one of two names
            pattern,
        )
        try:
            for key, value, kept in rows:
                if kept != _sum(key, value):
                    raise ValueError(f"the sum of {key} is wrong")
            return [from_json(shape, json.loads(value)) for _, value, _ in rows]
        except (ValueError, TypeError, AttributeError, RecursionError) as error:
            raise damaged(self._path, str(error)) from error

    def _write(self, table: _Table, key: str, value: Any) -> None:
        text = dumps(value)
        self._run(
            f"INSERT INTO {table} VALUES (?, ?, ?) "  # noqa: S608 - one of two names
            "ON CONFLICT(key) DO UPDATE SET value = excluded.value, sum = excluded.sum",
            *(key, text, _sum(key, text)),
        )

    def _run(self, statement: str, *values: Any) -> list[Any]:
        try:
            return self._database.execute(statement, values).fetchall()
        except (sqlite3.Error, UnicodeError) as error:
            raise self._refusal(error) from error

    def _refusal(self, error: Exception) -> FileError:
        if isinstance(error, OSError):
            return FileError.of(self._path, error)
        name = getattr(error, "sqlite_errorname", "")
        if name.startswith(("SQLITE_FULL", "SQLITE_IOERR")):
            return FileError(self._path, str(error), "free some space")
        if name.startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM")):
            return FileError(self._path, str(error), "let this user read and write it")
        return damaged(self._path, str(error))

    def get(self, identifier: ResourceId) -> Record | None:
        """A copy of one record."""
        record = self._records.get(identifier.key)
        return record.copy() if record else None

    def put(self, record: Record) -> None:
        """Write one record, durably."""
        kept = record.copy()
        kept.internals(self._shapes.get(kept.id.type.lower(), Internals))
        self._write("records", kept.id.key, _Row(str(kept.id), kept.document, kept.internal))
        self._records[record.id.key] = kept

    def change(self, identifier: ResourceId, shape: type[S], how: Callable[[S], S]) -> None:
        """Write a record's internals anew; no error when the record is gone."""
        record = self.get(identifier)
        if record is not None:
            record.internal = how(record.internals(shape))
            self.put(record)

    def delete(self, identifier: ResourceId) -> None:
        """Forget one record; no error when there is none."""
        self._run("DELETE FROM records WHERE key = ?", identifier.key)
        self._records.pop(identifier.key, None)

    def of_type(self, *types: str) -> Iterator[Record]:
        """Copies of all records of these types, in order of creation."""
        wanted = {kind.lower() for kind in types}
        for record in list(self._records.values()):
            if record.id.type.lower() in wanted:
                yield record.copy()

    def peek(self, *types: str) -> Iterator[Record]:
        """The records of these types themselves, of all without any: to be read, never changed.

        For questions that go through hundreds of records at a time, which copies would slow down.
        """
        wanted = {kind.lower() for kind in types}
        for record in list(self._records.values()):
            if not wanted or record.id.type.lower() in wanted:
                yield record

    def with_internals(self, shape: type[S]) -> Iterator[tuple[Record, S]]:
        """Copies of all records that keep such internals, with these, in order of creation."""
        for record in list(self._records.values()):
            if isinstance(record.internal, shape):
                yield record.copy(), record.internal

    def groups(self) -> Iterator[Record]:
        """Copies of all resource groups, in order of creation."""
        for record in list(self._records.values()):
            if record.id.is_group:
                yield record.copy()

    def children(self, parent: ResourceId, kind: str) -> Iterator[Record]:
        """Copies of a resource's children of one kind (the last part of their type)."""
        for record in self.peek(f"{parent.type}/{kind}"):
            if record.id.parent == parent:
                yield record.copy()

    def in_group(self, subscription: str, name: str) -> Iterator[Record]:
        """Copies of everything in a resource group, but not the group itself."""
        for record in list(self._records.values()):
            owner = record.id
            same_group = owner.resource_group.lower() == name.lower()
            same_subscription = owner.subscription.lower() == subscription.lower()
            if same_group and same_subscription and not owner.is_group:
                yield record.copy()

    def everything(self) -> Iterator[Record]:
        """Copies of all records, in order of creation."""
        for record in list(self._records.values()):
            yield record.copy()

    def fact(self, name: str, shape: type[T]) -> T | None:
        """A value of the emulator's own, such as the addresses taken; None when never set."""
        return next(iter(self._values("facts", shape, name)), None)

    def set_fact(self, name: str, value: Any) -> None:
        """Remember a value of the emulator's own, durably."""
        self._write("facts", name, value)

    def facts(self, prefix: str, shape: type[T]) -> list[T]:
        """The values of all facts whose name begins with `prefix`, in order of first setting."""
        return self._values("facts", shape, f"{prefix}*")

    def drop_fact(self, name: str) -> None:
        """Forget a fact; no error when it was never set."""
        self._run("DELETE FROM facts WHERE key = ?", name)

    def drop_facts(self, prefix: str) -> None:
        """Forget the facts whose name begins with `prefix`."""
        self._run("DELETE FROM facts WHERE key GLOB ?", f"{prefix}*")

    def close(self) -> None:
        """Close the file."""
        self._database.close()


def _sum(key: str, value: str) -> int:
    """Finds damage that is still a well-formed database with well-formed JSON in it."""
    return zlib.crc32(f"{key}\0{value}".encode())
