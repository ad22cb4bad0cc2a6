"""`Microsoft.Compute/virtualMachineScaleSets`: Uniform, and the little that Flexible ones need."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from copy import deepcopy
from dataclasses import replace
from functools import partial
from typing import Any

from pipeline.emulator.arm.errors import ArmError, invalid_parameter, not_served
from pipeline.emulator.arm.ids import ResourceId
from pipeline.emulator.arm.kinds import Action, Kind
from pipeline.emulator.arm.store import Record
from pipeline.emulator.compute import flexible
from pipeline.emulator.compute import scale_set_model as model
from pipeline.emulator.compute import scale_set_network as network
from pipeline.emulator.compute.fleet import Fleet
from pipeline.emulator.compute.guests import Guests
from pipeline.emulator.compute.identities import Identities
from pipeline.emulator.compute.internals import InstanceInternals, ScaleSetInternals
from pipeline.emulator.compute.quotas import Quotas
from pipeline.emulator.compute.rolling import RollingUpgrades, is_rolling, refuse_without_health
from pipeline.emulator.compute.timings import OF_SCALE_SETS
from pipeline.emulator.compute.views import status
from pipeline.emulator.compute.wording import at, conflict, counted_etag, stale_etag


class ScaleSets(Kind):
    """Scale sets whose instances are machines of their own.

    `overprovision` is accepted and never makes more instances than asked for. `zones`, `priority`,
    `securityProfile` and the like are kept and answered, and have no effect here.
    """

    type = "Microsoft.Compute/virtualMachineScaleSets"
    internals = ScaleSetInternals
    timings = OF_SCALE_SETS

    def __init__(
        self,
        guests: Guests,
        fleet: Fleet,
        quotas: Quotas,
        identities: Identities,
        rolling: RollingUpgrades,
    ) -> None:
        super().__init__(guests.manager)
        self._rolling = rolling
        self._guests = guests
        self._fleet = fleet
        self._quotas = quotas
        self._identities = identities
        self._flexible = flexible.FlexibleSets(guests)

    # -- documents -------------------------------------------------------------------------------

    def accept(
        self, identifier: ResourceId, body: dict[str, Any], existing: Record | None
    ) -> Record:
        """A scale set, or changes to one; what a PUT leaves out stays as it is."""
        body = deepcopy(body)
        before = existing.document if existing else {}
        names = ("tags", "sku", "zones", "plan", "identity")
        whole = {**{name: before[name] for name in names if name in before}, **body}
        whole["sku"] = {"tier": "Standard", **before.get("sku", {}), **(body.get("sku") or {})}
        record = self.envelope(identifier, whole, existing)
        self._identities.grant(record, existing)
        given = body.get("properties") or {}
        record.document["properties"] = model.merged(existing, given)
        model.check_served(identifier, record.properties)
        if flexible.is_flexible(record):
            flexible.check(record.properties, record.document.get("identity"))
        model.check_sku(record.document["sku"])
        capacity = int(record.document["sku"]["capacity"])
        model.check_placement(identifier, capacity, record.properties, existing)
        sealer = self._guests.sealer
        kept = model.take_secrets(record, existing, sealer)
        sources = self._guests.sources
        model.check_profile(self.registry, sources, record, existing, kept.secrets)
        health = model.health(self.registry, record.properties["virtualMachineProfile"])
        refuse_without_health(record, has_health=health is not None)
        self._quotas.check(record, existing)
        record.internal = model.counted(replace(kept, health=health), record, sealer)
        return record

    def patched(self, existing: Record, change: dict[str, Any]) -> dict[str, Any]:
        """A PATCH of the storage profile loses the disks that it leaves out."""
        return model.patched(existing, change)

    def present(self, record: Record, query: Mapping[str, str]) -> dict[str, Any]:
        """With `$expand=userData` as asked for."""
        user_data = record.internals(ScaleSetInternals).secrets.user_data
        if query.get("$expand", "").lower() == "userdata" and user_data:
            record.properties["virtualMachineProfile"]["userData"] = user_data
        return record.document

    def is_quick(self, record: Record) -> bool:
        """Never: instances follow behind the answer."""
        return False

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
        """`GET …/instanceView`: counts by state."""
        return {"instanceview": self._view}

    # -- life ------------------------------------------------------------------------------------

    async def realize(self, identifier: ResourceId) -> None:
        """Bring the instances to the capacity; under `Automatic` also to the latest model."""
        record = self.require(identifier)
        if flexible.is_flexible(record):
            await self._flexible.converge(identifier)
            return
        profile = record.properties["virtualMachineProfile"]
        network.check_probe_is_reachable(identifier, profile)
        await self._fleet.converge(identifier)
        if is_rolling(record):
            await self._rolling.run(identifier)

    async def destroy(self, identifier: ResourceId) -> None:
        """Remove all instances, in whatever pool they are."""
        await self._flexible.remove_all(identifier)
        listed = self._fleet.instances(identifier)
        await self._fleet.each((record.id for record in listed), self._fleet.remove)

    # -- actions ---------------------------------------------------------------------------------

    @property
    def actions(self) -> Mapping[str, Action]:
        """What can be POSTed for all (`*`) or some `instanceIds`."""
        fleet = self._fleet
        return {
            "manualupgrade": Action(self._check_present, self._upgrade),
            "reimage": Action(self._check, self._reimage),
            "reimageall": self._for_instances(fleet.reimage),
            "start": self._for_instances(fleet.start),
            "restart": self._for_instances(fleet.restart),
            "poweroff": self._for_instances(fleet.power_off),
            "deallocate": self._for_instances(fleet.deallocate),
            "delete": Action(self._check_present, self._delete),
        }

    def _for_instances(self, work: Callable[[ResourceId], Awaitable[None]]) -> Action:
        async def carry_out(identifier: ResourceId, body: dict[str, Any]) -> None:
            await self._fleet.each(self._chosen(identifier, body), work)

        return Action(self._check, carry_out)

    async def _upgrade(self, identifier: ResourceId, body: dict[str, Any]) -> None:
        is_flexible = flexible.is_flexible(self.require(identifier))
        work = self._flexible.upgrade if is_flexible else self._fleet.upgrade
        await self._fleet.each(self._chosen(identifier, body), work)

    async def _reimage(self, identifier: ResourceId, body: dict[str, Any]) -> None:
        """`exactVersion`: of the image that the model follows, instead of the one there was."""
        version = str(body.get("exactVersion") or "")
        chosen = self._chosen(identifier, body)
        await self._fleet.each(chosen, partial(self._fleet.reimage, exact_version=version))

    async def _delete(self, identifier: ResourceId, body: dict[str, Any]) -> None:
        chosen = self._chosen(identifier, body)
        if flexible.is_flexible(self.require(identifier)):
            await self._fleet.each(chosen, self._flexible.remove)
            return
        await self._fleet.each(chosen, self._fleet.remove)
        self._fleet.lower_capacity(identifier, by=len(chosen))

    def _check(self, identifier: ResourceId, body: dict[str, Any]) -> None:
        if flexible.is_flexible(self.require(identifier)):
            raise not_served("this action of a Flexible scale set, but of its machines")
        self._check_present(identifier, body)

    def _check_present(self, identifier: ResourceId, body: dict[str, Any]) -> None:
        present = {record.id.name for record in self._members(identifier)}
        for asked in _asked(body):
            if asked != "*" and asked not in present:
                raise invalid_parameter(
                    "instanceIds",
                    f"The provided instanceId {asked} is not an active Virtual Machine Scale Set "
                    "VM instanceId.",
                )

    def _chosen(self, identifier: ResourceId, body: dict[str, Any]) -> list[ResourceId]:
        asked = _asked(body)
        listed = self._members(identifier)
        return [record.id for record in listed if "*" in asked or record.id.name in asked]

    def _members(self, identifier: ResourceId) -> list[Record]:
        if flexible.is_flexible(self.require(identifier)):
            return flexible.members(self.registry.store, identifier)
        return self._fleet.instances(identifier)

    # -- inside ----------------------------------------------------------------------------------

    def _view(self, record: Record) -> dict[str, Any]:
        if flexible.is_flexible(record):
            flexible.refuse_view()
        listed = self._fleet.instances(record.id)
        states = Counter(f"ProvisioningState/{_state(one)}" for one in listed)
        states.update(
            f"PowerState/{power}"
            for one in listed
            if (power := one.internals(InstanceInternals).power)
        )
        counts = [{"code": code, "count": count} for code, count in sorted(states.items())]
        profile = record.properties["virtualMachineProfile"]
        return {
            "virtualMachine": {"statusesSummary": counts},
            "extensions": [
                {"name": extension["name"], "statusesSummary": counts[:0]}
                for extension in at(profile, "extensionProfile", "extensions") or []
            ],
            "statuses": [status(f"ProvisioningState/{_state(record)}")],
        }


def _state(record: Record) -> str:
    return str(record.properties["provisioningState"]).lower()


def _asked(body: dict[str, Any]) -> list[str]:
    return [str(number) for number in body.get("instanceIds") or ["*"]]
