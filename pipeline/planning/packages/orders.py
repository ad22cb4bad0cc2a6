"""How versions are ordered, by package manager: the one place that asks which manager it is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, Protocol, TypeAlias

from pipeline.planning.evidence.inventory import Manager, Package
from pipeline.planning.packages import dpkg, rpm_version


class Ordered(Protocol):
    """A version that knows whether it is older than another of its manager."""

    def __lt__(self, other: Any, /) -> bool: ...


Order: TypeAlias = Callable[[str], Ordered]
"""Of a version's text."""

ORDERS: Final[Mapping[Manager, Order]] = {"dpkg": dpkg.Version, "rpm": rpm_version.Version}


def newest_by_place(packages: Iterable[Package], order: Order) -> Mapping[tuple[str, str], Package]:
    """By name and architecture; of several versions, as kernels are kept, the newest."""
    found: dict[tuple[str, str], Package] = {}
    for one in packages:
        kept = found.get((one.name, one.architecture))
        if kept is None or order(kept.version) < order(one.version):
            found[one.name, one.architecture] = one
    return found
