"""Extensions of single virtual machines."""

from __future__ import annotations

from typing import Any

from pipeline.emulator.arm.errors import not_served
from pipeline.emulator.arm.ids import ResourceId
from pipeline.emulator.arm.kinds import Kind
from pipeline.emulator.arm.store import Record
from pipeline.emulator.compute import extension_runs
from pipeline.emulator.compute.extension_model import (
    HEALTH,
    SCRIPT,
    Extension,
    check_extension,
    kind_of,
)
from pipeline.emulator.compute.guests import Guests
from pipeline.emulator.compute.health_settings import of_extension
from pipeline.emulator.compute.internals import ExtensionInternals
from pipeline.emulator.compute.wording import conflict


class Extensions(Kind):
    """`Microsoft.Compute/virtualMachines/extensions`: Application Health and Custom Script.

    Members of Flexible scale sets have others too, kept and shown; nothing of them runs.
    """

    type = "Microsoft.Compute/virtualMachines/extensions"
    internals = ExtensionInternals

    def __init__(self, guests: Guests) -> None:
        super().__init__(guests.manager)
        self._guests = guests

    def accept(
        self, identifier: ResourceId, body: dict[str, Any], existing: Record | None
    ) -> Record:
        """The extension without its protected settings; those not sent again are kept."""
        record = super().accept(identifier, body, existing)
        check_extension(record.properties)
        kind = kind_of(record.properties)
        if kind == HEALTH:
            of_extension(record.properties)
        elif kind != SCRIPT and not self._is_member(identifier):
            publisher, name = (record.properties[name] for name in ("publisher", "type"))
            raise not_served(f"the extension '{publisher}.{name}'")
        given = record.properties.pop("protectedSettings", None)
        kept = existing.internals(ExtensionInternals) if existing else ExtensionInternals()
        record.internal = (
            kept if given is None else ExtensionInternals(protected=self._guests.sealer.seal(given))
        )
        return record

    def _is_member(self, identifier: ResourceId) -> bool:
        """Whether the machine is one of a Flexible scale set, whose model has the extension."""
        machine = self.registry.find(identifier.parent) if identifier.parent else None
        return machine is not None and bool(machine.properties.get("virtualMachineScaleSet"))

    def is_quick(self, record: Record) -> bool:
        """Never: a port is opened first, or a script runs."""
        return False

    async def realize(self, identifier: ResourceId) -> None:
        """Probe the machine, or run the script in it."""
        record = self.require(identifier)
        machine = identifier.parent or identifier
        if _is_health(record):
            await self._guests.follow_health(machine, of_extension(record.properties))
            return
        sealed = record.internals(ExtensionInternals).protected
        protected = self._guests.sealer.open(sealed) if sealed else {}
        extension = Extension(identifier.name, record.properties, protected)
        await extension_runs.bring(self._guests, machine, [extension])

    async def destroy(self, identifier: ResourceId) -> None:
        """Stop probing; what a script did stays."""
        machine = identifier.parent or identifier
        if self.registry.find(machine) is None:
            return
        if _is_health(self.require(identifier)):
            await self._guests.follow_health(machine, None)
        else:
            extension_runs.forget(self._guests, machine, identifier.name)

    def busy(self, identifier: ResourceId) -> Exception:
        """Azure's conflict."""
        return conflict(identifier)


def _is_health(record: Record) -> bool:
    return kind_of(record.properties) == HEALTH
