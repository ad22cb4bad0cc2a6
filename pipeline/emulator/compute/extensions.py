"""Extensions of single virtual machines."""

from __future__ import annotations

from typing import Any

from pipeline.emulator.arm.errors import not_served
from pipeline.emulator.arm.ids import ResourceId
from pipeline.emulator.arm.kinds import Kind
from pipeline.emulator.arm.store import Record


class Extensions(Kind):
    """`Microsoft.Compute/virtualMachines/extensions`: each is refused by name.

    Application Health is served where it matters, in the model of scale sets.
    """

    type = "Microsoft.Compute/virtualMachines/extensions"

    def accept(
        self, identifier: ResourceId, body: dict[str, Any], existing: Record | None
    ) -> Record:
        """Refuse, with the extension's publisher and type."""
        given = body.get("properties") or {}
        raise not_served(
            f"the extension '{given.get('publisher')}.{given.get('type')}' of a virtual machine"
        )
