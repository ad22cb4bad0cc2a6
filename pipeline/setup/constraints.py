"""Versions and what `required_plugins` says of them, as Packer reads it (hashicorp/go-version)."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

Version: TypeAlias = tuple[int, int, int]

_COMPARED: Mapping[str, Callable[[Version, Version], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}
_ONE = re.compile(r"(?P<sign>=|!=|>=|<=|>|<|~>)?\s*v?(?P<number>\d+(?:\.\d+){0,2})")


def parsed(text: str) -> Version | None:
    """`v1.2.3` as numbers; None for what is no release."""
    found = re.fullmatch(r"v?(\d+)\.(\d+)\.(\d+)", text.strip())
    return (int(found[1]), int(found[2]), int(found[3])) if found else None


@dataclass(frozen=True, slots=True)
class _Bound:
    sign: str
    numbers: tuple[int, ...]

    @property
    def version(self) -> Version:
        """With zeros where nothing was said."""
        first, second, third = (*self.numbers, 0, 0)[:3]
        return (first, second, third)

    def allows(self, version: Version) -> bool:
        """Whether a version is within it."""
        own = self.version
        if self.sign == "~>":
            kept = max(len(self.numbers) - 1, 1)
            return version >= own and version[:kept] == own[:kept]
        return _COMPARED[self.sign](version, own)


@dataclass(frozen=True, slots=True)
class Constraint:
    """All of one constraint, `>= 1.1.0, < 2.0.0`; an empty one allows every version."""

    bounds: tuple[_Bound, ...]

    @classmethod
    def of(cls, text: str) -> Constraint | None:
        """None for one that is no constraint."""
        parts = [part.strip() for part in text.split(",") if part.strip()]
        found = [_ONE.fullmatch(part) for part in parts]
        if not all(found):
            return None
        bounds = (
            _Bound(one["sign"] or "=", tuple(map(int, one["number"].split("."))))
            for one in found
            if one
        )
        return cls(tuple(bounds))

    def allows(self, version: Version) -> bool:
        """Whether all of it does."""
        return all(bound.allows(version) for bound in self.bounds)

    @property
    def named(self) -> tuple[Version, ...]:
        """The versions that it names and allows, the newest first: known without any list."""
        own = {bound.version for bound in self.bounds}
        return tuple(sorted(filter(self.allows, own), reverse=True))
