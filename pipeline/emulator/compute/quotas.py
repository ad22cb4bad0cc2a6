"""`locations/{location}/usages` of Microsoft.Compute: cores by family, counted and enforced.

Cores count for what exists, deallocated or not, as in Azure.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from pipeline.emulator.arm.answers import Answer
from pipeline.emulator.arm.kinds import Registry
from pipeline.emulator.arm.providers import Call, Route
from pipeline.emulator.arm.regions import normal_location
from pipeline.emulator.arm.store import Record
from pipeline.emulator.compute import sizes
from pipeline.emulator.compute.catalogue import check_offered, family
from pipeline.emulator.compute.flexible import is_flexible
from pipeline.emulator.compute.guests import VM
from pipeline.emulator.compute.wording import not_allowed

_USAGES = "/subscriptions/{subscription}/providers/Microsoft.Compute/locations/{location}/usages"
_SCALE_SET = "Microsoft.Compute/virtualMachineScaleSets"
_TOTAL = "cores"
_LOCALIZED = {
    _TOTAL: "Total Regional vCPUs",
    "virtualMachines": "Virtual Machines",
    "virtualMachineScaleSets": "Virtual Machine Scale Sets",
}


class Quotas:
    """What machines and scale sets use of the subscription's quotas."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    @property
    def routes(self) -> tuple[Route, ...]:
        """One list for each region."""
        return (Route("GET", _USAGES, self.listing),)

    async def listing(self, call: Call) -> Answer:
        """Every quota with its use, also those that nothing uses."""
        location = call.parameters["location"]
        used = self._used(location)
        families = sorted({family(size) for size in sizes.names()})
        return Answer(
            200, {"value": [self._usage(location, name, used) for name in (*_LOCALIZED, *families)]}
        )

    def check(self, record: Record, existing: Record | None) -> None:
        """Raises ArmError when a size is not on offer or a quota does not suffice.

        The sentence: Azure/karpenter-provider-azure#192.
        """
        location = normal_location(record.document["location"])
        size, cores = _cores(record)
        size_before, before = _cores(existing) if existing else ("", 0)
        is_same = size_before.lower() == size.lower()
        added = cores - before if is_same else cores
        if added <= 0:
            return
        check_offered(self._registry.allowances, size, location)
        used, own = self._used(location), family(size)
        for name, required in ((own, added), (_TOTAL, cores - before)):
            limit = self._registry.allowances.quota(location, name)
            if used[name] + required > limit:
                raise not_allowed(
                    "Operation could not be completed as it results in exceeding approved "
                    f"{'Total Regional' if name == _TOTAL else name} Cores quota. Additional "
                    f"details - Deployment Model: Resource Manager, Location: {location}, Current "
                    f"Limit: {limit}, Current Usage: {used[name]}, Additional Required: "
                    f"{required}, (Minimum) New Limit Required: {used[name] + required}. Submit a "
                    "request for Quota increase at https://aka.ms/ProdportalCRP/."
                )

    def _used(self, location: str) -> Counter[str]:
        used: Counter[str] = Counter()
        for record in self._registry.store.peek(VM, _SCALE_SET):
            if normal_location(record.document["location"]) != normal_location(location):
                continue
            if is_flexible(record):
                used[record.id.segments[0][0]] += 1
                continue  # its machines are counted
            size, cores = _cores(record)
            used[_TOTAL] += cores
            used[family(size)] += cores
            used[record.id.segments[0][0]] += 1
        return used

    def _usage(self, location: str, name: str, used: Counter[str]) -> dict[str, Any]:
        return {
            "unit": "Count",
            "currentValue": used[name],
            "limit": self._registry.allowances.quota(location, name),
            "name": {"value": name, "localizedValue": _LOCALIZED.get(name, f"{name} vCPUs")},
        }


def _cores(record: Record) -> tuple[str, int]:
    """The size of a machine or of a scale set's instances, and the cores of all of them."""
    sku = record.document.get("sku")
    if sku is None:
        size, count = str(record.properties["hardwareProfile"]["vmSize"]), 1
    else:
        size, count = str(sku["name"]), int(sku["capacity"])
    return size, sizes.cores_and_memory(size)[0] * count
