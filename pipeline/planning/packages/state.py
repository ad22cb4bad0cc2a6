"""What apt knows on a machine, so that its question can be asked again somewhere else.

Written down twice: as it was before a bake's first script, and on the fresh machine of its check.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from pipeline.planning.packages.dpkg import automatic, by_place, installed, reduced

FILE: Final = "apt-state.json"
"""In a run's folder, and what it is called in the evidence."""
FORMAT: Final = "bakeswap apt state 1"

_USER_IN_URI = re.compile(r"(?<=://)[^/\s@]+@")

Files = Mapping[str, str]
"""Texts by their paths from the root: `etc/apt/sources.list`."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What was installed at one time, and from where it could have been."""

    status: str
    """dpkg's, without what no resolver asks for."""
    extended_states: str
    """apt's: what was installed for another package's sake."""
    sources: Files
    """`sources.list` and what is beside it, without names and passwords."""
    preferences: Files

    def __bool__(self) -> bool:
        return bool(self.status)


NOTHING: Final = Snapshot("", "", {}, {})


@dataclass(frozen=True, slots=True)
class AptState:
    """Both snapshots of a version."""

    file: ClassVar[str] = FILE

    architecture: str
    foreign: tuple[str, ...]
    """Further architectures that packages may be of."""
    base: Snapshot
    """Before the bake; NOTHING where its template does not write that down."""
    now: Snapshot
    """Of the finished version."""
    keyrings: Files
    """Contents by path, in base64."""

    @property
    def sources(self) -> Files:
        """Where a bake takes packages from: the base's sources, and those that it added."""
        return {**self.base.sources, **self.now.sources}

    @property
    def preferences(self) -> Files:
        """What is preferred among them."""
        return {**self.base.preferences, **self.now.preferences}

    def written(self) -> dict[str, Any]:
        """As JSON has it; `reading` is its inverse."""
        return {
            "format": FORMAT,
            "architecture": self.architecture,
            "foreign": list(self.foreign),
            "base": _written(self.base),
            "now": _written(self.now),
            "keyrings": dict(self.keyrings),
        }


def snapshot(status: str, extended_states: str, sources: Files, preferences: Files) -> Snapshot:
    """What a machine told, without what nobody needs and nobody may read."""
    clean = {path: _USER_IN_URI.sub("", text) for path, text in sources.items()}
    return Snapshot(reduced(status), extended_states, clean, dict(preferences))


def reading(document: Mapping[str, Any]) -> AptState:
    """Out of JSON; raises KeyError, TypeError or ValueError for what `written` never writes."""
    if document["format"] != FORMAT:
        raise ValueError(f"not {FORMAT!r}")
    return AptState(
        str(document["architecture"]),
        tuple(document["foreign"]),
        Snapshot(**document["base"]),
        Snapshot(**document["now"]),
        dict(document["keyrings"]),
    )


def added(state: AptState) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What the bake installed by name, and for the sake of that: `nginx`, `libc6:i386`."""
    before = by_place(installed(state.base.status))
    marks = automatic(state.now.extended_states)
    new = [place for place in by_place(installed(state.now.status)) if place not in before]
    wanted = tuple(named(state, place) for place in new if place not in marks)
    return wanted, tuple(named(state, place) for place in new if place in marks)


def renewed(state: AptState) -> tuple[str, ...]:
    """Packages of the base that have another version since the bake."""
    before = by_place(installed(state.base.status))
    after = by_place(installed(state.now.status))
    return tuple(
        named(state, place)
        for place, package in after.items()
        if place in before and before[place].version != package.version
    )


def named(state: AptState, place: tuple[str, str]) -> str:
    """A package as apt is asked for it."""
    name, architecture = place
    return f"{name}:{architecture}" if architecture in state.foreign else name


def _written(one: Snapshot) -> dict[str, Any]:
    return {
        "status": one.status,
        "extended_states": one.extended_states,
        "sources": dict(one.sources),
        "preferences": dict(one.preferences),
    }
