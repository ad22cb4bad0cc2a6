"""The resource provider Microsoft.Compute: machines, disks, images, galleries, scale sets."""

from __future__ import annotations

import asyncio

from pipeline.emulator.arm.addresses import Addresses
from pipeline.emulator.arm.data_path import DataPath
from pipeline.emulator.arm.kinds import Kind
from pipeline.emulator.arm.manager import ResourceManager
from pipeline.emulator.compute.disks import Disks
from pipeline.emulator.compute.extensions import Extensions
from pipeline.emulator.compute.fleet import Fleet
from pipeline.emulator.compute.galleries import Definitions, Galleries
from pipeline.emulator.compute.guests import Guests
from pipeline.emulator.compute.images import Images
from pipeline.emulator.compute.instances import Instances
from pipeline.emulator.compute.marketplace import Catalogue
from pipeline.emulator.compute.scale_sets import ScaleSets
from pipeline.emulator.compute.versions import Versions
from pipeline.emulator.compute.virtual_machines import VirtualMachines
from pipeline.emulator.machines.seam import Machines


class Compute:
    """The provider.

    `kinds` are to be registered, `catalogue` answers marketplace lookups, `health` probes.
    """

    def __init__(
        self,
        manager: ResourceManager,
        addresses: Addresses,
        data_path: DataPath,
        machines: Machines,
    ) -> None:
        self._guests = Guests(manager, addresses, data_path, machines)
        self._resuming: asyncio.Task[None] | None = None
        fleet = Fleet(self._guests)
        self.health = self._guests.health
        self.catalogue = Catalogue(machines)
        self.kinds: list[Kind] = [
            VirtualMachines(self._guests),
            Extensions(self._guests),
            Disks(self._guests),
            Images(self._guests),
            Galleries(manager),
            Definitions(manager),
            Versions(self._guests),
            ScaleSets(self._guests, fleet),
            Instances(self._guests, fleet),
        ]

    def resume(self) -> asyncio.Task[None]:
        """After a start of the emulator: boot again, in the background, what was running.

        Whoever wants to know when all of it runs awaits the task; `close` ends it.
        """
        self._resuming = asyncio.create_task(self._guests.resume())
        return self._resuming

    async def close(self) -> None:
        """Stop probing, and booting. The machines themselves are closed by their owner."""
        if self._resuming is not None:
            self._resuming.cancel()
            await asyncio.gather(self._resuming, return_exceptions=True)
        await self._guests.close()
