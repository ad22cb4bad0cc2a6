"""What rpm knows on a machine: enough to ask package indexes what they would install there.

One value holds what was there before the bake, as the template wrote it down, and what is there
now, on the fresh machine of the check.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final, TypeAlias

from pipeline.planning.evidence.inventory import Package
from pipeline.planning.packages.state import Files

FILE: Final = "rpm-state.json"
"""In a run's folder, and what it is called in the evidence."""
FORMAT: Final = "bakeswap rpm state 1"

PACKAGE: Final = "N"
PROVIDES: Final = "P"
REQUIRES: Final = "R"
CONFLICTS: Final = "C"
OBSOLETES: Final = "O"
OWNS: Final = "F"
"""What a line of rpm's answer tells, by the word before its first bar; OWNS: a file."""

ABSENT: Final = "(none)"
"""What rpm prints for a tag that a package does not have."""
MODULAR: Final = re.compile(r"\.module[_+]")
"""In the release of a package of a module stream."""
NATIVE: Final = frozenset({"noarch"})

_FIELDS: Final = 6
_SOURCE: Final = re.compile(r"(.+)-([^-]+-[^-]+)\.(?:no)?src\.rpm")
_NVRA: Final = re.compile(r"(.+)-([^-]+-[^-]+)\.([^.]+)")
_INDEXED: Final = re.compile(r"/etc/.*|.*bin/.*|/usr/lib/sendmail")
"""Files that the main index of a repository names, too: others are seldom asked for."""
_OF_RPM: Final = "rpmlib("
_KEY: Final = "gpg-pubkey"
"""Keys are packages to rpm."""
_RELEASE: Final = (
    *("system-release(releasever)", "system-release", "distribution-release(releasever)"),
    *("distribution-release", "redhat-release", "suse-release"),
)
"""What the package provides that tells of $releasever; dnf's own list, the first that is there."""

Place: TypeAlias = tuple[str, str]
"""A package's name and architecture."""


@dataclass(frozen=True, slots=True)
class Relation:
    """What a package provides or asks for: `openssl-libs >= 1:3.0`, a file, or a rich one."""

    name: str
    flags: str = ""
    """As rpm prints them: `<`, `<=`, `=`, `>=`, `>`, or none."""
    version: str = ""


@dataclass(slots=True)
class Rpm:
    """An installed package with all that a resolver asks of it."""

    package: Package
    relations: dict[str, list[Relation]] = field(default_factory=dict)
    """By the words of lines: PROVIDES and so on; a file is a relation by its path."""

    @property
    def place(self) -> Place:
        """Where it is installed."""
        return self.package.name, self.package.architecture

    @property
    def is_modular(self) -> bool:
        """Whether it is of a module stream: those are not resolved here."""
        return MODULAR.search(self.package.version) is not None


@dataclass(frozen=True, slots=True)
class RpmState:
    """Both times of a version."""

    file: ClassVar[str] = FILE

    architecture: str
    """As the kernel names it, and as $basearch: `x86_64`."""
    base: tuple[str, ...]
    """`name-version-release.arch` before the bake; none where no template writes that down."""
    now: str
    """Lines of the finished version, as `reduced` leaves them."""
    settings: Files
    """Repositories, variables and dnf.conf, without names and passwords."""
    keys: Files
    """Of those who sign, in base64, by path."""

    def written(self) -> dict[str, Any]:
        """As JSON has it; `reading` is its inverse."""
        return {
            "format": FORMAT,
            "architecture": self.architecture,
            "base": list(self.base),
            "now": self.now,
            "settings": dict(self.settings),
            "keys": dict(self.keys),
        }


def reading(document: Mapping[str, Any]) -> RpmState:
    """Out of JSON; raises KeyError, TypeError or ValueError for what `written` never writes."""
    if document["format"] != FORMAT:
        raise ValueError(f"not {FORMAT!r}")
    return RpmState(
        str(document["architecture"]),
        tuple(map(str, document["base"])),
        str(document["now"]),
        dict(document["settings"]),
        dict(document["keys"]),
    )


