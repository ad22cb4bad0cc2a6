"""What a PUT of a scale set may say, and the model and secrets it leads to."""

from __future__ import annotations

import hashlib
import re
import uuid
from dataclasses import replace
from typing import Any

from pipeline.emulator.arm.errors import invalid_parameter, not_served
from pipeline.emulator.arm.ids import ResourceId, same
from pipeline.emulator.arm.kinds import Registry
from pipeline.emulator.arm.operations import now
from pipeline.emulator.arm.store import Record
from pipeline.emulator.compute import extension_model, os_profile, sizes, traits
from pipeline.emulator.compute import scale_set_network as network
from pipeline.emulator.compute.catalogue import capabilities
from pipeline.emulator.compute.extension_model import (
    Extension,
    check_extensions,
    listed_extensions,
)
from pipeline.emulator.compute.guests import check_disk_size
from pipeline.emulator.compute.health import Settings
from pipeline.emulator.compute.health_settings import of_extension, of_settings
from pipeline.emulator.compute.internals import ScaleSetInternals
from pipeline.emulator.compute.sources import Sources
from pipeline.emulator.compute.wording import (
    at,
    change_not_allowed,
    invalid_name,
    is_true,
    missing,
    not_allowed,
)
from pipeline.emulator.identity.sealing import Sealer
from pipeline.emulator.models.defaults import fill_model
from pipeline.emulator.serialization import dumps

_NAME = re.compile(r"^(?!-)[A-Za-z0-9-]{1,64}(?<!-)$")
_MOST = 1000
_MOST_IN_ONE_PLACEMENT_GROUP = 100


def merged(existing: Record | None, given: dict[str, Any]) -> dict[str, Any]:
    """The properties after a PUT, which may be partial: `az vmss scale` sends none at all.

    Of a `virtualMachineProfile` each part that is left out stays, and so does the image of a
    `storageProfile` without one: `az vmss update` and `az vmss extension set` leave it out "to
    avoid unnecessary permission check of image" (azure-cli, get_vmss_modified_by_aaz).
    """
    before = existing.properties if existing else {}
    properties = {**before, **{key: value for key, value in given.items() if value is not None}}
    old, new = before.get("virtualMachineProfile") or {}, given.get("virtualMachineProfile") or {}
    if new and old.get("osProfile") and not new.get("osProfile"):
        raise missing("osProfile")  # reported: ansible-collections/azure#378
    profile = {**old, **{name: part for name, part in new.items() if part is not None}}
    image = at(old, "storageProfile", "imageReference")
    if image and profile.get("storageProfile") and not at(new, "storageProfile", "imageReference"):
        profile["storageProfile"] = {**profile["storageProfile"], "imageReference": image}
    properties["virtualMachineProfile"] = profile
    properties.setdefault("orchestrationMode", "Uniform")
    is_uniform = properties["orchestrationMode"] == "Uniform"
    if is_uniform:
        properties.setdefault("overprovision", True)
    properties.setdefault("singlePlacementGroup", is_uniform)
    properties.setdefault("uniqueId", str(uuid.uuid4()))
    properties.setdefault("timeCreated", now())
    fill_model("compute", "VirtualMachineScaleSetProperties", properties)
    return properties


def patched(existing: Record, change: dict[str, Any]) -> dict[str, Any]:
    """What a PATCH is merged into: without the disks that its storage profile leaves out.

    Reported: azure-rest-api-specs#13164; and #10322 that the image must be given then.
    """
    storage = at(change, "properties", "virtualMachineProfile", "storageProfile")
    document = existing.copy().document
    if not storage:
        return document
    if not storage.get("imageReference"):
        raise missing("imageReference")
    kept = document["properties"]["virtualMachineProfile"]["storageProfile"]
    for name in ("osDisk", "dataDisks"):
        if name not in storage:
            kept.pop(name, None)
    return document


def check_served(identifier: ResourceId, properties: dict[str, Any]) -> None:
    """Refuse names that Azure refuses, and by name what would matter and is not carried."""
    if not _NAME.match(identifier.name):
        raise invalid_name("vmScaleSetName", _NAME.pattern)
    mode = at(properties, "upgradePolicy", "mode")
    if not mode and properties["orchestrationMode"] == "Uniform":
        raise missing("upgradePolicy.mode")
    is_flexible = same(properties["orchestrationMode"], "Flexible")
    if mode and is_flexible and mode.lower() != "manual":
        raise not_served(f"upgradePolicy.mode '{mode}' of a Flexible scale set")
    if is_true(at(properties, "automaticRepairsPolicy", "enabled")):
        raise not_served("'automaticRepairsPolicy.enabled'")
    storage = at(properties, "virtualMachineProfile", "storageProfile") or {}
    if storage.get("dataDisks"):
        raise not_served("'storageProfile.dataDisks' of a scale set")


def check_sku(sku: dict[str, Any] | None) -> None:
    """Refuse unknown sizes and impossible capacities."""
    if not sku or not sku.get("name"):
        raise missing("sku.name")
    sizes.cores_and_memory(sku["name"])
    capacity = sku.get("capacity")
    if isinstance(capacity, str) and capacity.isdigit():
        sku["capacity"] = capacity = int(capacity)
    if not isinstance(capacity, int) or not 0 <= capacity <= _MOST:
        raise invalid_parameter(
            "sku.capacity", f"The capacity {capacity} is not between 0 and {_MOST}."
        )


