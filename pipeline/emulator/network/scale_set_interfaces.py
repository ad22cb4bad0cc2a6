"""Interfaces of scale set instances: read from the instances, never written by themselves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pipeline.emulator.arm.data_path import Connected, Endpoint
from pipeline.emulator.arm.errors import not_served
from pipeline.emulator.arm.ids import ResourceId
from pipeline.emulator.arm.kinds import Kind
from pipeline.emulator.arm.store import Record
from pipeline.emulator.network.common import same_name
from pipeline.emulator.network.references import INSTANCE, SCALE_SET


class InstanceInterfaces(Kind):
    """`virtualMachineScaleSets/virtualMachines/networkInterfaces`."""

    type = "Microsoft.Compute/virtualMachineScaleSets/virtualMachines/networkInterfaces"
    tracked = False
    patchable = False

    def find(self, identifier: ResourceId) -> Record | None:
        """The interface, when its instance has one of that name."""
        instance = self.registry.store.get(identifier.parent) if identifier.parent else None
        for interface in _interfaces(self.registry.store.get, instance) if instance else ():
            if same_name(interface.id.name, identifier.name):
                return interface
        return None

    def listing(self, parent: ResourceId) -> list[Record]:
        """The interfaces of one instance."""
        instance = self.registry.store.get(parent)
        return list(_interfaces(self.registry.store.get, instance)) if instance else []

    def accept(
        self, identifier: ResourceId, body: dict[str, Any], existing: Record | None
    ) -> Record:
        """Refused: an instance's interfaces come from its scale set's model."""
        raise not_served(f"PUT of '{self.type}'")

    def refuse_delete(self, identifier: ResourceId) -> None:
        """Refused: an interface goes with its instance."""
        raise not_served(f"DELETE of '{self.type}'")


class ScaleSetInterfaces(InstanceInterfaces):
    """`virtualMachineScaleSets/networkInterfaces`: those of all instances, only to be listed."""

    type = "Microsoft.Compute/virtualMachineScaleSets/networkInterfaces"

    def find(self, identifier: ResourceId) -> Record | None:
        """None: Azure has no such GET of one."""
        return None

    def listing(self, parent: ResourceId) -> list[Record]:
        """The interfaces of all instances."""
        return [
            interface
            for instance in self.registry.store.of_type(INSTANCE)
            if instance.id.parent == parent
            for interface in _interfaces(self.registry.store.get, instance)
        ]


def _interfaces(get: Any, instance: Record) -> Iterator[Record]:
    model = get(instance.id.parent) if instance.id.parent else None
    if isinstance(instance.internal, Connected):
        endpoint = instance.internal.endpoint
        configuration = ResourceId.parse(endpoint.ip_configuration)
        if configuration.parent is not None:
            yield _interface(configuration, endpoint, instance, model)


def _interface(
    configuration: ResourceId, endpoint: Endpoint, instance: Record, model: Record | None
) -> Record:
    interface = configuration.parent or configuration
    properties: dict[str, Any] = {
        "provisioningState": "Succeeded",
        "privateIPAddress": endpoint.address,
        "privateIPAllocationMethod": "Dynamic",
        "primary": True,
        "loadBalancerBackendAddressPools": [{"id": pool} for pool in endpoint.pools],
    }
    subnet = _subnet(model, interface.name, configuration.name)
    if subnet is not None:
        properties["subnet"] = subnet
    document = {
        "name": interface.name,
        "id": str(interface),
        "type": InstanceInterfaces.type,
        "properties": {
            "provisioningState": "Succeeded",
            "primary": True,
            "virtualMachine": {"id": str(instance.id)},
            "ipConfigurations": [
                {"name": configuration.name, "id": str(configuration), "properties": properties}
            ],
        },
    }
    return Record(interface, document)


def _subnet(model: Record | None, interface: str, configuration: str) -> dict[str, Any] | None:
    """The subnet that the scale set's model gives an IP configuration."""
    if model is None or model.id.type.lower() != SCALE_SET.lower():
        return None
    profile = (model.properties.get("virtualMachineProfile") or {}).get("networkProfile") or {}
    for each in profile.get("networkInterfaceConfigurations") or []:
        for inner in (each.get("properties") or {}).get("ipConfigurations") or []:
            if same_name(each["name"], interface) and same_name(inner["name"], configuration):
                subnet: dict[str, Any] | None = (inner.get("properties") or {}).get("subnet")
                return subnet
    return None
