"""The instances of scale sets: made, removed, upgraded and switched on and off."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace

from pipeline.emulator.arm.errors import ArmError
from pipeline.emulator.arm.ids import ResourceId, same
from pipeline.emulator.arm.store import Record
from pipeline.emulator.compute import extension_runs
from pipeline.emulator.compute.guests import Guests
from pipeline.emulator.compute.instance_model import apply_model, choose_image, new_instance
from pipeline.emulator.compute.internals import InstanceInternals, ScaleSetInternals
from pipeline.emulator.compute.scale_set_model import boot_digest, extensions
from pipeline.emulator.compute.sources import Source
from pipeline.emulator.compute.wares import check_plan
from pipeline.emulator.compute.wording import at, is_true


class Fleet:
    """Works on the records of instances; the scale set's record says what they should be."""

    def __init__(self, guests: Guests) -> None:
        self._guests = guests
        self._store = guests.manager.store

    def instances(self, scale_set: ResourceId) -> list[Record]:
        """All instances, by ascending number."""
        found = self._store.children(scale_set, "virtualMachines")
        return sorted(found, key=lambda record: int(record.id.name))

    async def converge(self, identifier: ResourceId) -> None:
        """Make as many instances as the capacity says; start those that should run and do not."""
        scale_set = self._guests.require(identifier)
        capacity = scale_set.document["sku"]["capacity"]
        present = self.instances(identifier)
        await self.each(self._surplus(scale_set, present, capacity), self.remove)
        self._add(scale_set, capacity - len(present))
        wanted = [record.id for record in self.instances(identifier) if should_run(record)]
        await self.each(wanted, self._bring_up)
        if str(at(scale_set.properties, "upgradePolicy", "mode")).lower() == "automatic":
            await self.each([record.id for record in self.instances(identifier)], self.upgrade)

    async def each(
        self, identifiers: Iterable[ResourceId], work: Callable[[ResourceId], Awaitable[None]]
    ) -> None:
        """Do the same to many at once; one ArmError names all that failed."""
        listed = list(identifiers)
        results = await asyncio.gather(*map(work, listed), return_exceptions=True)
        failures = [result for result in results if isinstance(result, ArmError)]
        for result in results:
            if isinstance(result, BaseException) and not isinstance(result, ArmError):
                raise result
        if failures:
            first = failures[0]
            raise ArmError(
                first.status,
                first.code,
                f"{len(failures)} of {len(listed)} instances failed: {first.message}",
                details=tuple(failures),
            )

    async def upgrade(self, identifier: ResourceId) -> None:
        """Bring an instance to the latest model: in place where that is enough, else by reimage."""
        instance = self._guests.require(identifier)
        scale_set = self._scale_set(identifier)
        made = instance.internals(InstanceInternals)
        if made.model == scale_set.internals(ScaleSetInternals).model:
            return
        if made.boot != boot_digest(scale_set):
            await self.reimage(identifier)
            return
        apply_model(scale_set, instance)
        self._store.put(instance)
        self._guests.watch(identifier)
        await self._guests.data_path.refresh()
        await self._extend(identifier)

    async def reimage(self, identifier: ResourceId, exact_version: str = "") -> None:
        """A new disk from the model's image, and a first boot; the number and the address stay.

        Where the model follows the newest version, the disk is of the version that it had, or of
        an exact one (SDK: `VirtualMachineScaleSetReimageParameters`).
        """
        await self._guests.discard(identifier)
        instance, scale_set = self._guests.require(identifier), self._scale_set(identifier)
        await self._guests.delete_disk(instance.internals(InstanceInternals).disk)
        apply_model(scale_set, instance)
        source = self._source(scale_set, exact_version or _exact_version(instance))
        choose_image(scale_set, instance, source)
        instance.properties["provisioningState"] = "Updating"
        self._store.put(instance)
        await self._bring_up(identifier)

    async def remove(self, identifier: ResourceId) -> None:
        """End an instance and everything that is its own. Its number is never used again."""
        record = self._store.get(identifier)
        if record is None:
            return
        self._set_state(identifier, "Deleting")
        await self._guests.discard(identifier)
        await self._guests.delete_disk(record.internals(InstanceInternals).disk)
        self._guests.addresses.release(identifier.key)
        self._store.delete(identifier)

    async def start(self, identifier: ResourceId) -> None:
        """Start a stopped instance; no error when it runs."""
        await self._guests.power_on(identifier)

    async def restart(self, identifier: ResourceId) -> None:
        """Stop and start."""
        await self._guests.power_off(identifier, "stopped")
        await self._guests.power_on(identifier)

    async def power_off(self, identifier: ResourceId) -> None:
        """Stop."""
        await self._guests.power_off(identifier, "stopped")

    async def deallocate(self, identifier: ResourceId) -> None:
        """Stop and give the hardware back."""
        await self._guests.power_off(identifier, "deallocated")

    def lower_capacity(self, identifier: ResourceId, by: int) -> None:
        """Instances that are deleted one by one are not replaced."""
        scale_set = self._store.get(identifier)
        if scale_set is not None:
            sku = scale_set.document["sku"]
            sku["capacity"] = max(0, sku["capacity"] - by)
            self._store.put(scale_set)

    # -- inside ----------------------------------------------------------------------------------

    def _surplus(self, scale_set: Record, present: list[Record], capacity: int) -> list[ResourceId]:
        """The instances to remove: the highest numbers first, unless the policy says oldest."""
        rules = at(scale_set.properties, "scaleInPolicy", "rules") or ["Default"]
        may_go = [
            record.id
            for record in present
            if not is_true(at(record.properties, "protectionPolicy", "protectFromScaleIn"))
        ]
        if "OldestVM" not in rules:
            may_go.reverse()
        return may_go[: max(0, len(present) - capacity)]

    def _add(self, scale_set: Record, count: int) -> None:
        source = self._source(scale_set)
        check_plan(scale_set.id, scale_set.document, source.plan)
        first = scale_set.internals(ScaleSetInternals).next_number
        following = first + max(0, count)
        self._store.change(
            scale_set.id, ScaleSetInternals, lambda kept: replace(kept, next_number=following)
        )
        for number in range(first, following):
            self._store.put(new_instance(scale_set, number, source, self._guests.addresses))

    def _source(self, scale_set: Record, exact_version: str = "") -> Source:
        """The image that the model means: the newest, where it follows that and names no other."""
        storage = scale_set.properties["virtualMachineProfile"]["storageProfile"]
        reference = storage["imageReference"]
        if exact_version and same(str(reference.get("version")), "latest"):
            reference = {**reference, "version": exact_version}
        return self._guests.sources.resolve(reference, scale_set.document["location"])

    async def _bring_up(self, identifier: ResourceId) -> None:
        instance = self._guests.require(identifier)
        made = instance.internals(InstanceInternals)
        is_running = self._guests.machines.is_running(made.machine)
        try:
            if is_running:
                await self._extend(identifier)
                self._set_state(identifier, "Succeeded")
                return
            if not made.is_made:
                await self._guests.make_disk(instance)
                self._store.change(
                    identifier, InstanceInternals, lambda kept: replace(kept, is_made=True)
                )
            await self._guests.power_on(identifier)
            await self._extend(identifier)
        except ArmError:
            self._set_state(identifier, "Failed")
            raise
        self._set_state(identifier, "Succeeded")

    async def _extend(self, identifier: ResourceId) -> None:
        """Run the model's extensions in an instance that has the model."""
        scale_set = self._scale_set(identifier)
        model = scale_set.internals(ScaleSetInternals).model
        if self._guests.require(identifier).internals(InstanceInternals).model == model:
            listed = extensions(scale_set, self._guests.sealer)
            await extension_runs.bring(self._guests, identifier, listed)

    def _set_state(self, identifier: ResourceId, state: str) -> None:
        record = self._store.get(identifier)
        if record is not None:
            record.properties["provisioningState"] = state
            self._store.put(record)

    def _scale_set(self, instance: ResourceId) -> Record:
        return self._guests.require(instance.parent or instance)


def _exact_version(instance: Record) -> str:
    """The version of the marketplace image that an instance has."""
    reference = at(instance.properties, "storageProfile", "imageReference") or {}
    return str(reference.get("exactVersion") or "")


def should_run(instance: Record) -> bool:
    """Whether an instance is new, half made, or was not stopped on request."""
    power = instance.internals(InstanceInternals).power
    is_whole = instance.properties["provisioningState"] == "Succeeded"
    return power in {None, "running", "starting"} or not is_whole
