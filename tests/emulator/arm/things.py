"""A resource provider for tests: things that take as long as they are shown to."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from pipeline.emulator.arm.errors import ArmError
from pipeline.emulator.arm.ids import ResourceId
from pipeline.emulator.arm.kinds import Action, Kind
from pipeline.emulator.arm.manager import ResourceManager
from pipeline.emulator.arm.store import Internals, Record, Store
from pipeline.emulator.resources.deployments import Deployments
from pipeline.emulator.resources.groups import ResourceGroups

GROUP = ResourceId.group("sub", "rg")


@dataclass(frozen=True, kw_only=True)
class ThingInternals(Internals):
    """What is kept of a thing."""

    secret: int = 0


class Things(Kind):
    """A thing uses others (`properties.uses`), and is slow when it says so.

    Slow work waits for `go`; a thing with `properties.fails` fails.
    """

    type: ClassVar[str] = "Test.Provider/things"

    def __init__(self, manager: ResourceManager) -> None:
        super().__init__(manager)
        self.go = asyncio.Event()
        self.realized: list[str] = []

    def is_quick(self, record: Record) -> bool:
        return not record.properties.get("slow")

    async def realize(self, identifier: ResourceId) -> None:
        record = self.require(identifier)
        if record.properties.get("fails"):
            raise ArmError(409, "ThingFailed", f"{identifier.name} failed.")
        await self.go.wait()
        self.realized.append(identifier.name)

    def refuse_delete(self, identifier: ResourceId) -> None:
        for other in self.registry.store.of_type(self.type):
            if identifier.name in other.properties.get("uses", []):
                raise ArmError(400, "InUse", f"{identifier.name} is in use by {other.id.name}.")

    async def destroy(self, identifier: ResourceId) -> None:
        await asyncio.sleep(0)

    def etag(self, previous: str | None) -> str | None:
        return f'W/"{uuid.uuid4()}"'

    @property
    def actions(self) -> Mapping[str, Action]:
        return {"poke": Action(lambda _, body: body), "start": Action(lambda *_: None, self._start)}

    async def _start(self, identifier: ResourceId, body: dict[str, Any]) -> None:
        await self.go.wait()
        record = self.require(identifier)
        record.properties["started"] = body
        self.save(record)


class Parts(Kind):
    """A child of a thing."""

    type: ClassVar[str] = "Test.Provider/things/parts"


def thing(name: str) -> ResourceId:
    """The id of a thing in the group."""
    return ResourceId("sub", "rg", "Test.Provider", (("things", name),))


def deployment(name: str) -> ResourceId:
    """The id of a deployment in the group."""
    return ResourceId("sub", "rg", "Microsoft.Resources", (("deployments", name),))


class EmulatedThings:
    """A resource manager with things, deployments and one group."""

    def __init__(self, path: Path) -> None:
        self.store = Store(path)
        self.manager = ResourceManager(self.store)
        self.things = Things(self.manager)
        self.manager.register(
            ResourceGroups(self.manager),
            Deployments(self.manager),
            self.things,
            Parts(self.manager),
        )

    async def put(self, name: str, **properties: Any) -> None:
        """PUT a thing and wait for it."""
        await self.manager.settle(await self.manager.put(thing(name), {"properties": properties}))

    def state(self, name: str) -> str | None:
        """The provisioning state of a thing; None when it is not there."""
        record = self.store.get(thing(name))
        return record.properties["provisioningState"] if record else None


@asynccontextmanager
async def emulated_things(path: Path) -> AsyncIterator[EmulatedThings]:
    """The manager on a state file, closed at the end as an emulator closes."""
    made = EmulatedThings(path)
    if made.store.get(GROUP) is None:
        await made.manager.put(GROUP, {"location": "West Europe"})
    try:
        yield made
    finally:
        await made.manager.operations.close()
        made.store.close()
