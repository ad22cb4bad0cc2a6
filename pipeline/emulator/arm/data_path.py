"""The seam between what ARM's documents say about traffic and what carries it."""

from __future__ import annotations

from typing import Protocol


class DataPath(Protocol):
    """Carries the traffic of all load balancers in the store."""

    async def refresh(self) -> None:
        """Make rules, pools, probes and membership as the store says.

        Also serves the guest ports that they need.

        Returns when new connections follow the new state; established ones are not dropped. Whoever
        changed something that traffic depends on (a load balancer, `internal["endpoints"]` of a NIC
        or scale set instance) awaits this before its operation ends. Raises ArmError when it
        cannot.
        """
