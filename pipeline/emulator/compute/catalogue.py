"""`Microsoft.Compute/skus`: the sizes with their families and capabilities.

Capability names and values are those of Azure's own answer (trusted-launch-faq of its docs); which
size has which follows Microsoft's pages of the size families.
"""

from __future__ import annotations

import re
from typing import Any

from pipeline.emulator.arm.allowances import Allowances
from pipeline.emulator.arm.answers import Answer
from pipeline.emulator.arm.errors import ArmError
from pipeline.emulator.arm.providers import Call, Route
from pipeline.emulator.arm.regions import REGIONS, normal_location
from pipeline.emulator.compute import sizes

_SKUS = "/subscriptions/{subscription}/providers/Microsoft.Compute/skus"
_SIZES = "/subscriptions/{subscription}/providers/Microsoft.Compute/locations/{location}/vmSizes"
_FILTER = re.compile(r"\s*location\s+eq\s+'([\w ]+)'\s*", re.IGNORECASE)
_SIZE = re.compile(r"Standard_(?P<letters>[A-Z]+)(?P<cores>\d+)(?P<suffix>[a-z]*)(?:_v(?P<v>\d))?")
_FIRST_WITH_NVME_ONLY = 6
_NO_SECOND_GENERATION = frozenset({"A2", "D2", "D3", "E3"})
"""Letters and version of families that boot generation 1 only."""


class Catalogue:
    """The sizes of all regions, and which of them are restricted."""

    def __init__(self, allowances: Allowances) -> None:
        self._allowances = allowances

    @property
    def routes(self) -> tuple[Route, ...]:
        """The list, which `$filter=location eq '…'` narrows, and the older one of a region."""
        return (Route("GET", _SKUS, self.listing), Route("GET", _SIZES, self._sizes))

    async def _sizes(self, call: Call) -> Answer:
        where = call.parameters["location"]
        offered = (size for size in sizes.names() if not self._allowances.restriction(where, size))
        return Answer(200, {"value": [sized(size) for size in offered]})

    async def listing(self, call: Call) -> Answer:
        """One entry for each size and region, as Azure lists them."""
        asked = call.query.get("$filter", "")
        match = _FILTER.fullmatch(asked)
        if asked and match is None:
            raise ArmError(400, "InvalidParameter", f"The filter '{asked}' is not supported.")
        wanted = [normal_location(match[1])] if match else list(REGIONS)
        return Answer(
            200, {"value": [self._sku(size, where) for where in wanted for size in sizes.names()]}
        )

    def _sku(self, size: str, location: str) -> dict[str, Any]:
        reason = self._allowances.restriction(location, size)
        return {
            "resourceType": "virtualMachines",
            "name": size,
            "tier": "Standard",
            "size": size.removeprefix("Standard_"),
            "family": family(size),
            "locations": [location],
            "locationInfo": [{"location": location, "zones": ["1", "2", "3"], "zoneDetails": []}],
            "capabilities": [
                {"name": name, "value": value} for name, value in capabilities(size).items()
            ],
            "restrictions": [_restriction(location, reason)] if reason else [],
        }


def sized(size: str) -> dict[str, Any]:
    """A size as `vmSizes` lists it; the shape is azure-mgmt-compute's VirtualMachineSize."""
    cores, memory = sizes.cores_and_memory(size)
    return {
        "name": size,
        "numberOfCores": cores,
        "osDiskSizeInMB": 1047552,
        "resourceDiskSizeInMB": 0,
        "memoryInMB": memory,
        "maxDataDiskCount": cores * 2,
    }


def check_offered(allowances: Allowances, size: str, location: str) -> None:
    """Raises ArmError as Azure refuses a restricted size (Azure-Samples/azuresandbox#70)."""
    if allowances.restriction(location, size):
        raise ArmError(
            409,
            "SkuNotAvailable",
            "The requested VM size for resource 'Following SKUs have failed for Capacity "
            f"Restrictions: {size}' is currently not available in location '{location}'. Please "
            "try another size or deploy to a different location or different zone. See "
            "https://aka.ms/azureskunotavailable for details.",
        )


def family(size: str) -> str:
    """The name of the quota that a size counts against: `standardDSv5Family`."""
    letters, suffix, version = _parts(size)
    if letters == "B" and not version:
        return "standardBSFamily"
    if letters == "B":
        return f"standardB{'as' if 'a' in suffix else 's'}v{version}Family"
    if version >= _FIRST_WITH_NVME_ONLY:
        return f"Standard{letters}{suffix}v{version}Family"
    return f"standard{letters}{suffix.upper()}{f'v{version}' if version else ''}Family"


def _parts(size: str) -> tuple[str, str, int]:
    match = _SIZE.fullmatch(sizes.spelled(size))
    if match is None:
        raise ValueError(f"{size} is not called as sizes are")
    return match["letters"], match["suffix"], int(match["v"] or 0)


def capabilities(size: str) -> dict[str, str]:
    """Of a size, by Azure's names for them; all values are text."""
    cores, memory = sizes.cores_and_memory(size)
    letters, suffix, version = _parts(size)
    is_arm = "p" in suffix
    only_first = f"{letters}{version}" in _NO_SECOND_GENERATION and "s" not in suffix
    only_second = is_arm or version >= _FIRST_WITH_NVME_ONLY
    generations = "V1" if only_first else "V2" if only_second else "V1,V2"
    named = {
        "vCPUs": str(cores),
        "vCPUsAvailable": str(cores),
        "MemoryGB": f"{memory / 1024:g}",
        "MaxDataDiskCount": str(cores * 2),
        "HyperVGenerations": generations,
        "CpuArchitectureType": "Arm64" if is_arm else "x64",
        "PremiumIO": str("s" in suffix.lower() or letters.endswith("S")),
        "AcceleratedNetworkingEnabled": "True",
        "EncryptionAtHostSupported": "True",
        "DiskControllerTypes": "NVMe" if version >= _FIRST_WITH_NVME_ONLY else "SCSI",
    }
    return named | ({"TrustedLaunchDisabled": "True"} if is_arm or only_first else {})


def _restriction(location: str, reason: str) -> dict[str, Any]:
    return {
        "type": "Location",
        "values": [location],
        "restrictionInfo": {"locations": [location], "zones": []},
        "reasonCode": reason,
    }
