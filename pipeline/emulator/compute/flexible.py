"""Flexible scale sets: their members are virtual machines and interfaces of their own.

Facts: "Orchestration modes" of Azure's documentation, and what az and azurerm send.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import Awaitable, Iterable
from dataclasses import replace
from typing import Any

from pipeline.emulator.arm.errors import ArmError, invalid_parameter, not_served
from pipeline.emulator.arm.ids import ResourceId, same
from pipeline.emulator.arm.store import Record, Store
from pipeline.emulator.compute import extension_model
from pipeline.emulator.compute import scale_set_network as network
from pipeline.emulator.compute.extension_model import Extension
from pipeline.emulator.compute.guests import VM, Guests
from pipeline.emulator.compute.internals import ScaleSetInternals, VirtualMachineInternals
from pipeline.emulator.compute.scale_set_model import extensions
from pipeline.emulator.compute.wording import at, missing, not_allowed

_FILTER = re.compile(r"'virtualMachineScaleSet/id' eq '?([^']+)'?", re.IGNORECASE)
"""The one filter that Azure allows (azure-mgmt-compute, VirtualMachinesOperations.list)."""
_TYPE = "Microsoft.Compute/virtualMachineScaleSets"


def is_flexible(record: Record) -> bool:
    """Whether a scale set's members are virtual machines of their own."""
    return same(str(record.properties.get("orchestrationMode")), "Flexible")


def check(properties: dict[str, Any], identity: dict[str, Any] | None) -> None:
    """Refuse what Azure refuses of a Flexible set that has a profile."""
    if properties.get("platformFaultDomainCount") is None:
        raise missing("platformFaultDomainCount")
    profile = properties["virtualMachineProfile"]
    if not at(profile, "networkProfile", "networkApiVersion"):
        raise ArmError(
            400,
            "NetworkApiVersionMustBeSpecifiedWithNetworkInterfaceConfigurations",
            "Network api version in network profile of virtual machine must be specified if "
            "network interface configurations are specified.",
        )
    if network.health_probe(profile):
        raise invalid_parameter("healthProbe", "Parameter 'healthProbe' is not allowed.")
    if "systemassigned" in str((identity or {}).get("type")).lower():
        raise invalid_parameter("identity", "A Flexible set has user-assigned identities only.")


def members(store: Store, scale_set: ResourceId) -> list[Record]:
    """The virtual machines of a set, in order of creation."""
    return [record for record in store.of_type(VM) if _set_of(record) == scale_set]


def member_left(store: Store, machine: Record) -> None:
    """Let a set's capacity follow when one of its machines was deleted by itself."""
    scale_set = _set_of(machine)
    record = store.get(scale_set) if scale_set else None
    if record is None or scale_set is None:
        return
    left = [each for each in members(store, scale_set) if each.id != machine.id]
    sku = record.document["sku"]
    sku["capacity"] = min(int(sku["capacity"]), len(left))
    store.put(record)


def listed(store: Store, scale_set: ResourceId) -> list[Record]:
    """The members as a list of the set's instances shows them: little more than ids."""
    found = []
    for record in members(store, scale_set):
        identifier = scale_set.child("virtualMachines", record.id.name)
        document = {
            "name": record.id.name,
            "id": str(identifier),
            "type": f"{_TYPE}/virtualMachines",
            "instanceId": record.id.name,
            "location": record.document["location"],
            "properties": {"provisioningState": record.properties["provisioningState"]},
        }
        found.append(Record(identifier, document))
    return found


def require_set(store: Store, machine: dict[str, Any]) -> None:
    """Refuse by name a machine that is to join anything but a Flexible set that is there."""
    given = at(machine, "virtualMachineScaleSet", "id")
    record = store.get(ResourceId.parse(given)) if given else None
    if given and (record is None or not is_flexible(record)):
        raise not_served("'virtualMachineScaleSet' of a virtual machine, but a Flexible one's")


def is_asked_for(machine: Record, wanted: str) -> bool:
    """Whether a machine is one that the filter of a list asks for; without one, any is."""
    if not wanted:
        return True
    match = _FILTER.fullmatch(wanted)
    if match is None:
        raise invalid_parameter("$filter", f"The filter '{wanted}' is not supported.")
    return _set_of(machine) == ResourceId.parse(match[1])


def refuse_view() -> None:
    """The sentence is documented; the code is inferred."""
    raise not_allowed(
        "Operation 'VirtualMachineScaleSets.instanceView.GET' is not allowed on Virtual Machine "
        "Scale Set."
    )


