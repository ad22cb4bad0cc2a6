"""What a new scale set has from the one that serves: everything but what makes that one its own.

What the definition says counts instead. Members that only Azure writes are those of its models
(azure-mgmt-compute 39), which a test compares; what the models do not know is carried, too.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pipeline.definition.extensions import is_health
from pipeline.definition.operating_system import LINUX, UNSAID, WINDOWS, OperatingSystem
from pipeline.definition.shape import ScaleSetShape
from pipeline.definition.shape_rules import RESERVED_TAGS
from pipeline.errors import Refused
from pipeline.planning.swap.backend import ScaleSet

OF_THE_SET = ("id", "name", "type", "etag", "systemData", "location", "sku", "plan")
"""Azure's alone, or said by the environment, the definition or the image."""
OF_AZURE = ("id", "name", "type", "etag", "systemData")
"""Of those, what Azure alone writes."""
OF_ITS_LIFE = ("provisioningState", "uniqueId", "timeCreated")
OF_IDENTITIES = ("principalId", "tenantId", "clientId")
OF_EXTENSIONS = ("id", "type")
_MEMBERSHIPS = (
    "loadBalancerBackendAddressPools",
    "loadBalancerInboundNatPools",
    "applicationGatewayBackendAddressPools",
)
_WITHOUT_SECRETS = frozenset(
    {
        ("microsoft.azure.keyvault", "keyvaultforlinux"),
        ("microsoft.azure.keyvault", "keyvaultforwindows"),
        ("microsoft.azure.activedirectory", "aadsshloginforlinux"),
        ("microsoft.azure.activedirectory", "aadloginforwindows"),
    }
)
"""Publishers and types, in lower case, of extensions that have no protected settings
(Microsoft's pages of the Key Vault extension and of signing in with Microsoft Entra ID)."""


@dataclass(frozen=True, slots=True)
class Carried:
    """What is carried from a scale set: members of a PUT's body as JSON, and what was left out."""

    name: str
    body: str
    left_out: tuple[str, ...] = ()

    @property
    def members(self) -> dict[str, Any]:
        """The members, anew."""
        found: dict[str, Any] = json.loads(self.body)
        return found

    @property
    def notes(self) -> tuple[str, ...]:
        """In words, what is carried and what is not."""
        told = ", ".join(_told(self.members)) or "nothing"
        return (
            f"like {self.name}: {told}",
            f"not from {self.name}: custom data and passwords, which Azure never answers",
            *(f"not from {self.name}: {what}" for what in self.left_out),
        )


def carried(serving: ScaleSet, shape: ScaleSetShape, system: OperatingSystem = UNSAID) -> Carried:
    """What a scale set of this shape and system has from the one that serves.

    Refused where the two cannot be alike, or where a secret would be lost without a word.
    """
    body = copy.deepcopy(dict(serving.body))
    properties = body.get("properties") or {}
    mode = str(properties.get("orchestrationMode") or shape.orchestration)
    if mode != shape.orchestration:
        raise Refused(
            f"{serving.name} serves and is a {mode} scale set: a new one is like it only with"
            f' orchestration = "{mode}" in image.hcl'
        )
    profile = properties.setdefault("virtualMachineProfile", {})
    runs = WINDOWS if (profile.get("osProfile") or {}).get("windowsConfiguration") else LINUX
    if runs != system.name:
        raise Refused(
            f"{serving.name} serves and is of {runs}: no scale set of {system.name} is like it;"
            " remove like from scale_set of image.hcl"
        )
    drop_azures(body)
    _drop(body, OF_THE_SET)
    left_out = tuple(_memberships(profile))
    if shape.identity:
        body.pop("identity", None)
    _strip_profile(profile, shape)
    _strip_extensions(serving, profile, shape)
    tags = body.get("tags") or {}
    said = RESERVED_TAGS | {name.lower() for name, _ in shape.tags}
    body["tags"] = {name: value for name, value in tags.items() if name.lower() not in said}
    return Carried(serving.name, json.dumps(body, sort_keys=True), left_out)


def drop_azures(body: dict[str, Any]) -> None:
    """Take out of a scale set's body what no PUT of it may send.

    Protected settings are absent then, which keeps them: an empty member would not.
    """
    properties = body.get("properties") or {}
    profile = properties.get("virtualMachineProfile") or {}
    identity = body.get("identity") or {}
    _drop(body, OF_AZURE)
    _drop(properties, OF_ITS_LIFE)
    profile.pop("timeCreated", None)
    _drop(identity, OF_IDENTITIES)
    if identity.get("userAssignedIdentities"):
        identity["userAssignedIdentities"] = {one: {} for one in identity["userAssignedIdentities"]}
    for one in (profile.get("extensionProfile") or {}).get("extensions") or ():
        _drop(one, OF_EXTENSIONS)
        _drop(one.get("properties") or {}, ("provisioningState", "protectedSettings"))


