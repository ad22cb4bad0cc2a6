"""What an image is for: security type, generation, architecture; and what goes with what.

Sentences as reported: of publishing by hashicorp/packer-plugin-azure#304 and Azure's page
troubleshooting-shared-images, of machines by hashicorp/terraform-provider-azurerm#23148 and
microsoft/ga4gh-tes#43. That a machine's and a definition's security types must be the same is
documented (shared-image-galleries); the sentence for the other two pairs is inferred.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pipeline.emulator.arm.errors import ArmError, invalid_parameter, not_served
from pipeline.emulator.arm.ids import ResourceId
from pipeline.emulator.compute.wording import at, not_allowed

_FEATURE = "securitytype"
_TRUSTED = "TrustedLaunch"
_SUPPORTED = "TrustedLaunchSupported"
_MAKES_TRUSTED = frozenset(
    {"trustedlaunch", "trustedlaunchsupported", "trustedlaunchandconfidentialvmsupported"}
)
_DEFINED = _MAKES_TRUSTED | {"confidentialvmsupported", "confidentialvm"}
_DEFAULTS_CHANGED = "2025-03-03"
"""The api-version of galleries from which new definitions are of generation 2 and supported."""


@dataclass(frozen=True, slots=True)
class Traits:
    """Of an image, a definition or a machine; `security_type` is "" for standard ones."""

    generation: str = "V2"
    architecture: str = "x64"
    security_type: str = ""

    @property
    def is_supported_only(self) -> bool:
        """Whether it says what may be made of it, and holds no machine's guest state."""
        return self.security_type.lower().endswith("supported")


def filled(properties: dict[str, Any], api_version: str) -> dict[str, Any]:
    """A new definition's properties with what Azure takes where a client says nothing."""
    is_new = api_version >= _DEFAULTS_CHANGED
    generation = properties.get("hyperVGeneration") or ("V2" if is_new else "V1")
    features = list(properties.get("features") or ())
    names = {str(one.get("name")).lower() for one in features}
    if is_new and generation.upper() == "V2" and _FEATURE not in names:
        features.append({"name": "SecurityType", "value": _SUPPORTED})
    added = {"features": features} if features else {}
    return {**properties, "hyperVGeneration": generation, **added}


def of_definition(properties: dict[str, Any]) -> Traits:
    """Of an image definition; refuses by name a security type that is not known."""
    named = {
        str(one.get("name")).lower(): str(one.get("value") or "")
        for one in properties.get("features") or ()
    }
    security_type = named.get(_FEATURE, "")
    if security_type and security_type.lower() not in _DEFINED:
        raise not_served(f"an image definition of the security type '{security_type}'")
    generation = str(properties.get("hyperVGeneration") or "V2").upper()
    return Traits(generation, str(properties.get("architecture") or "x64"), security_type)


def asked_for(profile: dict[str, Any]) -> str:
    """The security type that a machine's or a model's properties ask for; "" for a standard one."""
    security = profile.get("securityProfile") or {}
    asked = str(security.get("securityType") or "")
    if asked == "ConfidentialVM":
        raise not_served("'securityProfile.securityType' ConfidentialVM")
    if asked == _TRUSTED:
        return _TRUSTED
    if security.get("uefiSettings"):
        message = "'uefiSettings' is allowed only with a securityType other than Standard."
        raise invalid_parameter("securityProfile.uefiSettings", message)
    return ""


def check_machine(profile: dict[str, Any], image: Traits, size: str, able: dict[str, str]) -> None:
    """Refuse a machine or a model that its image or its size does not go with.

    `able` are the capabilities of the size as `Microsoft.Compute/skus` names them.
    """
    asked = asked_for(profile)
    if not asked and image.security_type.lower() == _TRUSTED.lower():
        raise _bad(
            "The provided gallery image only supports creation of VMs and VM Scale Sets with "
            "'TrustedLaunch' security type."
        )
    if asked and image.security_type.lower() not in _MAKES_TRUSTED:
        raise _bad(
            "Use of TrustedLaunch setting is not supported for the provided image. Please select "
            "Trusted Launch Supported Gen2 OS Image. For more information, see "
            "https://aka.ms/TrustedLaunch-FAQ."
        )
    _check_size(asked, image, size, able)


def _check_size(asked: str, image: Traits, size: str, able: dict[str, str]) -> None:
    if image.generation not in able["HyperVGenerations"].split(","):
        number = image.generation.removeprefix("V")
        raise _bad(
            f"The selected VM size '{size}' cannot boot Hypervisor Generation '{number}'. If this "
            "was a Create operation please check that the Hypervisor Generation of the Image "
            "matches the Hypervisor Generation of the selected VM Size. If this was an Update "
            f"operation please select a Hypervisor Generation '{number}' VM Size."
        )
    only = able["CpuArchitectureType"]
    if image.architecture.lower() != only.lower():
        raise _bad(
            f"Cannot create a VM of size '{size}' because this VM size only supports a CPU "
            f"Architecture of '{only}', but an image or disk with CPU Architecture "
            f"'{image.architecture}' was given. Please check that the CPU Architecture of the "
            "image or disk is compatible with that of the VM size."
        )
    if asked and able.get("TrustedLaunchDisabled") == "True":
        raise _bad(
            f"The VM size '{size}' is not supported for creation of VMs and Virtual Machine Scale "
            f"Set with '{asked}' security type."
        )


def check_published(source: ResourceId, given: Traits, definition: Traits, is_vm: bool) -> None:
    """Refuse a version from a source that its definition takes none from."""
    if given.generation != definition.generation:
        raise _bad(
            f"The resource with id '{source}' has a different Hypervisor generation "
            f"['{given.generation}'] than the parent gallery image Hypervisor generation "
            f"['{definition.generation}']."
        )
    if given.architecture.lower() != definition.architecture.lower():
        raise _bad(
            f"The resource with id '{source}' has a different architecture "
            f"['{given.architecture}'] than the parent gallery image architecture "
            f"['{definition.architecture}']."
        )
    _check_security(source, given, definition, is_vm)


def _check_security(source: ResourceId, given: Traits, definition: Traits, is_vm: bool) -> None:
    kind = definition.security_type
    message = f"The security type '{kind or 'Standard'}' is not supported for the source id "
    if definition.is_supported_only:
        if is_vm or given.security_type.lower() == _TRUSTED.lower():
            raise invalid_parameter(
                "galleryImageVersion.properties.storageProfile.source",
                f"{message}'{source}'. Currently only Vhd Blob, User Image and Gallery Image "
                f"Version sources are supported for '{kind}' images.",
            )
        return
    has = "" if given.is_supported_only else given.security_type
    if has.lower() != kind.lower():
        raise invalid_parameter(
            "galleryImageVersion.properties.storageProfile.source",
            f"{message}'{source}', whose security type is '{has or 'Standard'}'.",
        )


def check_captured(profile: dict[str, Any]) -> None:
    """Refuse a managed image of a Trusted Launch machine (hashicorp/packer#13189)."""
    asked = asked_for(profile)
    if asked:
        raise not_allowed(
            "Creation of managed images are not supported for virtual machine with "
            f"{asked} security type."
        )


def of_machine(properties: dict[str, Any], image: Traits) -> Traits:
    """Of a machine made from an image."""
    asked = str(at(properties, "securityProfile", "securityType") or "")
    security_type = "" if asked.lower() == "standard" else asked
    return Traits(image.generation, image.architecture, security_type)


def _bad(message: str) -> ArmError:
    return ArmError(400, "BadRequest", message)
