"""What differs between two sets of packages, in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, TypeAlias

from pipeline.planning.evidence.inventory import Package
from pipeline.planning.packages.answers import Offers, closes
from pipeline.planning.packages.orders import Order, newest_by_place

Class: TypeAlias = Literal["security", "other", ""]
"""Of a newer version; "" where no index tells."""


@dataclass(frozen=True, slots=True)
class Change:
    """A package that is there and was not, is gone, or has another version."""

    name: str
    architecture: str
    old: str
    """Version; "" for a package that is new."""
    new: str
    """Version; "" for one that is gone."""
    kind: Class = ""

    @property
    def is_security(self) -> bool:
        """Whether what is newer, or was on the way, is a fix of security."""
        return self.kind == "security"

    def __str__(self) -> str:
        if not self.old:
            return f"{self.name} {self.new} (new)"
        if not self.new:
            return f"{self.name} {self.old} (gone)"
        words = f"{self.name} {self.old} -> {self.new}"
        return f"{words} (security)" if self.is_security else words

    @property
    def document(self) -> dict[str, Any]:
        """For programs."""
        return {"class" if key == "kind" else key: value for key, value in asdict(self).items()}


def changes(
    before: Iterable[Package], after: Iterable[Package], order: Order
) -> tuple[Change, ...]:
    """What makes `after` of `before`, by name; without classes."""
    old, new = newest_by_place(before, order), newest_by_place(after, order)
    found = []
    for place in sorted(old.keys() | new.keys()):
        was = old[place].version if place in old else ""
        is_now = new[place].version if place in new else ""
        if was != is_now:
            found.append(Change(*place, was, is_now))
    return tuple(found)


def classified(
    found: Iterable[Change],
    offered: Offers,
    names: Mapping[tuple[str, str], str],
    order: Order,
) -> tuple[Change, ...]:
    """The same with classes, security first; `names`: what a place is called among the offers."""
    told = []
    for one in found:
        rows = offered.get(names.get((one.name, one.architecture), one.name), ())
        kind: Class = ""
        if one.old and one.new and rows:
            kind = "security" if closes(rows, one.old, one.new, order) else "other"
        told.append(Change(one.name, one.architecture, one.old, one.new, kind))
    return tuple(sorted(told, key=lambda one: (not one.is_security, one.name, one.architecture)))


def fixes(
    packages: Iterable[Package],
    offered: Offers,
    names: Mapping[tuple[str, str], str],
    order: Order,
) -> tuple[Change, ...]:
    """Of installed packages the newest version that fixes security, where that is newer."""
    found = []
    for one in packages:
        rows = offered.get(names.get((one.name, one.architecture), one.name), ())
        fixed = max((row.version for row in rows if row.is_security), key=order, default="")
        if fixed and order(one.version) < order(fixed):
            found.append(Change(one.name, one.architecture, one.version, fixed, "security"))
    return tuple(found)


def in_words(found: tuple[Change, ...], shown: int = 1) -> str:
    """The first ones, and how many more: `openssl 1 -> 2 (security) and 3 more`."""
    hidden = len(found) - shown
    named = ", ".join(map(str, found[:shown]))
    return f"{named} and {hidden} more" if hidden > 0 else named
