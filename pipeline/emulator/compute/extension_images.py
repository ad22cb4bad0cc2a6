"""Extension types and their versions, as `az … extension set` looks them up by name.

Lists are bare arrays, as those of marketplace images (compute-depth of the azure-mgmt-compute SDK:
VirtualMachineExtensionImages).
"""

from __future__ import annotations

from typing import Any

from pipeline.emulator.arm.answers import Answer
from pipeline.emulator.arm.providers import Call, Route
from pipeline.emulator.arm.regions import normal_location

_TYPES = (
    "/subscriptions/{subscription}/providers/Microsoft.Compute/locations/{location}"
    "/publishers/{publisher}/artifacttypes/vmextension/types"
)
_SERVED = {"microsoft.managedservices": {"ApplicationHealthLinux": ("1.0.0.0", "2.0.0.0")}}


async def _types(call: Call) -> Answer:
    return _listing(call, list(_of(call)))


async def _versions(call: Call) -> Answer:
    asked = call.parameters["type"].lower()
    found = [versions for name, versions in _of(call).items() if name.lower() == asked]
    return _listing(call, [version for versions in found for version in versions])


def _of(call: Call) -> dict[str, tuple[str, ...]]:
    return _SERVED.get(call.parameters["publisher"].lower(), {})


def _listing(call: Call, names: list[str]) -> Answer:
    location = normal_location(call.parameters["location"])
    listed: list[dict[str, Any]] = [
        {"id": f"{call.path}/{name}", "location": location, "name": name} for name in names
    ]
    return Answer(200, listed)


ROUTES = (Route("GET", _TYPES, _types), Route("GET", f"{_TYPES}/{{type}}/versions", _versions))
