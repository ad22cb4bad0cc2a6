"""Management locks: on a subscription, a group or a resource, and what they refuse."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, TypeAlias

from pipeline.emulator.arm.errors import ArmError, invalid_parameter
from pipeline.emulator.arm.ids import key
from pipeline.emulator.arm.kept import Documents
from pipeline.emulator.arm.store import Store

_IN_SCOPE = "/providers/Microsoft.Authorization/locks/"
LEVELS = ("CanNotDelete", "ReadOnly")

Refusable: TypeAlias = Literal["write", "delete"]


class Locks:
    """All locks of the subscription."""

    def __init__(self, store: Store) -> None:
        self._kept = Documents(store, "locks")

    def put(self, scope: str, name: str, body: Mapping[str, Any]) -> tuple[dict[str, Any], bool]:
        """The lock as a GET answers it, and whether it is a new one; ArmError for a bad level."""
        properties = body.get("properties") or {}
        if properties.get("level") not in LEVELS:
            raise invalid_parameter("level", f"The level must be one of {', '.join(LEVELS)}.")
        document = {
            "id": f"{scope}{_IN_SCOPE}{name}",
            "name": name,
            "type": "Microsoft.Authorization/locks",
            "properties": dict(properties),
        }
        return document, self._kept.put(document)

    def get(self, scope: str, name: str) -> dict[str, Any]:
        """One lock; raises ArmError without it."""
        found = self._kept.find(f"{scope}{_IN_SCOPE}{name}")
        if found is None:
            raise ArmError(404, "LockNotFound", f"The lock '{name}' could not be found.")
        return found

    def delete(self, scope: str, name: str) -> bool:
        """Take a lock away; whether there was one."""
        return self._kept.delete(f"{scope}{_IN_SCOPE}{name}") is not None

    def below(self, scope: str) -> list[dict[str, Any]]:
        """The locks of a scope and of everything in it."""
        return [lock for lock in self._kept.all if _is_within(_scope_of(lock), scope)]

    def check(self, scope: str, operation: Refusable) -> None:
        """Raises ArmError `ScopeLocked`, as reported in Azure/apiops#606.

        A lock counts for everything in its scope; a DELETE meets the locks of what would go along.
        """
        held = [_scope_of(lock) for lock in self._kept.all if _refuses(lock, scope, operation)]
        if held:
            raise ArmError(
                409,
                "ScopeLocked",
                f"The scope '{scope}' cannot perform {operation} operation because following "
                f"scope(s) are locked: '{','.join(held)}'. Please remove the lock and try again.",
            )


def _refuses(lock: Mapping[str, Any], scope: str, operation: Refusable) -> bool:
    own = _scope_of(lock)
    if operation == "write":
        return lock["properties"]["level"] == "ReadOnly" and _is_within(scope, own)
    return _is_within(scope, own) or _is_within(own, scope)


def _scope_of(lock: Mapping[str, Any]) -> str:
    return str(lock["id"]).rpartition(_IN_SCOPE)[0]


def _is_within(inner: str, outer: str) -> bool:
    return key(inner) == key(outer) or key(inner).startswith(f"{key(outer)}/")
