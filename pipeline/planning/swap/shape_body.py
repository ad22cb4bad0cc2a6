"""What a definition says of a scale set's shape, in Azure's own spelling, and nothing else."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

from pipeline.definition.shape import (
    FLEXIBLE,
    Attached,
    DataDisk,
    Extension,
    Identity,
    OsDisk,
    Protected,
    ScaleSetShape,
)

NETWORK_API_VERSION = "2020-11-01"
"""Of the interfaces that a Flexible set makes: what azure-cli, azurerm and CAPZ send."""

Members: TypeAlias = dict[str, Any]
"""Of a body, or of something in it."""
Settings: TypeAlias = Mapping[str, Mapping[str, Any]]
"""Protected settings by the name of their extension."""


def of_shape(shape: ScaleSetShape, username: str, protected: Settings) -> Members:
    """The members of the set's body that the definition speaks of."""
    found: Members = {"properties": _properties(shape, username, protected)}
    if shape.zones:
        found["zones"] = list(shape.zones)
    if shape.identity:
        found["identity"] = _identity(shape.identity)
    if shape.tags:
        found["tags"] = dict(shape.tags)
    return found


def of_orchestration(shape: ScaleSetShape) -> Members:
    """The set's properties where nobody says otherwise; one placement group ends at 100."""
    common = {"orchestrationMode": shape.orchestration, "singlePlacementGroup": False}
    if shape.orchestration == FLEXIBLE:
        return {**common, "platformFaultDomainCount": 1, "upgradePolicy": {"mode": "Manual"}}
    return {**common, "overprovision": False, "upgradePolicy": {"mode": "Manual"}}


def of_interface(shape: ScaleSetShape) -> Members:
    """Properties of the network interface that the definition speaks of."""
    accelerated = shape.accelerated_networking
    return {} if accelerated is None else {"enableAcceleratedNetworking": accelerated}


def _properties(shape: ScaleSetShape, username: str, protected: Settings) -> Members:
    found: Members = {"virtualMachineProfile": _profile(shape, username, protected)}
    if shape.zone_balance is not None:
        found["zoneBalance"] = shape.zone_balance
    if shape.fault_domains:
        found["platformFaultDomainCount"] = shape.fault_domains
    if shape.single_placement_group is not None:
        found["singlePlacementGroup"] = shape.single_placement_group
    if shape.proximity_placement_group:
        found["proximityPlacementGroup"] = {"id": shape.proximity_placement_group}
    if repairs := shape.automatic_repairs:
        found["automaticRepairsPolicy"] = {
            "enabled": True,
            "gracePeriod": _minutes(repairs.grace),
            "repairAction": repairs.action,
        }
    return found


def _profile(shape: ScaleSetShape, username: str, protected: Settings) -> Members:
    found: Members = {"storageProfile": _storage(shape), "osProfile": _access(shape, username)}
    if shape.user_data:
        found["userData"] = _encoded(shape.user_data)
    if shape.extensions:
        listed = [_extension(one, protected) for one in shape.extensions]
        found["extensionProfile"] = {"extensions": listed}
    if spot := shape.spot:
        price = {"maxPrice": spot.max_price}
        found |= {"priority": "Spot", "evictionPolicy": spot.eviction, "billingProfile": price}
    if shape.termination_notice:
        notice = {"enable": True, "notBeforeTimeout": _minutes(shape.termination_notice)}
        found["scheduledEventsProfile"] = {"terminateNotificationProfile": notice}
    if shape.orchestration == FLEXIBLE:
        found["networkProfile"] = {"networkApiVersion": NETWORK_API_VERSION}
    return found


def _storage(shape: ScaleSetShape) -> Members:
    found: Members = {}
    if disk := dict(_os_disk(shape.os_disk)):
        found["osDisk"] = disk
    if shape.data_disks:
        found["dataDisks"] = [_data_disk(disk) for disk in shape.data_disks]
    return found


def _os_disk(disk: OsDisk) -> Iterator[tuple[str, Any]]:
    if disk.size:
        yield "diskSizeGB", disk.size
    if disk.type:
        yield "managedDisk", {"storageAccountType": disk.type}
    if disk.ephemeral:
        yield "diffDiskSettings", {"option": "Local", "placement": disk.ephemeral}
        yield "caching", "ReadOnly"
    elif disk.caching:
        yield "caching", disk.caching


def _data_disk(disk: DataDisk) -> Members:
    found: Members = {"lun": disk.lun, "createOption": "Empty", "diskSizeGB": disk.size}
    if disk.type:
        found["managedDisk"] = {"storageAccountType": disk.type}
    if disk.caching:
        found["caching"] = disk.caching
    return found


def _access(shape: ScaleSetShape, username: str) -> Members:
    found: Members = {}
    if shape.custom_data:
        found["customData"] = _encoded(shape.custom_data)
    if shape.ssh_keys:
        found["linuxConfiguration"] = {"ssh": public_keys(username, shape.ssh_keys)}
    return found


def public_keys(username: str, keys: tuple[str, ...]) -> Members:
    """Who may sign in to the instances."""
    path = f"/home/{username}/.ssh/authorized_keys"
    return {"publicKeys": [{"path": path, "keyData": key} for key in keys]}


def _identity(identity: Identity) -> Members:
    kinds = (("SystemAssigned", identity.system), ("UserAssigned", bool(identity.user)))
    found: Members = {"type": ", ".join(kind for kind, is_wanted in kinds if is_wanted)}
    if identity.user:
        found["userAssignedIdentities"] = {one: {} for one in identity.user}
    return found


def _extension(extension: Extension, protected: Settings) -> Members:
    properties: Members = {
        "publisher": extension.publisher,
        "type": extension.type,
        "typeHandlerVersion": extension.version,
        "autoUpgradeMinorVersion": True,
        "settings": json.loads(extension.settings),
    }
    if extension.after:
        properties["provisionAfterExtensions"] = list(extension.after)
    if extension.force_update_tag:
        properties["forceUpdateTag"] = extension.force_update_tag
    if extension.name in protected:
        properties["protectedSettings"] = dict(protected[extension.name])
    elif extension.protected and extension.protected.secret_url:
        properties["protectedSettingsFromKeyVault"] = _reference(extension.protected)
    return {"name": extension.name, "properties": properties}


def _reference(protected: Protected) -> Members:
    return {"secretUrl": protected.secret_url, "sourceVault": {"id": protected.vault}}


def _encoded(attached: Attached) -> str:
    return base64.b64encode(attached.content).decode()


def _minutes(seconds: float) -> str:
    """ISO 8601, in minutes as Azure's pages write it: `PT10M`."""
    return f"PT{seconds / 60:g}M"
