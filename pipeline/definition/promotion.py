"""How a promotion of an image is watched, what is kept after it, and what is rehearsed of it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Promotion:
    """How a promotion of the image is watched, and what is kept after it. Times in seconds."""

    rate: int = 20
    """Requests per second to each production rule, each on a connection of its own."""
    lost_budget: int = 0  # of requests sent after the swap
    timeout: float = 5.0  # a request is lost when it has no answer by then
    soak: float = 120.0
    keep_previous: float = 86400.0
    drain: float = 600.0
    patience: float = 60.0
    rehearse: bool = False
    """Whether `nightly` tries a rollback on the staging frontend."""
