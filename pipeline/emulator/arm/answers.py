"""What a request is answered with, before it is HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pipeline.emulator.arm.operations import Operation


@dataclass(frozen=True, slots=True)
class Answer:
    """What the edge sends: a status, a body, perhaps an operation to point at.

    A body is JSON; bytes are sent as plain text.
    """

    status: int
    body: Any = None
    operation: Operation | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