def rpms(text: str) -> Iterator[Rpm]:
    """The packages of rpm's answer, without keys; what stands before the first is left out."""
    found: Rpm | None = None
    for line in text.splitlines():
        word, _, rest = line.partition("|")
        if word == PACKAGE:
            package = _package(rest)
            if found:
                yield found
            found = Rpm(package) if package else None
        elif found and rest and not rest.startswith((ABSENT, _OF_RPM)):
            name, flags, version = (
                (*rest.split("|"), "", "")[:3] if word != OWNS else (rest, "", "")
            )
            found.relations.setdefault(word, []).append(Relation(name, flags, version))
    if found:
        yield found


def reduced(text: str) -> str:
    """Rpm's answer without keys, and without files that nothing asks for."""
    every = list(rpms(text))
    wanted = {
        one.name for rpm in every for one in rpm.relations.get(REQUIRES, ()) if one.name[:1] == "/"
    }
    lines: list[str] = []
    for rpm in every:
        lines.append(_line(rpm.package))
        for word, relations in rpm.relations.items():
            for one in dict.fromkeys(relations):
                if word == OWNS and one.name not in wanted and not _INDEXED.fullmatch(one.name):
                    continue
                told = (word, one.name, one.flags, one.version)
                lines.append("|".join(told).rstrip("|"))
    return "\n".join(lines) + "\n" if lines else ""


def packages(found: Iterable[Rpm]) -> tuple[Package, ...]:
    """What is installed, sorted."""
    return tuple(sorted(rpm.package for rpm in found))


def release_of(found: Iterable[Rpm]) -> str:
    """What $releasever is; "" where no package tells."""
    told: dict[str, str] = {}
    for rpm in found:
        version = rpm.package.version.rpartition(":")[2].partition("-")[0]
        for one in rpm.relations.get(PROVIDES, ()):
            named = one.version if one.name.endswith("(releasever)") else ""
            told.setdefault(one.name, named or version)
    return next((told[name] for name in _RELEASE if name in told), "")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked of a resolver: what a bake installs, upon what, and what it upgrades."""

    upon: tuple[Rpm, ...]
    installed: tuple[Place, ...] = ()
    upgraded: tuple[Place, ...] = ()
    upgrades_all: bool = False


def question(base: tuple[str, ...], found: tuple[Rpm, ...], *, upgrades: bool) -> Wanted:
    """What the bake installed, upon the base; `upgrades`: it upgrades the base, too.

    `base` is as a state has it, `found` all that is installed after the bake.
    All that the bake added is asked for by name: whether for another package's sake makes no
    difference to the answer. What it removed stays removed. Packages of module streams stay as
    they are. Where nobody wrote the base down, all that is installed is upgraded.
    """
    if not base:
        return Wanted(found, upgrades_all=True)
    before: dict[Place, set[str]] = {}
    for match in filter(None, map(_NVRA.fullmatch, base)):
        before.setdefault((match[1], match[3]), set()).add(match[2])
    movable = [rpm for rpm in found if not rpm.is_modular]
    added = [rpm.place for rpm in movable if rpm.place not in before]
    renewed = [
        rpm.place
        for rpm in movable
        if rpm.place in before and rpm.package.version.rpartition(":")[2] not in before[rpm.place]
    ]
    gone = set(added)
    upon = tuple(rpm for rpm in found if rpm.place not in gone)
    return Wanted(upon, tuple(added), tuple(renewed), upgrades)


def _package(told: str) -> Package | None:
    name, epoch, version, release, architecture, source = (*told.split("|"), *[""] * _FIELDS)[
        :_FIELDS
    ]
    if not name or not version or name == _KEY:
        return None
    whole = f"{version}-{release}"
    match = _SOURCE.fullmatch(source)
    return Package(
        name,
        whole if epoch in {"", "0", ABSENT} else f"{epoch}:{whole}",
        architecture,
        match[1] if match else "",
        match[2] if match else "",
    )


def _line(one: Package) -> str:
    epoch, _, whole = one.version.rpartition(":")
    version, _, release = whole.rpartition("-")
    source = f"{one.source}-{one.source_version}.src.rpm" if one.source else ""
    return "|".join((PACKAGE, one.name, epoch, version, release, one.architecture, source))


def source_of(text: str) -> tuple[str, str]:
    """Name and version of the package that one was made of: `nginx-1.20-1.el9.src.rpm`."""
    match = _SOURCE.fullmatch(text)
    return (match[1], match[2]) if match else ("", "")
