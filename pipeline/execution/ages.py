"""How old things are, by this machine's clock."""

from __future__ import annotations

from datetime import UTC, datetime


def age(time: str) -> float | None:
    """Seconds since a time of a tag, by this machine's clock; None where it is no time."""
    try:
        then = datetime.fromisoformat(time)
    except ValueError:
        return None
    return (datetime.now(UTC) - (then if then.tzinfo else then.replace(tzinfo=UTC))).total_seconds()
