"""Request bodies of record sets, in Azure's own spelling."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

TTL = 60
"""Seconds that DNS would keep a record for; nothing resolves these."""


def record_set(metadata: Mapping[str, str], text: str) -> dict[str, Any]:
    """A TXT record set; what it says is in its metadata, `text` is for people who look at it."""
    return {
        "properties": {
            "ttl": TTL,
            "metadata": dict(metadata),
            "txtRecords": [{"value": [text]}],
        }
    }
