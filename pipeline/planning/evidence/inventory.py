"""What is installed in an image version, as its package manager told it on a fresh machine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal, TypeAlias

FILE: Final = "inventory.json"
"""In a run's folder, and what it is called in the evidence."""

Manager: TypeAlias = Literal["dpkg", "rpm"]


@dataclass(frozen=True, slots=True, order=True)
class Package:
    """One installed package, in its manager's own words."""

    name: str
    version: str
    """Whole: epoch, upstream and revision."""
    architecture: str
    source: str = ""
    """The source package it was made of; "" for one of the same name."""
    source_version: str = ""
    """Of that source; "" for the same version."""


@dataclass(frozen=True, slots=True)
class Inventory:
    """All packages of a machine, sorted; `distribution` as its os-release says: `debian-12`."""

    manager: Manager
    distribution: str
    packages: tuple[Package, ...]

    def written(self) -> dict[str, Any]:
        """As JSON has it; `reading` is its inverse."""
        found = asdict(self)
        found["packages"] = [
            {key: value for key, value in asdict(package).items() if value}
            for package in sorted(self.packages)
        ]
        return found


def reading(document: Mapping[str, Any]) -> Inventory:
    """Out of JSON; raises KeyError, TypeError or ValueError for what `written` never writes."""
    manager = document["manager"]
    if manager not in {"dpkg", "rpm"}:
        raise ValueError(f"no package manager is called {manager!r}")
    packages = tuple(sorted(Package(**package) for package in document["packages"]))
    return Inventory(manager, str(document["distribution"]), packages)