def primary(listed: Iterable[Mapping[str, Any]]) -> str:
    """The name of the primary interface, or address, of a list: the only one need not say so."""
    several = list(listed)
    found = [one for one in several if (one.get("properties") or {}).get("primary")] or several
    return str(found[0]["name"]) if found else ""


def interfaces(profile: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The network interfaces of a `virtualMachineProfile`."""
    network = profile.get("networkProfile") or {}
    return list(network.get("networkInterfaceConfigurations") or ())


def _drop(members: dict[str, Any], names: Iterable[str]) -> None:
    for name in names:
        members.pop(name, None)


def _memberships(profile: dict[str, Any]) -> Iterator[str]:
    """Take all memberships away: elsewhere, a set would serve before it is promoted."""
    for interface in interfaces(profile):
        for address in (interface.get("properties") or {}).get("ipConfigurations") or ():
            properties = address.get("properties") or {}
            for kind in _MEMBERSHIPS:
                for one in properties.pop(kind, None) or ():
                    yield f"{one['id']}, where it would serve before its promotion"


def _strip_profile(profile: dict[str, Any], shape: ScaleSetShape) -> None:
    storage = profile.get("storageProfile") or {}
    storage.pop("imageReference", None)
    disk = storage.get("osDisk") or {}
    _drop(disk, ("managedDisk",) if shape.os_disk.ephemeral else ())
    _drop(disk, ("diffDiskSettings",) if shape.os_disk.type else ())
    (profile.get("networkProfile") or {}).pop("healthProbe", None)
    access = profile.get("osProfile") or {}
    access.pop("computerNamePrefix", None)
    # Without the password, which nobody answers, signing in with one cannot be carried.
    (access.get("linuxConfiguration") or {}).pop("disablePasswordAuthentication", None)
    (access.get("windowsConfiguration") or {}).pop("enableVMAgentPlatformUpdates", None)
    _drop(profile.get("securityProfile") or {}, ("securityType", "uefiSettings"))


def _strip_extensions(serving: ScaleSet, profile: dict[str, Any], shape: ScaleSetShape) -> None:
    """Leave Application Health to us, and what the definition has to the definition."""
    extensions = profile.get("extensionProfile") or {}
    listed = extensions.get("extensions") or []
    kept = [one for one in listed if not _is_ours(one, shape)]
    unsure = [one["name"] for one in kept if _may_have_secrets(one, shape)]
    if unsure:
        raise Refused(
            f"{serving.name} serves and has the extensions {', '.join(unsure)}, perhaps with"
            " protected settings, which Azure never answers: give them in scale_set of"
            " image.hcl, or name them in without_protected_settings"
        )
    if "extensions" in extensions:
        extensions["extensions"] = kept


def _is_ours(extension: Mapping[str, Any], shape: ScaleSetShape) -> bool:
    kind = _kind(extension)
    said = {(one.publisher.lower(), one.type.lower()) for one in shape.extensions}
    names = {one.name.lower() for one in shape.extensions}
    return is_health(*kind) or kind in said or extension["name"].lower() in names


def _may_have_secrets(extension: Mapping[str, Any], shape: ScaleSetShape) -> bool:
    if (extension.get("properties") or {}).get("protectedSettingsFromKeyVault"):
        return False
    named = {one.lower() for one in shape.without_protected_settings}
    return extension["name"].lower() not in named and _kind(extension) not in _WITHOUT_SECRETS


def _kind(extension: Mapping[str, Any]) -> tuple[str, str]:
    properties = extension.get("properties") or {}
    return str(properties.get("publisher")).lower(), str(properties.get("type")).lower()


def _told(body: Mapping[str, Any]) -> Iterator[str]:
    """What there is, as people name it: extensions and tags by name, the rest by Azure's keys."""
    properties = body.get("properties") or {}
    profile = properties.get("virtualMachineProfile") or {}
    yield from (key for key in body if key not in {"properties", "tags"})
    for tag in body.get("tags") or ():
        yield f"tag {tag}"
    yield from (key for key in properties if key != "virtualMachineProfile")
    yield from (key for key, value in profile.items() if value and key != "extensionProfile")
    for one in (profile.get("extensionProfile") or {}).get("extensions") or ():
        yield f"extension {one['name']}"
