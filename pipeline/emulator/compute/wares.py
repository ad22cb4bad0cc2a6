"""What a marketplace image is for and whether it is bought, told by its name as in Azure.

Debian's SKU `12` is of generation 1, `12-gen2` of generation 2 and fit for Trusted Launch,
`12-arm64` of generation 2 for Arm64. What Contoso offers is bought: it has a plan, and so has
whatever is made of it (Microsoft's page of purchase plans).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipeline.emulator.arm.errors import ArmError
from pipeline.emulator.arm.ids import ResourceId
from pipeline.emulator.compute.traits import Traits

_SELLERS = frozenset({"contoso"})


def traits_of(sku: str) -> Traits:
    """Generation, architecture and security type of a SKU."""
    if "arm64" in sku.lower():
        return Traits(architecture="Arm64")
    if sku.isdigit():
        return Traits(generation="V1")
    return Traits(security_type="TrustedLaunchSupported")


def plan_of(publisher: str, offer: str, sku: str) -> str:
    """`publisher:product:name` of its plan; "" for what is free."""
    return f"{publisher}:{offer}:{sku}" if publisher.lower() in _SELLERS else ""


def details(publisher: str, offer: str, sku: str, disk_size_gb: int) -> dict[str, Any]:
    """What a GET of a version tells besides its name."""
    traits, plan = traits_of(sku), plan_of(publisher, offer, sku)
    features = [{"name": "SecurityType", "value": traits.security_type}]
    properties: dict[str, Any] = {
        "architecture": traits.architecture,
        "automaticOSUpgradeProperties": {"automaticOSUpgradeSupported": False},
        "dataDiskImages": [],
        "hyperVGeneration": traits.generation,
        "osDiskImage": {"operatingSystem": "Linux", "sizeInGb": disk_size_gb},
    }
    if traits.security_type:
        properties["features"] = features
    if plan:
        properties["plan"] = {"publisher": publisher, "product": offer, "name": sku}
    return {"properties": properties}


def check_plan(identifier: ResourceId, document: Mapping[str, Any], plan: str) -> None:
    """The operation's failure for what is bought and made without its plan (sap-automation#433)."""
    if plan and _told(document.get("plan")).lower() != plan.lower():
        raise ArmError(
            400,
            "VMMarketplaceInvalidInput",
            "Creating a virtual machine from Marketplace image or a custom image sourced from a"
            f" Marketplace image requires Plan information in the request. VM: '{identifier}'.",
        )


def check_purchase(source: ResourceId, plan: str, definition: Mapping[str, Any]) -> None:
    """A version's plan is that of its definition (Azure's page troubleshooting-shared-images).

    The sentence is Azure's, its code is inferred.
    """
    asked = _told(definition.get("purchasePlan"))
    if asked.lower() != plan.lower():
        raise ArmError(
            400,
            "BadRequest",
            f"The resource with id '{source}' has a different plan ['{plan or 'null'}'] than the"
            f" parent gallery image plan ['{asked or 'null'}'].",
        )


def _told(plan: Mapping[str, Any] | None) -> str:
    given = plan or {}
    parts = [str(given.get(part) or "") for part in ("publisher", "product", "name")]
    return ":".join(parts) if any(parts) else ""
