"""The model of a scale set that is rolled: what its policy allows, and the body of its PUT."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from typing import Any, Final

from pipeline.definition.extensions import is_health
from pipeline.errors import Refused
from pipeline.planning.roll.steps import PointModel
from pipeline.planning.swap.backend import ScaleSet
from pipeline.planning.swap.carried import drop_azures

MANUAL: Final = "Manual"
ROLLING: Final = "Rolling"


def policy(found: ScaleSet) -> str:
    """Its upgrade policy's mode; a Flexible set may have none, which is `Manual`."""
    given = (found.properties.get("upgradePolicy") or {}).get("mode")
    return str(given or MANUAL)


def is_rolled_by_azure(found: ScaleSet) -> bool:
    """Whether Azure upgrades its instances by itself, in batches, when its model changes."""
    return policy(found) == ROLLING


def refuse_policy(image: str, found: ScaleSet) -> None:
    """Refuse what Azure would upgrade all at once, and what upgrades itself.

    https://learn.microsoft.com/azure/virtual-machine-scale-sets/virtual-machine-scale-sets-upgrade-policy
    """
    if policy(found) not in (MANUAL, ROLLING):
        raise Refused(
            f"{found.name} cannot be rolled: its upgrade policy is {policy(found)}, and Azure may"
            " take all its instances down at once when its model changes; set upgradePolicy.mode"
            f" to {MANUAL} or {ROLLING}"
        )
    automatic = (found.properties.get("upgradePolicy") or {}).get("automaticOSUpgradePolicy") or {}
    if automatic.get("enableAutomaticOSUpgrade"):
        raise Refused(
            f"{found.name} is not rolled: Azure upgrades the system of its instances by itself"
            " (automaticOSUpgradePolicy.enableAutomaticOSUpgrade)"
        )
    if found.made_from.id and "/galleries/" not in found.made_from.id.lower():
        raise Refused(
            f"{found.name} cannot be rolled: it is made from the managed image"
            f" {found.made_from}; stage {image} and promote it instead"
        )


def has_health_extension(found: ScaleSet) -> bool:
    """Whether the Application Health extension reports, and not the load balancer's probe."""
    listed = (found.profile.get("extensionProfile") or {}).get("extensions") or ()
    return any(
        is_health(str(one.get("publisher")), str(one.get("type")))
        for one in (each.get("properties") or {} for each in listed)
    )


def reports_health(found: ScaleSet) -> bool:
    """Whether anything reports the health of its instances."""
    probe = (found.profile.get("networkProfile") or {}).get("healthProbe")
    return bool(probe) or has_health_extension(found)


def pointed(body: Mapping[str, Any], step: PointModel, tags: Mapping[str, str]) -> dict[str, Any]:
    """The body of the PUT that names another image: the whole model, but for what is Azure's own.

    Never a PATCH: one that has a storage profile takes away the disks that it does not name
    (Azure/azure-rest-api-specs#13164).
    """
    wanted = copy.deepcopy(dict(body))
    drop_azures(wanted)
    storage = wanted["properties"]["virtualMachineProfile"]["storageProfile"]
    storage["imageReference"] = step.after.body
    wanted["tags"] = dict(tags)
    return wanted


def manual_upgrade(instances: Iterable[str]) -> dict[str, Any]:
    """`POST …/virtualMachineScaleSets/{name}/manualupgrade`: bring these to the model."""
    return {"instanceIds": list(instances)}


def reimage(instances: Iterable[str], version: str) -> dict[str, Any]:
    """`POST …/virtualMachineScaleSets/{name}/reimage`: new disks of a version for these.

    For a model that follows the newest version of a marketplace image: without `exactVersion` each
    would get the version that it had (SDK: `VirtualMachineScaleSetReimageParameters`).
    """
    return {"instanceIds": list(instances), "exactVersion": version}
