"""How often compute may be asked about one resource.

Requests a minute and requests at once, of Microsoft's page of compute throttling limits (May 2024);
recorded headers tell the same.
"""

from __future__ import annotations

import json

from pipeline.emulator.arm.errors import ArmError
from pipeline.emulator.arm.rates import Limit

_SETS = "/virtualMachineScaleSets/[^/]+"
_MACHINES = "Microsoft.Compute/virtualMachines/[^/]+"
_OPERATIONS = "Microsoft.Compute/locations/[^/]+/[^/]*operations/[^/]+"


def _refusal(limit: Limit, headers: dict[str, str]) -> ArmError:
    """Compute's code and sentence (terraform-provider-azurerm#19146)."""
    told = json.dumps({"operationGroup": limit.name, "allowedRequestCount": int(limit.burst)})
    return ArmError(
        429,
        "OperationNotAllowed",
        "The server rejected the request because too many requests have been received for this"
        " subscription.",
        details=(ArmError(429, "TooManyRequests", told, target=limit.name),),
        headers=headers,
    )


LIMITS = (
    Limit("CreateVMScaleSet", "PUT|PATCH", f"{_SETS}$", 4, 12, _refusal),
    Limit("DeleteVMScaleSet", "DELETE", f"{_SETS}$", 4, 12, _refusal),
    Limit("GetVMScaleSet", "GET", f"{_SETS}$", 12, 36, _refusal),
    Limit(
        "HighCostGetVMScaleSet",
        "GET",
        f"{_SETS}/(?:instanceView|virtualMachines)$",
        10,
        30,
        _refusal,
    ),
    Limit("PutVM", "PUT|PATCH|DELETE", f"{_MACHINES}$", 4, 12, _refusal),
    Limit("GetVM", "GET", f"{_MACHINES}$", 12, 36, _refusal),
    Limit("GetOperation", "GET", f"{_OPERATIONS}$", 15, 45, _refusal),
)
