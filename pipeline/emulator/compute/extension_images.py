"""Extension types and their versions, as `az … extension set` looks them up by name.

Lists are bare arrays, as those of marketplace images (azure-mgmt-compute:
VirtualMachineExtensionImages).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipeline.emulator.arm.answers import Answer
from pipeline.emulator.arm.providers import Call, Route
from pipeline.emulator.arm.regions import normal_location

_TYPES = (
    "/subscriptions/{subscription}/providers/Microsoft.Compute/locations/{location}"
    "/publishers/{publisher}/artifacttypes/vmextension/types"
)
_SERVED: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "microsoft.managedservices": {"ApplicationHealthLinux": ("1.0.0.0", "2.0.0.0")},
    "microsoft.azure.extensions": {"CustomScript": ("2.1.0.0",)},
}


async def _types(call: Call) -> Answer:
    return _listing(call, list(_of(call)))


async def _versions(call: Call) -> Answer:
    asked = call.parameters["type"].lower()
    found = [versions for name, versions in _of(call).items() if name.lower() == asked]
    return _listing(call, [version for versions in found for version in versions])


def _of(call: Call) -> Mapping[str, tuple[str, ...]]:
    return _SERVED.get(call.parameters["publisher"].lower(), {})


def _listing(call: Call, names: list[str]) -> Answer:
    location = normal_location(call.parameters["location"])
    listed: list[dict[str, Any]] = [
        {"id": f"{call.path}/{name}", "location": location, "name": name} for name in names
    ]
    return Answer(200, listed)


ROUTES = (Route("GET", _TYPES, _types), Route("GET", f"{_TYPES}/{{type}}/versions", _versions))
