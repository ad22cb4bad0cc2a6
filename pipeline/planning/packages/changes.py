"""What differs between two sets of packages, in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, TypeAlias

from pipeline.planning.evidence.inventory import Package
from pipeline.planning.packages.answers import Offers, closes
from pipeline.planning.packages.dpkg import Version, by_place

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
        """Whether a security suite has, or had on the way, what is newer."""
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


def changes(before: Iterable[Package], after: Iterable[Package]) -> tuple[Change, ...]:
    """What makes `after` of `before`, by name; without classes."""
    old, new = by_place(tuple(before)), by_place(tuple(after))
    found = []
    for place in sorted(old.keys() | new.keys()):
        was = old[place].version if place in old else ""
        is_now = new[place].version if place in new else ""
        if was != is_now:
            found.append(Change(*place, was, is_now))
    return tuple(found)


def classified(
    found: Iterable[Change], offered: Offers, names: Mapping[tuple[str, str], str]
) -> tuple[Change, ...]:
    """The same with classes, security first; `names`: how apt was asked for a place."""
    told = []
    for one in found:
        rows = offered.get(names.get((one.name, one.architecture), one.name), ())
        kind: Class = ""
        if one.old and one.new and rows:
            kind = "security" if closes(rows, one.old, one.new) else "other"
        told.append(Change(one.name, one.architecture, one.old, one.new, kind))
    return tuple(sorted(told, key=lambda one: (not one.is_security, one.name, one.architecture)))


def fixes(
    packages: Iterable[Package], offered: Offers, names: Mapping[tuple[str, str], str]
) -> tuple[Change, ...]:
    """Of installed packages the newest version that a security suite has, where that is newer."""
    found = []
    for one in packages:
        rows = offered.get(names.get((one.name, one.architecture), one.name), ())
        fixed = max((row.version for row in rows if row.is_security), key=Version, default="")
        if fixed and Version(one.version) < Version(fixed):
            found.append(Change(one.name, one.architecture, one.version, fixed, "security"))
    return tuple(found)


def in_words(found: tuple[Change, ...], shown: int = 1) -> str:
    """The first ones, and how many more: `openssl 1 -> 2 (security) and 3 more`."""
    hidden = len(found) - shown
    named = ", ".join(map(str, found[:shown]))
    return f"{named} and {hidden} more" if hidden > 0 else named
