"""What was written down of a version's packages, as one value."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.planning.evidence.inventory import Inventory
from pipeline.planning.packages.state import AptState


@dataclass(frozen=True, slots=True)
class Recorded:
    """A version's packages, and what apt knows there."""

    inventory: Inventory
    apt: AptState | None = None
    """None for a machine without dpkg."""
