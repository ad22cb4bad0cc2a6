"""Resource groups, and their deletion with everything inside."""

from __future__ import annotations

import asyncio
import re
from typing import Any, ClassVar

from pipeline.emulator.arm.answers import Answer
from pipeline.emulator.arm.errors import ArmError, resource_group_not_found
from pipeline.emulator.arm.ids import ResourceId
from pipeline.emulator.arm.kinds import Kind
from pipeline.emulator.arm.manager import ResourceManager
from pipeline.emulator.arm.regions import REGIONS, normal_location
from pipeline.emulator.arm.store import Record

_NAME = re.compile(r"[\w.()-]{0,89}[\w()-]")


class ResourceGroups(Kind):
    """`Microsoft.Resources/resourceGroups`."""

    type: ClassVar[str] = "Microsoft.Resources/resourceGroups"
    undeletable_state: ClassVar[str] = "Succeeded"
    waits_for_others: ClassVar[bool] = True

    def __init__(self, manager: ResourceManager) -> None:
        super().__init__(manager)
        self._manager = manager

    def accept(
        self, identifier: ResourceId, body: dict[str, Any], existing: Record | None
    ) -> Record:
        """A group needs a good name and a region, and stays in that region."""
        name = identifier.name
        if not _NAME.fullmatch(name):
            raise ArmError(
                400,
                "InvalidResourceGroup",
                f"The provided resource group name '{name}' is invalid. The name can only be a "
                "letter, digit, '-', '.', '(', ')' or '_', 90 of them at most, and not end with "
                "'.'.",
            )
        location = body.get("location")
        if not location:
            raise ArmError(
                400, "LocationRequired", "The location property is required for this definition."
            )
        wanted = normal_location(str(location))
        if wanted not in REGIONS:
            raise ArmError(
                400,
                "LocationNotAvailableForResourceGroup",
                f"The provided location '{location}' is not available for resource group. List of "
                f"available regions is '{','.join(REGIONS)}'.",
            )
        if existing is not None and existing.document["location"] != wanted:
            raise ArmError(
                409,
                "InvalidResourceGroupLocation",
                f"Invalid resource group location '{location}'. The Resource group already exists "
                f"in location '{existing.document['location']}'.",
            )
        record = self.envelope(identifier, body, existing)
        record.document["properties"] = {}
        return record

    def require(self, identifier: ResourceId) -> Record:
        """The record, or the 404 that groups have of their own."""
        record = self.find(identifier)
        if record is None:
            raise resource_group_not_found(identifier.name)
        return record

    async def destroy(self, identifier: ResourceId) -> None:
        """Delete everything inside; what is still in use is tried again when others have gone.

        Raises ArmError when a whole round deletes nothing.
        """
        while contents := self._contents(identifier):
            refusals = await self._round(contents)
            if refusals and len(self._contents(identifier)) >= len(contents):
                named = "', '".join(str(record.id) for record in self._contents(identifier))
                raise ArmError(
                    409,
                    "ResourceGroupDeletionBlocked",
                    f"Deletion of resource group '{identifier.name}' failed as resources with "
                    f"identifiers '{named}' could not be deleted. The provisioning state of the "
                    "resource group will be rolled back.",
                    details=tuple(refusals),
                )

    async def _round(self, records: list[Record]) -> list[ArmError]:
        refusals: list[ArmError] = []
        answers: list[Answer] = []
        going: set[ResourceId] = set()
        for record in records:
            if record.id.parent in going:  # goes with its parent
                going.add(record.id)
                continue
            try:
                answers.append(await self._manager.delete(record.id))
                going.add(record.id)
            except ArmError as refusal:
                refusals.append(refusal)
        for outcome in await asyncio.gather(
            *(self._manager.settle(answer) for answer in answers), return_exceptions=True
        ):
            if isinstance(outcome, ArmError):
                refusals.append(outcome)
            elif isinstance(outcome, BaseException):
                raise outcome
        return refusals

    def _contents(self, group: ResourceId) -> list[Record]:
        """What is inside: deployments first, so that they create nothing more; parents before
        children, which are deleted apart only where the parent refuses to go with them.
        """
        inside = self.registry.store.in_group(group.subscription, group.name)

        def order(record: Record) -> tuple[bool, int]:
            is_deployment = record.id.type.lower() == "microsoft.resources/deployments"
            return (not is_deployment, len(record.id.segments))

        return sorted(inside, key=order)
