"""The security type of an image's machines in Azure's words: standard, or Trusted Launch.

Half of it is refused: a version is published only from a machine of its definition's type, and
makes only machines of it (Microsoft's page of image definitions, `shared-image-galleries`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from pipeline.definition.model import TRUSTED_LAUNCH, SecurityType

TRUSTED: Final = "TrustedLaunch"
"""Azure's word for Trusted Launch, on machines and of definitions."""

STANDARD_DEFINITION_API: Final = "2021-10-01"
"""The api-version that creates a standard image definition, as azure-cli 2.91 creates all of them.

From 2025-03-03 on, Azure gives one that names no security type `TrustedLaunchSupported`, and takes
no version of a machine for it (hashicorp/packer-plugin-azure#304); no word for none is documented.
"""

WAYS_OUT: Final = (
    "say its type as security_type in image.hcl, give the image another name, or delete its"
    " versions and the definition and create the environment again"
)
"""Azure gives a definition no other type once it has versions."""

_FEATURE: Final = "SecurityType"
_MAKES_TRUSTED = frozenset(
    {"trustedlaunch", "trustedlaunchsupported", "trustedlaunchandconfidentialvmsupported"}
)
_MAKES_NO_STANDARD = frozenset({"trustedlaunch", "confidentialvm"})


def of_machines(wanted: SecurityType) -> Mapping[str, Any]:
    """The `securityProfile` of a machine or of a scale set's model; nothing for a standard one.

    An image does not bring it along (hashicorp/terraform-provider-azurerm#23148).
    """
    if wanted != TRUSTED_LAUNCH:
        return {}
    uefi = {"secureBootEnabled": True, "vTpmEnabled": True}
    return {"securityProfile": {"securityType": TRUSTED, "uefiSettings": uefi}}


def of_definitions(wanted: SecurityType) -> Mapping[str, Any]:
    """The `features` of an image definition; nothing for a standard one."""
    if wanted != TRUSTED_LAUNCH:
        return {}
    return {"features": [{"name": _FEATURE, "value": TRUSTED}]}


def api_version(wanted: SecurityType) -> str:
    """The api-version that creates such a definition; "" for the SDK's own."""
    return "" if wanted == TRUSTED_LAUNCH else STANDARD_DEFINITION_API


def named_by(definition: Mapping[str, Any]) -> str:
    """The security type of an image definition's body; "" for standard ones."""
    features = (definition.get("properties") or {}).get("features") or ()
    named = {str(one["name"]).lower(): str(one.get("value") or "") for one in features}
    found = named.get(_FEATURE.lower(), "")
    return "" if found.lower() == "standard" else found


def takes_no_bake(wanted: SecurityType, definition: str) -> str:
    """Why a definition of a type takes no version of a machine of ours; "" where it does."""
    needed = TRUSTED if wanted == TRUSTED_LAUNCH else ""
    if definition.lower() == needed.lower():
        return ""
    return (
        f"the definition's security type is {definition or 'Standard'}: it takes no version from a"
        f" {in_words(wanted)} machine"
    )


def makes_no_set(wanted: SecurityType, definition: str) -> str:
    """Why no scale set of ours is made from a definition of a type; "" where one is."""
    if _makes(wanted, definition):
        return ""
    return (
        f"the definition's security type is {definition or 'Standard'}: it makes no"
        f" {in_words(wanted)} scale set"
    )


def boots_no_bake(wanted: SecurityType, base: str) -> str:
    """Why no machine of ours is made from a base of a type; "" where one is."""
    if _makes(wanted, base):
        return ""
    return f"its security type is {base or 'Standard'}: it makes no {in_words(wanted)} machine"


def _makes(wanted: SecurityType, source: str) -> bool:
    """Whether an image of a type, in Azure's words, makes machines of the one that is wanted."""
    if wanted == TRUSTED_LAUNCH:
        return source.lower() in _MAKES_TRUSTED
    return source.lower() not in _MAKES_NO_STANDARD


def in_words(wanted: SecurityType) -> str:
    """`standard`, `Trusted Launch`."""
    return "Trusted Launch" if wanted == TRUSTED_LAUNCH else "standard"
