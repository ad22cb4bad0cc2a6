"""The request bodies of a scale set, in Azure's own spelling, as the ARM reference prints it.

What is said in layers, the higher one counting: what we say where nobody says otherwise, what the
set that serves has, what the definition says, its JSON file, and what makes it the version's.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from typing import Any

from pipeline.definition.balancing import RICH
from pipeline.definition.extensions import HEALTH_NAME
from pipeline.planning import security, windows
from pipeline.planning.names import PRIMARY, Tag, tags_of
from pipeline.planning.swap.carried import interfaces, primary
from pipeline.planning.swap.merging import merged
from pipeline.planning.swap.shape_body import (
    Settings,
    of_interface,
    of_orchestration,
    of_shape,
    public_keys,
)
from pipeline.planning.swap.steps import CreateScaleSet, ScaleScaleSet
from pipeline.planning.traits import PurchasePlan, of_made

GRACE_PERIOD = 600
"""Seconds an instance may take from its boot to its first healthy response."""


def scale_set(
    wanted: CreateScaleSet,
    credential: str,
    run: str,
    protected: Settings | None = None,
    plan: PurchasePlan | None = None,
) -> dict[str, Any]:
    """`PUT …/virtualMachineScaleSets/{name}`: its version pinned, upgraded by hand.

    `credential` is the administrator's public key; of Windows the password.
    `protected` are the protected settings of extensions that the definition names a place for;
    without them the body is what may be shown. `plan` is that of the image definition in Azure.
    """
    like = wanted.like.members if wanted.like else {}
    of_definition = of_shape(wanted.shape, _username(wanted, like), protected or {})
    attached = wanted.shape.properties
    layers = (
        like,
        of_definition,
        _in_profile({"networkProfile": _interface(of_interface(wanted.shape), {}, like)}),
        json.loads(attached.content) if attached else {},
        {**_of_version(wanted, run, like), **of_made(plan)},
    )
    return functools.reduce(merged, layers, _default(wanted, credential, like))


def capacity(wanted: ScaleScaleSet) -> dict[str, Any]:
    """`PATCH …/virtualMachineScaleSets/{name}`: how many instances, and nothing else."""
    return {"sku": {"capacity": wanted.capacity}}


def _default(wanted: CreateScaleSet, credential: str, like: Mapping[str, Any]) -> dict[str, Any]:
    """What is said where nobody says otherwise."""
    return {
        "location": wanted.location,
        "tags": {},
        "sku": {"name": wanted.shape.sku, "tier": "Standard", "capacity": wanted.capacity},
        "properties": {
            **of_orchestration(wanted.shape),
            "virtualMachineProfile": {
                "storageProfile": {"imageReference": {}, "osDisk": _os_disk(wanted, like)},
                "osProfile": _access(wanted, credential),
                "networkProfile": _network(wanted, like),
                "extensionProfile": {"extensions": [_application_health(wanted)]},
                **security.of_machines(wanted.security_type),
            },
        },
    }


def _of_version(wanted: CreateScaleSet, run: str, like: Mapping[str, Any]) -> dict[str, Any]:
    """What makes the set that version's, whatever else is said."""
    made_from = {Tag.IMAGE_RUN: wanted.image_run} if wanted.image_run else {}
    address = {"loadBalancerBackendAddressPools": [{"id": str(wanted.pool)}]}
    return {
        "tags": {**tags_of(wanted.image, wanted.version), Tag.RUN: run, **made_from},
        "properties": {
            "virtualMachineProfile": {
                "storageProfile": {"imageReference": {"id": str(wanted.image_version)}},
                "osProfile": {"computerNamePrefix": _prefix(wanted)},
                "networkProfile": _interface({}, address, like),
                "extensionProfile": {"extensions": [_application_health(wanted)]},
            }
        },
    }


def _in_profile(members: dict[str, Any]) -> dict[str, Any]:
    return {"properties": {"virtualMachineProfile": members}}


def _os_disk(wanted: CreateScaleSet, like: Mapping[str, Any]) -> dict[str, Any]:
    """An ephemeral disk lies on the host: it has no type. A carried one says all by itself."""
    if like:
        return {}
    disk = {"createOption": "FromImage", "caching": "ReadWrite"}
    managed = {"managedDisk": {"storageAccountType": "StandardSSD_LRS"}}
    return disk if wanted.shape.os_disk.ephemeral else {**disk, **managed}


def _username(wanted: CreateScaleSet, like: Mapping[str, Any]) -> str:
    access = _profile(like).get("osProfile") or {}
    return str(access.get("adminUsername") or wanted.username)


def _profile(like: Mapping[str, Any]) -> Mapping[str, Any]:
    return (like.get("properties") or {}).get("virtualMachineProfile") or {}


def _prefix(wanted: CreateScaleSet) -> str:
    is_windows = wanted.system.is_windows
    return windows.computer_prefix(wanted.image) if is_windows else wanted.resource.name


def _access(wanted: CreateScaleSet, credential: str) -> dict[str, Any]:
    prefix = {"computerNamePrefix": _prefix(wanted)}
    if wanted.system.is_windows:
        return {**prefix, **windows.access(wanted.username, credential)}
    return {
        **prefix,
        "adminUsername": wanted.username,
        "linuxConfiguration": {
            "disablePasswordAuthentication": True,
            "ssh": public_keys(wanted.username, (credential,)),
        },
    }


def _network(wanted: CreateScaleSet, like: Mapping[str, Any]) -> dict[str, Any]:
    """One interface with one address, unless those of the set that serves are carried."""
    if interfaces(_profile(like)):
        return {}
    address = {"primary": True, "subnet": {"id": str(wanted.subnet)}}
    return _interface({"primary": True}, address, like)


def _interface(
    properties: dict[str, Any], address: dict[str, Any], like: Mapping[str, Any]
) -> dict[str, Any]:
    """A network profile whose primary interface has a primary address, with these properties."""
    there = interfaces(_profile(like))
    name = primary(there) or PRIMARY
    inside = next((one for one in there if one["name"] == name), {}).get("properties") or {}
    addresses = [
        {"name": primary(inside.get("ipConfigurations") or ()) or PRIMARY, "properties": address}
    ]
    interface = {**properties, "ipConfigurations": addresses}
    return {"networkInterfaceConfigurations": [{"name": name, "properties": interface}]}


def _application_health(wanted: CreateScaleSet) -> dict[str, Any]:
    """Version 2.0 reads rich states in the body of the answer, 1.0 its status or the open port.

    https://learn.microsoft.com/azure/virtual-machine-scale-sets/virtual-machine-scale-sets-health-extension:
    only 2.0 has a grace period.
    """
    health = wanted.health
    is_rich = health.states == RICH
    return {
        "name": HEALTH_NAME,
        "properties": {
            "publisher": "Microsoft.ManagedServices",
            "type": f"{HEALTH_NAME}{wanted.system.name}",
            "typeHandlerVersion": "2.0" if is_rich else "1.0",
            "autoUpgradeMinorVersion": True,
            "settings": {
                "protocol": health.protocol,
                "port": health.port,
                **({"requestPath": health.path} if health.path else {}),
                "intervalInSeconds": 5,
                "numberOfProbes": 1,
                **({"gracePeriod": GRACE_PERIOD} if is_rich else {}),
            },
        },
    }
