"""Names in Azure's answers, whose case is Azure's to choose: children, and what refers to them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any


def by_name(children: Iterable[Mapping[str, Any]] | None) -> dict[str, Mapping[str, Any]]:
    """The properties of children, by their names in lower case; none where there are none."""
    return {str(child["name"]).lower(): child.get("properties") or {} for child in children or ()}


def referred(properties: Mapping[str, Any], name: str) -> str:
    """The last name of what a property refers to, as written; "" for nothing."""
    return str((properties.get(name) or {}).get("id", "")).rpartition("/")[2]
