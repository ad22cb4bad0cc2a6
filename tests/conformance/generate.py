"""Make the table of Azure's models anew, from the locked azure-mgmt packages.

`python -m tests.conformance.generate` writes `pipeline/emulator/models/table.json`: of every type
that the pipeline sends or the emulator serves, at the api-version that the SDK sends, the models of
its bodies and what its operations answer. The packages are generated from Microsoft's TypeSpec
(github.com/Azure/azure-rest-api-specs): models are read by their fields (`fields.py`), operations
as text (`operations.py`), because the SDK has no list of either.
"""

from __future__ import annotations

import importlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from tests.conformance.fields import models_of
from tests.conformance.operations import operations_of

TABLE = Path(__file__).parents[2] / "pipeline" / "emulator" / "models" / "table.json"
COMMAND = "python -m tests.conformance.generate"


@dataclass(frozen=True, slots=True)
class Package:
    """A locked package, and the types of it that the table holds (spelled as its paths do)."""

    distribution: str
    module: str
    types: tuple[str, ...]

    @property
    def name(self) -> str:
        """`compute`, `network`, `resources`: models of one name differ between packages."""
        return self.module.rpartition(".")[2]

    @property
    def text(self) -> str:
        """The source of its operations."""
        module = importlib.import_module(f"{self.module}.operations._operations")
        return Path(str(module.__file__)).read_text()

    @property
    def models(self) -> Mapping[str, Any]:
        """Its generated classes, by name."""
        return vars(importlib.import_module(f"{self.module}.models"))


PACKAGES = (
    Package(
        "azure-mgmt-compute",
        "azure.mgmt.compute",
        (
            "Microsoft.Compute/disks",
            "Microsoft.Compute/galleries",
            "Microsoft.Compute/galleries/images",
            "Microsoft.Compute/galleries/images/versions",
            "Microsoft.Compute/images",
            "Microsoft.Compute/locations/usages",
            "Microsoft.Compute/locations/vmSizes",
            "Microsoft.Compute/skus",
            "Microsoft.Compute/virtualMachines",
            "Microsoft.Compute/virtualMachines/extensions",
            "Microsoft.Compute/virtualMachineScaleSets",
            "Microsoft.Compute/virtualMachineScaleSets/virtualMachines",
        ),
    ),
    Package(
        "azure-mgmt-network",
        "azure.mgmt.network",
        (
            "Microsoft.Compute/virtualMachineScaleSets/networkInterfaces",
            "Microsoft.Compute/virtualMachineScaleSets/virtualMachines/networkInterfaces",
            "Microsoft.Network/loadBalancers",
            "Microsoft.Network/loadBalancers/backendAddressPools",
            "Microsoft.Network/loadBalancers/frontendIPConfigurations",
            "Microsoft.Network/loadBalancers/inboundNatRules",
            "Microsoft.Network/loadBalancers/loadBalancingRules",
            "Microsoft.Network/loadBalancers/outboundRules",
            "Microsoft.Network/loadBalancers/probes",
            "Microsoft.Network/locations/usages",
            "Microsoft.Network/natGateways",
            "Microsoft.Network/networkInterfaces",
            "Microsoft.Network/networkSecurityGroups",
            "Microsoft.Network/networkSecurityGroups/securityRules",
            "Microsoft.Network/publicIPAddresses",
            "Microsoft.Network/virtualNetworks",
            "Microsoft.Network/virtualNetworks/subnets",
        ),
    ),
    Package(
        "azure-mgmt-resource",
        "azure.mgmt.resource.resources",
        ("Microsoft.Resources/resourceGroups",),
    ),
)

VIEWS = frozenset(
    {
        *("health", "instanceView", "retrieveBootDiagnosticsData", "runCommand", "usages"),
        *("manualupgrade", "reimage"),
    }
)
"""Actions and views whose bodies are held to; of others only the status codes are."""


def table() -> dict[str, Any]:
    """The whole table; `text_of` writes it."""
    found = [_of_package(package) for package in PACKAGES]
    sources = {each.distribution: version(each.distribution) for each in PACKAGES}
    made: dict[str, Any] = {
        "about": "Azure's models of what is sent and served here; generated, not written",
        "make": COMMAND,
        "sources": sources,
        "types": dict(sorted((name, kind) for part in found for name, kind in part[0].items())),
        "models": {package.name: part[1] for package, part in zip(PACKAGES, found, strict=True)},
        "enums": {package.name: part[2] for package, part in zip(PACKAGES, found, strict=True)},
    }
    return made | {"size": _size(made)}


def _size(made: Mapping[str, Any]) -> str:
    models = [model for package in made["models"].values() for model in package.values()]
    properties = sum(map(len, models))
    return f"{len(made['types'])} types, {len(models)} models, {properties} properties"


def _of_package(package: Package) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    types: dict[str, Any] = {}
    roots: set[str] = set()
    for name, operations in operations_of(package.types, package.text).items():
        for verb, operation in operations.items():
            action = verb.partition(" ")[2]
            if action not in {"", "*", *VIEWS}:
                operation.pop("body", None)
                operation.pop("answer", None)
            roots |= {operation[part] for part in ("body", "answer") if part in operation}
        types[name] = {"package": package.name, "operations": operations}
    models, enums = models_of(package.models, roots)
    return types, models, enums


def text_of(made: Mapping[str, Any]) -> str:
    """The table as its file has it: a type, a model, an enum on each line."""
    lines = [f" {json.dumps(key)}: {json.dumps(made[key])}" for key in
             ("about", "make", "size", "sources")]  # fmt: skip
    lines.append(f' "types": {{\n{_lines(made["types"])}\n }}')
    for part in ("models", "enums"):
        packages = [f"  {json.dumps(name)}: {{\n{_lines(each)}\n  }}"
                    for name, each in made[part].items()]  # fmt: skip
        lines.append(f' "{part}": {{\n' + ",\n".join(packages) + "\n }")
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _lines(named: Mapping[str, Any]) -> str:
    return ",\n".join(_line(name, each) for name, each in sorted(named.items()))


def _line(name: str, value: Any) -> str:
    return f"   {json.dumps(name)}: {json.dumps(value, separators=(',', ':'))}"


if __name__ == "__main__":
    TABLE.write_text(text_of(table()))
