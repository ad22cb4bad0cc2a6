"""Asking the repositories of an rpm image, by libsolv, without dnf, root or a machine."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

from pipeline.errors import StateFileError, Unreachable
from pipeline.execution.azure.side_by_side import side_by_side
from pipeline.execution.packages import rpm_fetching, rpm_solving
from pipeline.execution.packages.rpm_fetching import Published, published
from pipeline.execution.packages.rpm_solving import Resolver
from pipeline.execution.packages.rpm_unpacking import pieces
from pipeline.planning.packages.answers import Offered
from pipeline.planning.packages.changes import Change, changes, classified, fixes
from pipeline.planning.packages.orders import newest_by_place
from pipeline.planning.packages.prediction import Prediction
from pipeline.planning.packages.rpm_advisories import Fixed, fixed
from pipeline.planning.packages.rpm_index import ADVISORIES
from pipeline.planning.packages.rpm_repos import Repository, repositories
from pipeline.planning.packages.rpm_state import (
    Place,
    RpmState,
    packages,
    question,
    release_of,
    rpms,
)
from pipeline.planning.packages.rpm_version import Version
from pipeline.state_files import read_mapping, write_private


class RpmIndexes:
    """Those of one state."""

    def __init__(self, state: RpmState) -> None:
        self._state = state
        self._rpms = tuple(rpms(state.now))

    @property
    def key(self) -> str:
        """Of the repositories' settings and keys, and what their variables are."""
        state = self._state
        told = (
            *(state.architecture, release_of(self._rpms)),
            *(sorted(state.settings.items()), sorted(state.keys.items())),
        )
        return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:16]

    def require(self) -> None:
        """Raise Unreachable where libsolv is not."""
        rpm_solving.require()

    def refresh(self, folder: Path, *, fetches: bool) -> None:
        """Fetch the lists that changed, from all repositories side by side."""
        found = [(one, _folder(folder, one)) for one in self._repositories()]
        if not fetches:
            for one in found:
                published(*one)
            return
        keys = {path: base64.b64decode(text) for path, text in self._state.keys.items()}
        side_by_side([partial(rpm_fetching.refresh, *one, keys) for one in found])

    def foretell(self, folder: Path, *, upgrades: bool) -> Prediction:
        """Upon the base what the bake added, and what it upgraded, by name."""
        known = self._published(folder)
        wanted = question(self._state.base, self._rpms, upgrades=upgrades)
        resolver = self._resolver(known)
        solved = resolver.solve(wanted, self._rpms)
        found = changes(packages(self._rpms), solved.packages, Version)
        modular = (one.package.name for one in self._rpms if one.is_modular)
        return Prediction(
            solved.packages,
            _classified(resolver, known, found),
            "bake" if self._state.base else "installed",
            tuple(sorted({*(name for name, _ in solved.unknown), *modular})),
        )

    def open_fixes(self, folder: Path) -> tuple[Change, ...]:
        """The installed packages that an advisory of security has a newer version of."""
        places = [one.place for one in self._rpms if not one.is_modular]
        newest = newest_by_place(packages(self._rpms), Version)
        names = _names(places)
        told = _fixed(self._published(folder))
        offered = {name: _fixes(told, name) for name in names.values()}
        return fixes([newest[place] for place in names], offered, names, Version)

    def classes(self, folder: Path, found: Sequence[Change]) -> tuple[Change, ...]:
        """As far as the repositories and their advisories still tell."""
        known = self._published(folder)
        return _classified(self._resolver(known), known, found)

    def _resolver(self, known: Sequence[Published]) -> Resolver:
        return Resolver(self._state.architecture, known)

    def _repositories(self) -> tuple[Repository, ...]:
        state = self._state
        try:
            found = repositories(state.settings, release_of(self._rpms), state.architecture)
        except ValueError as error:
            raise Unreachable(str(error)) from error
        if not found:
            raise Unreachable("no repository is enabled in /etc/yum.repos.d")
        return found

    def _published(self, folder: Path) -> list[Published]:
        return [published(one, _folder(folder, one)) for one in self._repositories()]


def _folder(folder: Path, repository: Repository) -> Path:
    """Whatever a repository is called, its folder is one below that of the sources."""
    return folder / hashlib.sha256(repository.name.encode()).hexdigest()[:16]


def _names(places: Iterable[Place]) -> dict[Place, str]:
    """What packages are called among offers."""
    return {place: ".".join(place) for place in places}


def _classified(
    resolver: Resolver, known: Sequence[Published], found: Sequence[Change]
) -> tuple[Change, ...]:
    told = _fixed(known)
    places = [(one.name, one.architecture) for one in found if one.old and one.new]
    names = _names(places)
    offered = {
        name: (
            *(Offered(one, False) for one in resolver.versions(*place)),
            *_fixes(told, name),
        )
        for place, name in names.items()
    }
    return classified(found, offered, names, Version)


def _fixes(told: Sequence[Fixed], name: str) -> tuple[Offered, ...]:
    return tuple(Offered(one, True) for each in told for one in each.get(name, ()))


def _fixed(known: Sequence[Published]) -> list[Fixed]:
    """What the advisories of each repository fix, read once and kept beside them."""
    return [_fixed_by(one, path) for one in known if (path := one.file(ADVISORIES))]


def _fixed_by(known: Published, path: Path) -> Fixed:
    kept = path.with_name(f"{path.name}.json")
    with suppress(StateFileError):
        return {name: tuple(versions) for name, versions in read_mapping(kept).items()}
    try:
        found = fixed(pieces(path, known.data[ADVISORIES].open_size))
    except ValueError as error:
        raise Unreachable(f"{known.repository.name}: {path.name}: {error}") from error
    write_private(kept, json.dumps(found))
    return found
