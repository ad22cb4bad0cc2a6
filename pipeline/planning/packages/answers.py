"""Reading what apt answers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pipeline.planning.packages.orders import Order

SECURITY = re.compile(r"security", re.IGNORECASE)

_INST = re.compile(r"^Inst (\S+?)(?::\S+)? (?:\[(\S+)\] )?\((\S+) .*?\[(\S+)\]\)", re.MULTILINE)
_REMV = re.compile(r"^(?:Remv|Purg) (\S+?)(?::(\S+))? \[", re.MULTILINE)
_UNKNOWN = re.compile(
    r"^E: (?:Unable to locate package (\S+)|Package '?([^'\s]+)'? has no installation candidate)",
    re.MULTILINE,
)
_NAME = re.compile(r"^(\S+):$")
_ROW = re.compile(r"^ (?:\*\*\*|   ) (\S+) -?\d+")
_FILE = re.compile(r"^ +-?\d+ (.+ Packages)$")
_RELEASE = re.compile(r"^ +release (.*)$")


@dataclass(frozen=True, slots=True)
class Installed:
    """A package that would be installed, or made another version."""

    name: str
    old: str
    new: str
    architecture: str


@dataclass(frozen=True, slots=True)
class Simulation:
    """What would be done."""

    installed: tuple[Installed, ...]
    removed: tuple[tuple[str, str], ...]
    """Names, and architectures where one is named."""


def simulation(text: str) -> Simulation:
    """Out of what `apt-get -s` prints."""
    installed = tuple(
        Installed(match[1], match[2] or "", match[3], match[4]) for match in _INST.finditer(text)
    )
    removed = tuple((match[1], match[2] or "") for match in _REMV.finditer(text))
    return Simulation(installed, removed)


def unknown(errors: str) -> frozenset[str]:
    """The packages that no index has, as `apt-get` names them."""
    return frozenset(match[1] or match[2] for match in _UNKNOWN.finditer(errors))


def first_error(errors: str) -> str:
    """The first thing that apt says is wrong; "" when it says nothing."""
    lines = [line.strip() for line in errors.splitlines() if line.strip()]
    wrong = [line for line in lines if line.startswith("E:")]
    return (wrong or lines or [""])[0].removeprefix("E:").strip()


@dataclass(frozen=True, slots=True)
class Offered:
    """A version that some index has."""

    version: str
    is_security: bool


Offers = Mapping[str, tuple[Offered, ...]]
"""By package, as it was asked for."""


def security_files(text: str) -> frozenset[str]:
    """Out of `apt-cache policy`: the indexes of security suites.

    By their label: Debian's says `Debian-Security` for ever, its archive `stable-security` shifts.
    Ubuntu has one label for all of its pockets, and `jammy-security` as archive.
    """
    found, file = set(), ""
    for line in text.splitlines():
        if match := _RELEASE.match(line):
            told = dict(part.partition("=")[::2] for part in match[1].split(","))
            if any(SECURITY.search(told.get(key, "")) for key in ("l", "a", "n")):
                found.add(file)
        elif match := _FILE.match(line):
            file = match[1]
    return frozenset(found)


def offers(text: str, security: frozenset[str]) -> Offers:
    """Out of `apt-cache policy PACKAGE...`: every version that an index has."""
    return {name: tuple(_offers(lines, security)) for name, lines in _by_name(text)}


def closes(offered: tuple[Offered, ...], old: str, new: str, order: Order) -> bool:
    """Whether what is newer than `old`, up to `new`, is a fix of security.

    All of them count: a later version carries on the fixes of versions that were skipped.
    """
    first, last = order(old), order(new)
    seen = (order(one.version) for one in offered if one.is_security)
    return any(first < version and not last < version for version in seen)


def _by_name(text: str) -> Iterator[tuple[str, list[str]]]:
    name, lines = "", list[str]()
    for line in text.splitlines():
        if match := _NAME.match(line):
            if name:
                yield name, lines
            name, lines = match[1], []
        else:
            lines.append(line)
    if name:
        yield name, lines


def _offers(lines: list[str], security: frozenset[str]) -> Iterator[Offered]:
    version, files = "", list[str]()
    for line in (*lines, " *** end 0"):
        if match := _ROW.match(line):
            if version and any(file in security for file in files):
                yield Offered(version, True)
            elif version and files:
                yield Offered(version, False)
            version, files = match[1], []
        elif match := _FILE.match(line):
            files.append(match[1])
