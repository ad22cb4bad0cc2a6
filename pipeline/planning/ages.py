"""How long ago something was: asked by its time, and told in words."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

Age: TypeAlias = Callable[[str], float | None]
"""Seconds since a time of a tag (ISO 8601); None where it is no time."""

_DAY = 24


def lasting(seconds: float) -> str:
    """`40 s`, `12 min`, `6 h`, `3 days`: the largest unit of which there is one whole."""
    minutes = int(max(0.0, seconds)) // 60
    hours = minutes // 60
    days = hours // _DAY
    if days:
        return f"{days} day{'' if days == 1 else 's'}"
    if hours:
        return f"{hours} h"
    return f"{minutes} min" if minutes else f"{max(0.0, seconds):.0f} s"
