"""How rpm orders versions: https://rpm-software-management.github.io/rpm/man/rpm-version.7.

`~` sorts before the end of a text, `^` after it and before all else; letters before numbers.
"""

from __future__ import annotations

import re
from functools import total_ordering
from typing import Final, TypeAlias

_SEGMENTS: Final = re.compile(r"[A-Za-z]+|[0-9]+|[~^]")
_TILDE, _END, _CARET, _LETTERS, _NUMBER = range(5)
"""What may stand at one place, the oldest first."""

_Segment: TypeAlias = tuple[int, int, str]


@total_ordering
class Version:
    """A version as rpm orders it: `1:2.0~rc1-3.el9`; without an epoch it is 0."""

    __slots__ = ("_key",)

    def __init__(self, text: str) -> None:
        epoch, colon, rest = text.partition(":")
        if not colon:
            epoch, rest = "", text
        version, dash, release = rest.rpartition("-")
        if not dash:
            version, release = rest, ""
        number = int(epoch) if epoch.isascii() and epoch.isdigit() else 0
        self._key = (number, _key(version), bool(dash), _key(release))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Version) and self._key == other._key

    def __lt__(self, other: Version) -> bool:
        return self._key < other._key

    def __hash__(self) -> int:
        return hash(self._key)


def _key(part: str) -> tuple[_Segment, ...]:
    """Separators only separate: how many there are, and which, does not count."""
    return (*map(_segment, _SEGMENTS.findall(part)), (_END, 0, ""))


def _segment(text: str) -> _Segment:
    if text == "~":
        return _TILDE, 0, ""
    if text == "^":
        return _CARET, 0, ""
    if text.isdigit():
        digits = text.lstrip("0")
        return _NUMBER, len(digits), digits  # as numbers, however long they are
    return _LETTERS, 0, text
