"""Extensions of single virtual machines."""

from __future__ import annotations

from typing import Any

from pipeline.emulator.arm.ids import ResourceId
from pipeline.emulator.arm.kinds import Kind
from pipeline.emulator.arm.store import Record
from pipeline.emulator.compute.guests import Guests
from pipeline.emulator.compute.health_settings import check_extension, of_extension
from pipeline.emulator.compute.wording import conflict


class Extensions(Kind):
    """`Microsoft.Compute/virtualMachines/extensions`: Application Health for Linux, no other."""

    type = "Microsoft.Compute/virtualMachines/extensions"

    def __init__(self, guests: Guests) -> None:
        super().__init__(guests.manager)
        self._guests = guests

    def accept(
        self, identifier: ResourceId, body: dict[str, Any], existing: Record | None
    ) -> Record:
        """The extension without its protected settings, which are not used here."""
        record = super().accept(identifier, body, existing)
        check_extension(record.properties)
        of_extension(record.properties)
        record.properties.pop("protectedSettings", None)
        return record

    def is_quick(self, record: Record) -> bool:
        """Never: the port is opened first."""
        return False

    async def realize(self, identifier: ResourceId) -> None:
        """Probe the machine."""
        settings = of_extension(self.require(identifier).properties)
        await self._guests.follow_health(identifier.parent or identifier, settings)

    async def destroy(self, identifier: ResourceId) -> None:
        """Stop probing."""
        machine = identifier.parent or identifier
        if self.registry.find(machine) is not None:
            await self._guests.follow_health(machine, None)

    def busy(self, identifier: ResourceId) -> Exception:
        """Azure's conflict."""
        return conflict(identifier)
