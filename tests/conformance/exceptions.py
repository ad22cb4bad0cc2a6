"""Where an exchange differs from Azure's models and is right all the same: the one list.

Each with its source. Those of the emulator's own reading are in `pipeline/emulator/models`.
"""

from __future__ import annotations

from collections.abc import Mapping

from pipeline.emulator.models.exceptions import ANSWERED, OPEN_ENUMS, UNDOCUMENTED

EITHER: Mapping[str, str] = {**UNDOCUMENTED, **OPEN_ENUMS}
"""Properties (`Model.property`), enums and values (`Enum=value`), sent and answered."""

SENT: Mapping[str, str] = {}

ANSWERED_ONLY: Mapping[str, str] = {**ANSWERED}

_SECRET = "never in an answer (azure-sdk-for-python#770; cluster-api-provider-azure keeps a hash)"
_EXPANDED = "only with $expand=userData (SDK: ExpandTypesForGetVMScaleSets, InstanceViewTypes)"
NEVER_ANSWERED: Mapping[str, str] = {
    "OSProfile.adminPassword": _SECRET,
    "OSProfile.customData": _SECRET,
    "VirtualMachineExtensionProperties.protectedSettings": _SECRET,
    "VirtualMachineProperties.userData": _EXPANDED,
    "VirtualMachineScaleSetExtensionProperties.protectedSettings": _SECRET,
    "VirtualMachineScaleSetOSProfile.adminPassword": _SECRET,
    "VirtualMachineScaleSetOSProfile.customData": _SECRET,
    "VirtualMachineScaleSetVMProfile.userData": _EXPANDED,
}
"""Write-only properties that the models do not mark as such."""

STATUSES: Mapping[str, str] = {}
"""By method and status."""


def is_excepted(side: str, what: str) -> bool:
    """Whether something stands in the list. `side` is `request`, `answer` or `status`."""
    own = {"request": SENT, "answer": ANSWERED_ONLY, "status": STATUSES}[side]
    return what in own or what in EITHER
