"""State: resource id → record, in one SQLite file. The store knows no rules."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipeline.emulator.arm.ids import ResourceId


@dataclass(slots=True)
class Record:
    """One resource.

    `document` is what a GET answers (`id`, `name`, `type`, `location`, `tags`, `properties`, …).
    `internal` is never answered: handles, secrets, protected settings. By convention
    `internal["endpoints"]` is a list of the network presences of a NIC or scale set instance:
    `{"address", "machine", "ip_configuration", "pools": [ids], "running": bool}`; `machine` is ""
    while nothing runs there.
    """

    id: ResourceId
    document: dict[str, Any]
    internal: dict[str, Any] = field(default_factory=dict)

    @property
    def properties(self) -> dict[str, Any]:
        """The document's `properties`, created when missing."""
        properties: dict[str, Any] = self.document.setdefault("properties", {})
        return properties

    def copy(self) -> Record:
        """A deep copy: changing it does not change the store."""
        return Record(
            self.id, json.loads(json.dumps(self.document)), json.loads(json.dumps(self.internal))
        )


class Store:
    """All records, in memory and, written through, on disk.

    `get` and the listings answer copies; only `put` and `delete` change the state.
    """

    def __init__(self, path: Path) -> None:
        path.touch(mode=0o600)
        self._database = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._database.execute("PRAGMA journal_mode=WAL")
        self._database.execute("PRAGMA synchronous=NORMAL")
        self._database.execute("PRAGMA secure_delete=ON")  # records may hold secrets
        self._database.execute(
            "CREATE TABLE IF NOT EXISTS records "
            "(key TEXT PRIMARY KEY, id TEXT, document TEXT, internal TEXT)"
        )
        self._database.execute(
            "CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT)"
        )
        self._records: dict[str, Record] = {}
        for identifier, document, internal in self._database.execute(
            "SELECT id, document, internal FROM records ORDER BY rowid"
        ):
            record = Record(
                ResourceId.parse(identifier), json.loads(document), json.loads(internal)
            )
            self._records[record.id.key] = record

    def get(self, identifier: ResourceId) -> Record | None:
        """A copy of one record."""
        record = self._records.get(identifier.key)
        return record.copy() if record else None

    def put(self, record: Record) -> None:
        """Write one record, durably."""
        kept = record.copy()
        self._records[record.id.key] = kept
        self._database.execute(
            "INSERT INTO records VALUES (?, ?, ?, ?) ON CONFLICT(key) DO UPDATE SET "
            "document = excluded.document, internal = excluded.internal",
            (kept.id.key, str(kept.id), json.dumps(kept.document), json.dumps(kept.internal)),
        )

    def delete(self, identifier: ResourceId) -> None:
        """Forget one record; no error when there is none."""
        self._records.pop(identifier.key, None)
        self._database.execute("DELETE FROM records WHERE key = ?", (identifier.key,))

    def of_type(self, *types: str) -> Iterator[Record]:
        """Copies of all records of these types, in order of creation."""
        wanted = {kind.lower() for kind in types}
        for record in list(self._records.values()):
            if record.id.type.lower() in wanted:
                yield record.copy()

    def children(self, parent: ResourceId, kind: str) -> Iterator[Record]:
        """Copies of a resource's children of one kind (the last part of their type)."""
        for record in self.of_type(f"{parent.type}/{kind}"):
            if record.id.parent == parent:
                yield record

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

    def fact(self, name: str) -> Any:
        """A value of the emulator's own, such as the operations under way; None when never set."""
        row = self._database.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
        return json.loads(row[0]) if row else None

    def set_fact(self, name: str, value: Any) -> None:
        """Remember a value of the emulator's own, durably."""
        self._database.execute(
            "INSERT INTO facts VALUES (?, ?) "
            "ON CONFLICT(name) DO UPDATE SET value = excluded.value",
            (name, json.dumps(value)),
        )

    def facts(self, prefix: str) -> list[Any]:
        """The values of all facts whose name begins with `prefix`, in order of first setting."""
        rows = self._database.execute(
            "SELECT value FROM facts WHERE substr(name, 1, ?) = ? ORDER BY rowid",
            (len(prefix), prefix),
        )
        return [json.loads(value) for (value,) in rows]

    def drop_fact(self, name: str) -> None:
        """Forget a fact; no error when it was never set."""
        self._database.execute("DELETE FROM facts WHERE name = ?", (name,))

    def close(self) -> None:
        """Close the file."""
        self._database.close()
