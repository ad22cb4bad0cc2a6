"""What can be asked of a machine or scale set beside its document: paths that are no resources."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from pipeline.emulator.arm.answers import Answer
from pipeline.emulator.arm.ids import ResourceId
from pipeline.emulator.arm.kinds import Registry
from pipeline.emulator.arm.providers import Call, Route
from pipeline.emulator.arm.store import Record
from pipeline.emulator.compute import sizes
from pipeline.emulator.compute.catalogue import sized
from pipeline.emulator.compute.rolling import RollingUpgrades

_COMPUTE = (
    "/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Compute/{type}/{name}"
)
_MOST = 1000


class Questions:
    """Read-only answers, and rolling upgrades: how far the last one is, and its end."""

    def __init__(self, registry: Registry, rolling: RollingUpgrades) -> None:
        self._registry = registry
        self._rolling = rolling

    @property
    def routes(self) -> tuple[Route, ...]:
        """Each for a machine or a scale set that is there."""
        sets, rolling = "virtualMachineScaleSets", self._rolling
        return (
            self._route("GET", sets, "skus", _skus),
            self._route("GET", sets, "publicipaddresses", _nothing),
            self._route("GET", sets, "osUpgradeHistory", _nothing),
            self._route("GET", sets, "rollingUpgrades/latest", rolling.latest),
            self._route("POST", sets, "rollingUpgrades/cancel", rolling.cancel),
            self._route("GET", "virtualMachines", "vmSizes", _sizes),
        )

    def _route(
        self, method: str, kind: str, path: str, answer: Callable[[Record], dict[str, Any]]
    ) -> Route:
        return Route(
            method,
            f"{_COMPUTE.replace('{type}', kind)}/{path}",
            self._of_existing(f"Microsoft.Compute/{kind}", answer),
        )

    def _of_existing(
        self, type_name: str, answer: Callable[[Record], dict[str, Any]]
    ) -> Callable[[Call], Awaitable[Answer]]:
        async def answered(call: Call) -> Answer:
            return Answer(200, answer(existing(self._registry, type_name, call)))

        return answered


def existing(registry: Registry, type_name: str, call: Call) -> Record:
    """The resource that a path is about; raises Azure's 404."""
    subscription, group = call.parameters["subscription"], call.parameters["group"]
    registry.require_group(subscription, group)
    namespace, kind = type_name.split("/")
    pairs = ((kind, call.parameters["name"]),)
    return registry.kind(type_name).require(ResourceId(subscription, group, namespace, pairs))


def _skus(_: Record) -> dict[str, Any]:
    """The sizes that a scale set may change to (azure-mgmt-compute: VirtualMachineScaleSetSku)."""
    return {
        "value": [
            {
                "resourceType": "Microsoft.Compute/virtualMachineScaleSets",
                "sku": {"name": size, "tier": "Standard"},
                "capacity": {
                    "minimum": 0,
                    "maximum": _MOST,
                    "defaultCapacity": 1,
                    "scaleType": "Automatic",
                },
            }
            for size in sizes.names()
        ]
    }


def _sizes(_: Record) -> dict[str, Any]:
    return {"value": [sized(size) for size in sizes.names()]}


def _nothing(_: Record) -> dict[str, Any]:
    return {"value": []}