class FlexibleSets:
    """Makes and removes members through the requests that anybody could send."""

    def __init__(self, guests: Guests) -> None:
        self._guests = guests
        self._manager = guests.manager
        self._store = guests.manager.store
        self._sealer = guests.sealer

    async def converge(self, identifier: ResourceId) -> None:
        """Make or remove as many members as the capacity says; the newest go first."""
        scale_set = self._manager.kind(_TYPE).require(identifier)
        present, capacity = members(self._store, identifier), scale_set.document["sku"]["capacity"]
        await _all(self.remove(record.id) for record in present[capacity:])
        first = scale_set.internals(ScaleSetInternals).next_number
        numbers = range(first, first + max(0, capacity - len(present)))
        await _all(self._make(scale_set, number) for number in numbers)

    async def remove(self, machine: ResourceId) -> None:
        """Delete a member, with its disk and interface."""
        await self._manager.settle(await self._manager.delete(machine))

    async def upgrade(self, machine: ResourceId) -> None:
        """A new disk from the model's image and a first boot; name, interface and address stay."""
        record = self._guests.require(machine)
        scale_set = self._manager.kind(_TYPE).require(_set_of(record) or machine)
        reference = _profile(scale_set)["storageProfile"]["imageReference"]
        source = self._guests.sources.resolve(reference, scale_set.document["location"])
        made = record.internals(VirtualMachineInternals)
        if made.source.handle == source.handle:
            return
        await self._guests.discard(machine)
        await self._guests.delete_disk(made.disk)
        exact = {"exactVersion": source.exact_version} if source.exact_version else {}
        record = self._guests.require(machine)
        record.properties["storageProfile"]["imageReference"] = {**reference, **exact}
        kept = record.internals(VirtualMachineInternals)
        record.internal = replace(kept, source=source, extensions={})
        self._store.put(record)
        await self._guests.make_disk(record)
        await self._guests.power_on(machine)
        await self._extend(scale_set, machine)

    async def remove_all(self, identifier: ResourceId) -> None:
        """Delete all members."""
        await _all(self.remove(record.id) for record in members(self._store, identifier))

    async def _make(self, scale_set: Record, number: int) -> None:
        suffix = _suffix(scale_set, number)
        place = scale_set.id.subscription, scale_set.id.resource_group
        interface = network.interface(scale_set.properties["virtualMachineProfile"])
        nic = ResourceId(
            *place, "Microsoft.Network", (("networkInterfaces", f"{interface['name']}-{suffix}"),)
        )
        machine = ResourceId(
            *place,
            "Microsoft.Compute",
            (("virtualMachines", f"{scale_set.id.name}_{suffix}"),),
        )
        await self._put(nic, _interface_body(scale_set, interface))
        await self._put(machine, _machine_body(scale_set, nic, suffix))
        self._store.change(
            scale_set.id,
            ScaleSetInternals,
            lambda kept: replace(kept, next_number=max(kept.next_number, number + 1)),
        )
        await self._extend(scale_set, machine)

    async def _extend(self, scale_set: Record, machine: ResourceId) -> None:
        """The model's extensions, one after the other."""
        for each in extension_model.ordered(extensions(scale_set, self._sealer)):
            body = _extension_body(scale_set, each)
            await self._put(machine.child("extensions", each.name), body)

    async def _put(self, identifier: ResourceId, body: dict[str, Any]) -> None:
        await self._manager.settle(await self._manager.put(identifier, body))


async def _all(several: Iterable[Awaitable[None]]) -> None:
    """Wait for all; raises the first error once none is under way any more."""
    results = await asyncio.gather(*several, return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException):
            raise result


def _set_of(machine: Record) -> ResourceId | None:
    given = at(machine.properties, "virtualMachineScaleSet", "id")
    return ResourceId.parse(given) if given else None


def _suffix(scale_set: Record, number: int) -> str:
    """Eight hexadecimal digits, the same for the same member whenever it is made again."""
    told = f"{scale_set.properties['uniqueId']} {number}"
    return hashlib.sha256(told.encode()).hexdigest()[:8]


def _profile(scale_set: Record) -> dict[str, Any]:
    profile: dict[str, Any] = scale_set.properties["virtualMachineProfile"]
    return profile


def _common(scale_set: Record, properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "location": scale_set.document["location"],
        "tags": dict(scale_set.document.get("tags") or {}),
        "properties": properties,
    }


def _extension_body(scale_set: Record, extension: Extension) -> dict[str, Any]:
    """A machine's extension: with the protected settings, which the model does not show."""
    hidden = {"protectedSettings": extension.protected} if extension.protected else {}
    return {
        "location": scale_set.document["location"],
        "properties": {**extension.properties, **hidden},
    }


def _interface_body(scale_set: Record, interface: dict[str, Any]) -> dict[str, Any]:
    given = interface["properties"]
    named = ("ipConfigurations", "networkSecurityGroup", "enableAcceleratedNetworking")
    return _common(scale_set, {name: given[name] for name in named if given.get(name)})


def _machine_body(scale_set: Record, nic: ResourceId, suffix: str) -> dict[str, Any]:
    profile, secrets = _profile(scale_set), scale_set.internals(ScaleSetInternals).secrets
    os_profile = dict(profile.get("osProfile") or {})
    prefix = os_profile.pop("computerNamePrefix", scale_set.id.name[:9])
    hidden = {"adminPassword": secrets.password, "customData": secrets.custom_data}
    os_profile |= {name: value for name, value in hidden.items() if value}
    os_disk = {"deleteOption": "Delete", **(at(profile, "storageProfile", "osDisk") or {})}
    properties = {
        "virtualMachineScaleSet": {"id": str(scale_set.id)},
        "hardwareProfile": {"vmSize": scale_set.document["sku"]["name"]},
        "storageProfile": {
            "imageReference": profile["storageProfile"]["imageReference"],
            "osDisk": os_disk,
        },
        "osProfile": {**os_profile, "computerName": f"{prefix}{suffix[:6]}"},
        "networkProfile": {
            "networkInterfaces": [
                {"id": str(nic), "properties": {"primary": True, "deleteOption": "Delete"}}
            ]
        },
        **{name: profile[name] for name in ("securityProfile", "priority") if profile.get(name)},
    }
    if not profile.get("osProfile"):
        del properties["osProfile"]
    if secrets.user_data:
        properties["userData"] = secrets.user_data
    return _common(scale_set, properties)