def check_placement(
    identifier: ResourceId, capacity: int, properties: dict[str, Any], existing: Record | None
) -> None:
    """One placement group holds 100 machines (hashicorp/terraform-azurerm-nomad#6).

    Several never become one again (Microsoft's page of placement groups; the sentence is inferred).
    """
    is_one = is_true(properties["singlePlacementGroup"])
    if is_one and capacity > _MOST_IN_ONE_PLACEMENT_GROUP:
        raise not_allowed(
            f"Unable to create or update VirtualMachineScaleSet '{identifier.name}' as it exceeds "
            f"the total limit of '{_MOST_IN_ONE_PLACEMENT_GROUP}' Virtual Machine instances."
        )
    if is_one and existing and not is_true(existing.properties.get("singlePlacementGroup")):
        raise change_not_allowed("singlePlacementGroup")


def take_secrets(record: Record, existing: Record | None, sealer: Sealer) -> ScaleSetInternals:
    """Take the secrets out of the model; those that are not sent again are kept."""
    profile = record.properties["virtualMachineProfile"]
    kept = (
        existing.internals(ScaleSetInternals)
        if existing
        else ScaleSetInternals(secrets=os_profile.Secrets(), protected={})
    )
    shown, secrets = os_profile.without_secrets(
        profile.get("osProfile") or {}, profile.pop("userData", None)
    )
    if shown:
        shown.setdefault("computerNamePrefix", record.id.name[:9])
        profile["osProfile"] = shown
    protected = {}
    for extension in listed_extensions(profile):
        extension_model.check_protected(extension["properties"])
        name, given = extension["name"], extension["properties"].pop("protectedSettings", None)
        if given is not None:
            protected[name] = sealer.seal(given)
        elif name in kept.protected:
            protected[name] = kept.protected[name]
    return replace(kept, secrets=secrets.over(kept.secrets), protected=protected)


def check_profile(
    registry: Registry,
    sources: Sources,
    record: Record,
    existing: Record | None,
    secrets: os_profile.Secrets,
) -> None:
    """Refuse what Azure refuses in the `virtualMachineProfile`."""
    profile = record.properties["virtualMachineProfile"]
    reference = at(profile, "storageProfile", "imageReference")
    if not reference:
        raise missing("imageReference")
    before = (
        at(existing.properties, "virtualMachineProfile", "storageProfile", "imageReference")
        if existing
        else None
    )
    if before and bool(before.get("id")) != bool(reference.get("id")):
        raise not_allowed("The Image type for a Virtual Machine Scale Set may not be changed.")
    if reference != before:
        source = sources.resolve(reference, record.document["location"])
        size = record.document["sku"]["name"]
        traits.check_machine(profile, source.traits, size, capabilities(size))
        if source.is_specialized and profile.get("osProfile"):
            raise invalid_parameter("osProfile", "Parameter 'osProfile' is not allowed.")
        if not source.is_specialized and not profile.get("osProfile"):
            raise missing("osProfile")
    if profile.get("osProfile"):
        os_profile.check(profile["osProfile"], secrets)
    check_disk_size(at(profile, "storageProfile", "osDisk") or {})
    check_extensions(profile)
    network.check(registry, record.id, profile)


def counted(internals: ScaleSetInternals, record: Record, sealer: Sealer) -> ScaleSetInternals:
    """With the model's number: a new one when anything in it has changed."""
    digest = _digest(
        record.properties["virtualMachineProfile"],
        record.document["sku"]["name"],
        internals.secrets,
        {name: sealer.open(sealed) for name, sealed in internals.protected.items()},
    )
    number = internals.model + (digest != internals.model_digest)
    return replace(internals, model=number, model_digest=digest)


def boot_digest(scale_set: Record) -> str:
    """A digest of what an instance has from its first boot: another one means reimage."""
    profile = scale_set.properties["virtualMachineProfile"]
    return _digest(
        at(profile, "storageProfile"),
        at(profile, "osProfile"),
        scale_set.internals(ScaleSetInternals).secrets,
        scale_set.document["sku"]["name"],
    )


def _digest(*parts: Any) -> str:
    return hashlib.sha256(dumps(parts, sort_keys=True).encode()).hexdigest()


def extensions(scale_set: Record, sealer: Sealer) -> list[Extension]:
    """The extensions of the model, with what only their machines may see."""
    protected = scale_set.internals(ScaleSetInternals).protected
    return [
        Extension(
            each["name"],
            each["properties"],
            sealer.open(protected[each["name"]]) if each["name"] in protected else {},
        )
        for each in listed_extensions(scale_set.properties["virtualMachineProfile"])
    ]


def health(registry: Registry, profile: dict[str, Any]) -> Settings | None:
    """How the extension, or a load balancer's probe in its place, asks for health."""
    for extension in listed_extensions(profile):
        if extension_model.kind_of(extension["properties"]) == extension_model.HEALTH:
            return of_extension(extension["properties"])
    probe = network.health_probe(profile)
    found = registry.find(ResourceId.parse(probe)) if probe else None
    return of_settings(found.properties, is_rich=False) if found else None
