"""Rolling upgrades: under the mode `Rolling` a changed model reaches the instances in batches.

Azure's "Configure rolling upgrades on Virtual Machine Scale Sets" (2026-05).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any, Final

from pipeline.emulator.arm.errors import ArmError
from pipeline.emulator.arm.ids import ResourceId, same
from pipeline.emulator.arm.operations import now
from pipeline.emulator.arm.store import Record
from pipeline.emulator.compute.fleet import Fleet, should_run
from pipeline.emulator.compute.guests import Guests
from pipeline.emulator.compute.internals import (
    InstanceInternals,
    RollingUpgrade,
    ScaleSetInternals,
)
from pipeline.emulator.compute.views import DOMAINS
from pipeline.emulator.compute.wording import at, not_allowed

DEFAULTS: Final = {
    "maxBatchInstancePercent": 20,
    "maxUnhealthyInstancePercent": 20,
    "maxUnhealthyUpgradedInstancePercent": 20,
    "pauseTimeBetweenBatches": "PT0S",
}
HEALTH_SECONDS: Final = 300.0
"""How long a batch may take to become healthy, as documented for automatic upgrades."""
_LOOK_AGAIN: Final = 0.5
_CANCEL: Final = "Cancel"


def is_rolling(record: Record) -> bool:
    """Whether the scale set's upgrade policy is `Rolling`."""
    return same(str(at(record.properties, "upgradePolicy", "mode")), "Rolling")


def refuse_without_health(record: Record, *, has_health: bool) -> None:
    """Azure's sentence; the code is inferred."""
    if is_rolling(record) and not has_health:
        raise ArmError(
            400,
            "InvalidParameter",
            "Rolling Upgrade mode is not supported for this Virtual Machine Scale Set because a "
            "health probe or health extension was not provided.",
        )


