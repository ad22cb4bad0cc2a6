"""What an image is for and whether it is bought: of a base, and of the definition made for it.

Azure tells it of both before a machine is made: a GET of a marketplace image's version, and a GET
of an image definition (their pages in the ARM reference).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pipeline.arm import ResourceId
from pipeline.definition.model import Environment, GalleryBase
from pipeline.definition.operating_system import LINUX
from pipeline.planning import security
from pipeline.planning.names import image_definition_id


@dataclass(frozen=True, slots=True)
class PurchasePlan:
    """What is bought with a marketplace image, and so with all that is made of it.

    Azure copies it to nothing: whoever makes a machine, a scale set or a definition names it.
    """

    publisher: str
    product: str
    name: str

    def __str__(self) -> str:
        return f"{self.publisher}:{self.product}:{self.name}"


@dataclass(frozen=True, slots=True)
class Traits:
    """Of an image, in Azure's words; `security_type` is "" for a standard one.

    What an answer does not say has the default of Azure's reference (`reading`).
    """

    generation: str = "V2"
    architecture: str = "x64"
    security_type: str = ""
    disk_controllers: frozenset[str] = frozenset()
    os: str = LINUX
    plan: PurchasePlan | None = None


def reading(body: Mapping[str, Any]) -> Traits:
    """Out of a GET of a marketplace image's version, or of an image definition."""
    properties = body.get("properties") or {}
    features = {
        str(one["name"]).lower(): str(one.get("value") or "")
        for one in properties.get("features") or ()
    }
    controllers = features.get("diskcontrollertypes", "").split(",")
    disk = properties.get("osDiskImage") or {}
    return Traits(
        generation=str(properties.get("hyperVGeneration") or "V1"),
        architecture=str(properties.get("architecture") or "x64"),
        security_type=security.named_by(body),
        disk_controllers=frozenset(one.strip() for one in controllers if one.strip()),
        os=str(properties.get("osType") or disk.get("operatingSystem") or LINUX),
        plan=_plan(properties.get("purchasePlan") or properties.get("plan")),
    )


def definition_of(environment: Environment, base: GalleryBase) -> ResourceId:
    """The image definition of a base that is in a gallery."""
    if not base.gallery:
        return image_definition_id(environment, base.image)
    group = base.resource_group or environment.resource_group
    segments = (("galleries", base.gallery), ("images", base.image))
    subscription = base.subscription or environment.subscription
    return ResourceId(subscription, group, "Microsoft.Compute", segments)


def _plan(given: Mapping[str, Any] | None) -> PurchasePlan | None:
    parts = [str((given or {}).get(part) or "") for part in ("publisher", "product", "name")]
    return PurchasePlan(*parts) if any(parts) else None


def of_made(plan: PurchasePlan | None) -> Mapping[str, Any]:
    """The `plan` of a machine or a scale set; nothing for what is free."""
    return {"plan": _body(plan)} if plan else {}


def of_defined(traits: Traits) -> Mapping[str, Any]:
    """What the properties of an image definition have of the base; Azure never changes it."""
    bought = {"purchasePlan": _body(traits.plan)} if traits.plan else {}
    return {
        "hyperVGeneration": traits.generation,
        "architecture": traits.architecture,
        **bought,
    }


def _body(plan: PurchasePlan) -> dict[str, str]:
    return {"name": plan.name, "publisher": plan.publisher, "product": plan.product}
