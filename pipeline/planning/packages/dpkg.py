"""What dpkg writes down, and how it orders versions.

The order: https://www.debian.org/doc/debian-policy/ch-controlfields.html#version
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import total_ordering

from pipeline.planning.evidence.inventory import Package

UNNEEDED = frozenset({"description", "conffiles", "homepage", "maintainer"})
"""Fields of a status file that no resolver asks for, and most of its size."""

_SOURCE = re.compile(r"(\S+)(?: \((\S+)\))?")
_PIECES = re.compile(r"(\D*)(\d*)")


def paragraphs(text: str) -> Iterator[str]:
    """The paragraphs of a control file, without empty lines."""
    return (part for part in re.split(r"\n[ \t]*\n", text.strip("\n")) if part.strip())


def fields(paragraph: str) -> dict[str, str]:
    """The fields of a paragraph, their names in lower case; folded lines are kept as they are."""
    found: dict[str, str] = {}
    name = ""
    for line in paragraph.splitlines():
        if line[:1] in {" ", "\t"}:
            found[name] = f"{found.get(name, '')}\n{line}"
        else:
            name, _, value = line.partition(":")
            name = name.strip().lower()
            found[name] = value.strip()
    return found


def reduced(status: str) -> str:
    """A status file without the fields that nobody resolves by."""
    kept = []
    for paragraph in paragraphs(status):
        lines: list[str] = []
        is_kept = True
        for line in paragraph.splitlines():
            if line[:1] not in {" ", "\t"}:
                is_kept = line.partition(":")[0].strip().lower() not in UNNEEDED
            if is_kept:
                lines.append(line)
        kept.append("\n".join(lines))
    return "\n\n".join(kept) + "\n" if kept else ""


def installed(status: str) -> tuple[Package, ...]:
    """The packages that a status file says are installed, sorted."""
    return tuple(sorted(package for package in map(_package, paragraphs(status)) if package))


def _package(paragraph: str) -> Package | None:
    told = fields(paragraph)
    name, version = told.get("package", ""), told.get("version", "")
    if told.get("status", "").split()[-1:] != ["installed"] or not name or not version:
        return None
    match = _SOURCE.match(told.get("source", ""))
    source, of_source = (match[1], match[2] or "") if match else ("", "")
    return Package(name, version, told.get("architecture", ""), source, of_source)


def automatic(extended_states: str) -> frozenset[tuple[str, str]]:
    """Names and architectures of what was installed for another package's sake."""
    every = map(fields, paragraphs(extended_states))
    return frozenset(
        (one.get("package", ""), one.get("architecture", ""))
        for one in every
        if one.get("auto-installed") == "1"
    )


def by_place(packages: tuple[Package, ...]) -> Mapping[tuple[str, str], Package]:
    """Packages by name and architecture: a name may be installed for several."""
    return {(package.name, package.architecture): package for package in packages}


@total_ordering
class Version:
    """A version as dpkg orders it: `1:2.0~rc1-3`."""

    __slots__ = ("_key",)

    def __init__(self, text: str) -> None:
        epoch, colon, rest = text.partition(":")
        if not colon:
            epoch, rest = "", text
        upstream, _, revision = rest.rpartition("-") if "-" in rest else (rest, "", "")
        self._key = (int(epoch) if epoch.isdigit() else 0, _key(upstream), _key(revision or "0"))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Version) and self._key == other._key

    def __lt__(self, other: Version) -> bool:
        return self._key < other._key

    def __hash__(self) -> int:
        return hash(self._key)


def _key(part: str) -> tuple[tuple[tuple[int, ...], int], ...]:
    """Pieces of text and number; the end of a text sorts after `~` and before all else."""
    # findall ends with an empty match, which stands for the end.
    return tuple((_text(text), int(digits or 0)) for text, digits in _PIECES.findall(part))


def _text(text: str) -> tuple[int, ...]:
    return (*(_weight(letter) for letter in text), 0)


def _weight(letter: str) -> int:
    if letter == "~":
        return -1
    return ord(letter) if letter.isascii() and letter.isalpha() else ord(letter) + 0x10000
