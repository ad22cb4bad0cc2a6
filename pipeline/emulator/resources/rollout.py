"""Carrying out a plan: each resource as soon as those it needs are there, through the manager."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any, Literal

from pipeline.emulator.arm.errors import ArmError
from pipeline.emulator.arm.ids import ResourceId
from pipeline.emulator.arm.manager import ResourceManager
from pipeline.emulator.arm.operations import now
from pipeline.emulator.resources.template import Plan, PlannedResource

_OPERATION_PATIENCE = 3600


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one resource so far; seconds since it began."""

    resource: ResourceId
    state: Literal["Running", "Succeeded", "Failed"]
    seconds: float = 0.0
    failure: ArmError | None = None

    def shown(self, deployment: ResourceId) -> dict[str, Any]:
        """The deployment operation as Azure lists it."""
        digest = hashlib.sha256(self.resource.key.encode()).hexdigest()[:16].upper()
        properties: dict[str, Any] = {
            "provisioningOperation": "Create",
            "provisioningState": self.state,
            "timestamp": now(),
            "duration": f"PT{self.seconds:.7f}S",
            "statusCode": "OK",
            "targetResource": {
                "id": str(self.resource),
                "resourceType": self.resource.type,
                "resourceName": "/".join(name for _, name in self.resource.segments),
            },
        }
        if self.failure is not None:
            phrase = HTTPStatus(self.failure.status).phrase
            properties["statusCode"] = phrase.replace(" ", "")
            properties["statusMessage"] = {"status": "Failed", "error": self.failure.error()}
        identifier = f"{deployment}/operations/{digest}"
        return {"id": identifier, "operationId": digest, "properties": properties}


Report = Callable[[Outcome], None]


async def roll_out(manager: ResourceManager, planned: Plan, report: Report) -> list[Outcome]:
    """Make all resources of a plan; `report` gets every change.

    What needs a resource that failed is not attempted; the others still are.
    """
    tasks: dict[ResourceId, asyncio.Task[Outcome | None]] = {}
    for resource in planned.resources:
        needed = [tasks[need] for need in resource.needs]
        tasks[resource.id] = asyncio.create_task(_make(manager, resource, needed, report))
    outcomes = await asyncio.gather(*tasks.values())
    return [outcome for outcome in outcomes if outcome is not None]


async def _make(
    manager: ResourceManager,
    resource: PlannedResource,
    needed: list[asyncio.Task[Outcome | None]],
    report: Report,
) -> Outcome | None:
    for earlier in await asyncio.gather(*needed):
        if earlier is None or earlier.failure is not None:
            return None
    began = time.monotonic()
    identifier = manager.canonical(resource.id)
    outcome = Outcome(identifier, "Running")
    report(outcome)
    try:
        for operation in manager.operations.under_way(identifier):
            await manager.operations.ended(operation, _OPERATION_PATIENCE)
        answer = await manager.put(identifier, resource.body)
        await manager.settle(answer)
        outcome = replace(outcome, state="Succeeded")
    except ArmError as failure:
        outcome = replace(outcome, state="Failed", failure=failure)
    outcome = replace(outcome, seconds=time.monotonic() - began)
    report(outcome)
    return outcome
