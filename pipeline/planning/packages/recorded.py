"""What was written down of a version's packages, as one value."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.planning.evidence.inventory import Inventory
from pipeline.planning.packages.states import State


@dataclass(frozen=True, slots=True)
class Recorded:
    """A version's packages, and what its package manager knows there."""

    inventory: Inventory
    state: State | None = None
    """None where nobody wrote that down."""
