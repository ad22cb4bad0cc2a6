"""Scale set instances: `Microsoft.Compute/virtualMachineScaleSets/virtualMachines`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from pipeline.emulator.arm.errors import ArmError, not_served
from pipeline.emulator.arm.ids import ResourceId
from pipeline.emulator.arm.kinds import Action, Kind
from pipeline.emulator.arm.store import Record
from pipeline.emulator.compute import flexible, instance_model
from pipeline.emulator.compute.fleet import Fleet
from pipeline.emulator.compute.guests import Guests
from pipeline.emulator.compute.internals import InstanceInternals, ScaleSetInternals
from pipeline.emulator.compute.timings import OF_INSTANCES
from pipeline.emulator.compute.wording import conflict, counted_etag, stale_etag


class Instances(Kind):
    """Made and removed with their set; a PUT changes tags and `protectionPolicy` only."""

    type = instance_model.TYPE
    internals = InstanceInternals
    timings = OF_INSTANCES

    def __init__(self, guests: Guests, fleet: Fleet) -> None:
        super().__init__(guests.manager)
        self._guests = guests
        self._fleet = fleet

    def listing(self, parent: ResourceId) -> list[Record]:
        """All instances, by ascending number; of a Flexible set its machines."""
        scale_set = self.registry.store.get(parent)
        if scale_set is not None and flexible.is_flexible(scale_set):
            return flexible.listed(self.registry.store, parent)
        return self._fleet.instances(parent)

    def accept(
        self, identifier: ResourceId, body: dict[str, Any], existing: Record | None
    ) -> Record:
        """An existing instance with other tags or another protection policy."""
        if existing is None:
            raise not_served("an instance made by itself; raise the capacity of its scale set")
        record = existing.copy()
        if "tags" in body:
            record.document["tags"] = body["tags"] or {}
        policy = (body.get("properties") or {}).get("protectionPolicy")
        if policy is not None:
            record.properties["protectionPolicy"] = policy
        return record

    def present(self, record: Record, query: Mapping[str, str]) -> dict[str, Any]:
        """With `$expand=instanceView` as asked for."""
        if not isinstance(record.internal, InstanceInternals):
            return record.document
        scale_set = self.registry.store.get(record.id.parent or record.id)
        latest = scale_set.internals(ScaleSetInternals).model if scale_set else None
        model = record.internals(InstanceInternals).model
        record.properties["latestModelApplied"] = model == latest
        if "instanceview" in query.get("$expand", "").lower():
            record.properties["instanceView"] = self._guests.view(record)
        return record.document

    async def destroy(self, identifier: ResourceId) -> None:
        """Remove the instance; the capacity goes down with it."""
        await self._fleet.remove(identifier)
        self._fleet.lower_capacity(identifier.parent or identifier, by=1)

    def etag(self, previous: str | None) -> str | None:
        """It counts the writes."""
        return counted_etag(previous)

    def etag_mismatch(self, identifier: ResourceId, wanted: str, current: str | None) -> ArmError:
        """Compute's words."""
        return stale_etag(wanted, current)

    def busy(self, identifier: ResourceId) -> Exception:
        """Azure's conflict."""
        return conflict(identifier)

    @property
    def views(self) -> Mapping[str, Callable[[Record], dict[str, Any]]]:
        """`GET …/instanceView`."""
        return {"instanceview": self._guests.view}

    @property
    def actions(self) -> Mapping[str, Action]:
        """What can be POSTed to one instance."""
        fleet = self._fleet
        return {
            "start": _action(fleet.start),
            "restart": _action(fleet.restart),
            "poweroff": _action(fleet.power_off),
            "deallocate": _action(fleet.deallocate),
            "reimage": _action(fleet.reimage),
            "reimageall": _action(fleet.reimage),
        }


def _action(work: Callable[[ResourceId], Awaitable[None]]) -> Action:
    async def carry_out(identifier: ResourceId, _: dict[str, Any]) -> None:
        await work(identifier)

    return Action(lambda identifier, body: None, carry_out)
