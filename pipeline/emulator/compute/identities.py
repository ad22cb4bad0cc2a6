"""Managed identities of machines and scale sets: principals that nothing else knows.

Shapes: azure-mgmt-compute, VirtualMachineIdentity. A scale set's or machine's own principal stays
the same as long as it has one.
"""

from __future__ import annotations

import uuid
from typing import Any

from pipeline.emulator.arm.store import Record

_SYSTEM, _USER, _NONE = "SystemAssigned", "UserAssigned", "None"


class Identities:
    """Those of one tenant."""

    def __init__(self, tenant: str) -> None:
        self._tenant = tenant

    def grant(self, record: Record, existing: Record | None) -> None:
        """Complete the document's `identity` with principals, or drop one of type `None`."""
        given = record.document.get("identity")
        if given is None:
            return
        before = (existing.document.get("identity") if existing else None) or {}
        kinds = _kinds(given)
        if not kinds:
            del record.document["identity"]
            return
        made: dict[str, Any] = {"type": ", ".join(sorted(kinds))}
        if _SYSTEM in kinds:
            made["principalId"] = before.get("principalId") or str(uuid.uuid4())
            made["tenantId"] = self._tenant
        if _USER in kinds:
            made["userAssignedIdentities"] = _users(given)
        record.document["identity"] = made


def _kinds(given: dict[str, Any]) -> set[str]:
    """As Azure's models spell them: `SystemAssigned, UserAssigned` is one value there."""
    return set(str(given.get("type") or _NONE).split(", ")) - {_NONE}


def _users(given: dict[str, Any]) -> dict[str, Any]:
    """Null takes an identity away; the ids of one are the same wherever it is used."""
    named = given.get("userAssignedIdentities") or {}
    return {
        identifier: {
            part: str(uuid.uuid5(uuid.NAMESPACE_URL, f"{part} {identifier.lower()}"))
            for part in ("principalId", "clientId")
        }
        for identifier, value in named.items()
        if value is not None
    }
