"""What is kept beside resources until a reset: locks, policies, roles, limits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipeline.emulator.arm.ids import key
from pipeline.emulator.arm.store import Store

UNTIL_RESET = "until-reset/"
"""What the names of facts begin with that a reset forgets."""


class Documents:
    """Documents by their `id`, in whatever case, in one fact of the store."""

    def __init__(self, store: Store, name: str) -> None:
        self._store = store
        self._fact = f"{UNTIL_RESET}{name}"

    @property
    def all(self) -> list[dict[str, Any]]:
        """All of them, in order of creation."""
        return list(self._by_id.values())

    def find(self, identifier: str) -> dict[str, Any] | None:
        """One of them, if there is one."""
        return self._by_id.get(key(identifier))

    def put(self, document: Mapping[str, Any]) -> bool:
        """Write one; whether it is a new one."""
        kept, own = self._by_id, key(str(document["id"]))
        self._store.set_fact(self._fact, {**kept, own: document})
        return own not in kept

    def delete(self, identifier: str) -> dict[str, Any] | None:
        """Take one away; what it was, None where there was none."""
        kept = self._by_id
        gone = kept.pop(key(identifier), None)
        self._store.set_fact(self._fact, kept)
        return gone

    @property
    def _by_id(self) -> dict[str, dict[str, Any]]:
        return self._store.fact(self._fact, dict[str, dict[str, Any]]) or {}
