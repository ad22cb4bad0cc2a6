"""`Microsoft.Compute/virtualMachineScaleSets`, Uniform."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from copy import deepcopy
from dataclasses import replace
from typing import Any

from pipeline.emulator.arm.errors import invalid_parameter
from pipeline.emulator.arm.ids import ResourceId
from pipeline.emulator.arm.kinds import Action, Kind
from pipeline.emulator.arm.store import Record
from pipeline.emulator.compute import scale_set_model as model
from pipeline.emulator.compute import scale_set_network as network
from pipeline.emulator.compute.fleet import Fleet
from pipeline.emulator.compute.guests import Guests
from pipeline.emulator.compute.internals import InstanceInternals, ScaleSetInternals
from pipeline.emulator.compute.quotas import Quotas
from pipeline.emulator.compute.views import status
from pipeline.emulator.compute.wording import at, conflict


class ScaleSets(Kind):
    """Scale sets whose instances are machines of their own.

    `overprovision` is accepted and never makes more instances than asked for. `zones`, `priority`,
    `securityProfile`, `identity` and the like are kept and answered, and have no effect here.
    """

    type = "Microsoft.Compute/virtualMachineScaleSets"
    internals = ScaleSetInternals

    def __init__(self, guests: Guests, fleet: Fleet, quotas: Quotas) -> None:
        super().__init__(guests.manager)
        self._guests = guests
        self._fleet = fleet
        self._quotas = quotas

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
        given = body.get("properties") or {}
        record.document["properties"] = model.merged(existing, given)
        model.check_served(identifier, record.properties)
        model.check_sku(record.document["sku"], record.properties)
        kept = model.take_secrets(record, existing)
        sources = self._guests.sources
        model.check_profile(self.registry, sources, record, existing, kept.secrets)
        health = model.health(self.registry, record.properties["virtualMachineProfile"])
        self._quotas.check(record, existing)
        record.internal = model.counted(replace(kept, health=health), record)
        return record

    def is_quick(self, record: Record) -> bool:
        """Never: instances follow behind the answer."""
        return False

    def etag(self, previous: str | None) -> str | None:
        """A counter in quotes, as newer api-versions answer it."""
        return f'"{int(previous.strip(chr(34))) + 1 if previous else 1}"'

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
        profile = self.require(identifier).properties["virtualMachineProfile"]
        network.check_probe_is_reachable(identifier, profile)
        await self._fleet.converge(identifier)

    async def destroy(self, identifier: ResourceId) -> None:
        """Remove all instances, in whatever pool they are."""
        listed = self._fleet.instances(identifier)
        await self._fleet.each((record.id for record in listed), self._fleet.remove)

    # -- actions ---------------------------------------------------------------------------------

    @property
    def actions(self) -> Mapping[str, Action]:
        """What can be POSTed for all (`*`) or some `instanceIds`."""
        fleet = self._fleet
        return {
            "manualupgrade": self._for_instances(fleet.upgrade),
            "reimage": self._for_instances(fleet.reimage),
            "reimageall": self._for_instances(fleet.reimage),
            "start": self._for_instances(fleet.start),
            "restart": self._for_instances(fleet.restart),
            "poweroff": self._for_instances(fleet.power_off),
            "deallocate": self._for_instances(fleet.deallocate),
            "delete": Action(self._check, self._delete),
        }

    def _for_instances(self, work: Callable[[ResourceId], Awaitable[None]]) -> Action:
        async def carry_out(identifier: ResourceId, body: dict[str, Any]) -> None:
            await self._fleet.each(self._chosen(identifier, body), work)

        return Action(self._check, carry_out)

    async def _delete(self, identifier: ResourceId, body: dict[str, Any]) -> None:
        chosen = self._chosen(identifier, body)
        await self._fleet.each(chosen, self._fleet.remove)
        self._fleet.lower_capacity(identifier, by=len(chosen))

    def _check(self, identifier: ResourceId, body: dict[str, Any]) -> None:
        present = {record.id.name for record in self._fleet.instances(identifier)}
        for asked in _asked(body):
            if asked != "*" and asked not in present:
                raise invalid_parameter(
                    "instanceIds",
                    f"The provided instanceId {asked} is not an active Virtual Machine Scale Set "
                    "VM instanceId.",
                )

    def _chosen(self, identifier: ResourceId, body: dict[str, Any]) -> list[ResourceId]:
        asked = _asked(body)
        listed = self._fleet.instances(identifier)
        return [record.id for record in listed if "*" in asked or record.id.name in asked]

    # -- inside ----------------------------------------------------------------------------------

    def _view(self, record: Record) -> dict[str, Any]:
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