class RollingUpgrades:
    """Rolls the instances of scale sets, and tells how far the last roll of each is."""

    def __init__(self, guests: Guests, fleet: Fleet) -> None:
        self._guests = guests
        self._store = guests.manager.store
        self._fleet = fleet

    async def run(self, identifier: ResourceId) -> None:
        """Bring the instances of an older model to the latest, batch by batch.

        Raises ArmError when too many are not healthy, or when it was cancelled.
        """
        old = self._old(identifier)
        if not old:
            return
        self._tell(identifier, RollingUpgrade("RollingForward", now(), "Start", now(), 0, len(old)))
        upgraded: list[Record] = []
        try:
            for batch in self._batches(identifier, old):
                self._refuse_cancelled(identifier)
                self._refuse_unhealthy(identifier, self._fleet.instances(identifier), "")
                await self._fleet.each((one.id for one in batch), self._fleet.upgrade)
                upgraded += batch
                await self._await_health(identifier, batch)
                self._count(identifier, upgraded)
                self._refuse_cancelled(identifier)
                self._refuse_unhealthy(identifier, batch, "Upgraded")
        except ArmError as error:
            code = "Cancelled" if self._is_cancelled(identifier) else "Faulted"
            told = {"code": error.code, "message": error.message}
            self._change(identifier, lambda kept: replace(kept, code=code, error=told))
            raise
        self._change(identifier, lambda kept: replace(kept, code="Completed"))

    def latest(self, record: Record) -> dict[str, Any]:
        """`GET …/rollingUpgrades/latest`: no id and no name, as recorded.

        404 where none ever ran: the sentence is that of azure-sdk-for-python's tests, the code
        openshift-azure#1540's.
        """
        upgrade = record.internals(ScaleSetInternals).rolling
        if upgrade is None:
            raise ArmError(404, "NotFound", "The entity was not found in this Azure location.")
        told = {"error": dict(upgrade.error)} if upgrade.error else {}
        return {
            "type": "Microsoft.Compute/virtualMachineScaleSets/rollingUpgrades",
            "location": record.document["location"],
            "properties": {
                "policy": _policy(record),
                "runningStatus": {
                    "code": upgrade.code,
                    "startTime": upgrade.started,
                    "lastAction": upgrade.action,
                    "lastActionTime": upgrade.acted,
                },
                "progress": {
                    "successfulInstanceCount": upgrade.done,
                    "failedInstanceCount": upgrade.failed,
                    "inProgressInstanceCount": 0,
                    "pendingInstanceCount": upgrade.total - upgrade.done - upgrade.failed,
                },
                **told,
            },
        }

    def cancel(self, record: Record) -> dict[str, Any]:
        """`POST …/rollingUpgrades/cancel`: it ends before its next batch.

        The refusal is reported: terraform-provider-azurerm#15634.
        """
        upgrade = record.internals(ScaleSetInternals).rolling
        if upgrade is None or upgrade.code != "RollingForward":
            raise not_allowed("There is no ongoing Rolling Upgrade to cancel.")
        self._tell(record.id, replace(upgrade, action=_CANCEL, acted=now()))
        return {}

    # -- inside ----------------------------------------------------------------------------------

    def _old(self, identifier: ResourceId) -> list[Record]:
        model = self._guests.require(identifier).internals(ScaleSetInternals).model
        return [
            one
            for one in self._fleet.instances(identifier)
            if one.internals(InstanceInternals).model != model and should_run(one)
        ]

    def _batches(self, identifier: ResourceId, old: list[Record]) -> Iterable[list[Record]]:
        """Of one update domain each, and of so many per cent of all, at least one."""
        policy = _policy(self._guests.require(identifier))
        total = len(self._fleet.instances(identifier))
        most = max(1, total * int(policy["maxBatchInstancePercent"]) // 100)
        for domain in range(DOMAINS):
            inside = [one for one in old if int(one.id.name) % DOMAINS == domain]
            for first in range(0, len(inside), most):
                yield inside[first : first + most]

    async def _await_health(self, identifier: ResourceId, batch: list[Record]) -> None:
        loop = asyncio.get_running_loop()
        until = loop.time() + HEALTH_SECONDS
        while self._unhealthy(batch) and loop.time() < until:
            if self._is_cancelled(identifier):
                return
            await asyncio.sleep(_LOOK_AGAIN)

    def _unhealthy(self, listed: Iterable[Record]) -> list[Record]:
        return [one for one in listed if self._guests.health.state(one.id.key) != "healthy"]

    def _refuse_unhealthy(self, identifier: ResourceId, listed: list[Record], which: str) -> None:
        """Checked before each batch, of all, and after it, of what was upgraded."""
        name = f"maxUnhealthy{which}InstancePercent"
        allowed = int(_policy(self._guests.require(identifier))[name])
        found = self._unhealthy(listed)
        share = 100 * len(found) // len(listed) if listed else 0
        if share <= allowed:
            return
        value = f"M{name[1:]}"
        tail = (
            f" after being upgraded - more than the threshold of {allowed}%. The most impactful "
            "error is: Instance found to be unhealthy or unreachable.. First failed instance ID "
            f"is: {found[0].id.name}."
            if which
            else f" - more than the threshold of {allowed}%. To apply upgrades, consider "
            f"increasing the {value} value."
        )
        raise ArmError(
            409,
            f"{value}ExceededInRollingUpgrade",
            f"Rolling Upgrade failed after exceeding the {value} value defined in the "
            f"RollingUpgradePolicy. {share}% of instances are in an unhealthy state{tail}",
        )

    def _refuse_cancelled(self, identifier: ResourceId) -> None:
        """How Azure ends the operation of a roll that was cancelled is not known."""
        if self._is_cancelled(identifier):
            raise ArmError(409, "OperationPreempted", "The Rolling Upgrade was cancelled.")

    def _is_cancelled(self, identifier: ResourceId) -> bool:
        upgrade = self._guests.require(identifier).internals(ScaleSetInternals).rolling
        return upgrade is not None and upgrade.action == _CANCEL

    def _count(self, identifier: ResourceId, upgraded: list[Record]) -> None:
        failed = len(self._unhealthy(upgraded))
        done = len(upgraded) - failed
        self._change(identifier, lambda kept: replace(kept, done=done, failed=failed))

    def _change(
        self, identifier: ResourceId, change: Callable[[RollingUpgrade], RollingUpgrade]
    ) -> None:
        upgrade = self._guests.require(identifier).internals(ScaleSetInternals).rolling
        if upgrade is not None:
            self._tell(identifier, change(upgrade))

    def _tell(self, identifier: ResourceId, upgrade: RollingUpgrade) -> None:
        self._store.change(
            identifier, ScaleSetInternals, lambda kept: replace(kept, rolling=upgrade)
        )


def _policy(record: Record) -> dict[str, Any]:
    return {**DEFAULTS, **(at(record.properties, "upgradePolicy", "rollingUpgradePolicy") or {})}
