"""Asking package indexes what they have, whichever package manager an image has."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Protocol

from pipeline.execution.packages.apt import AptIndexes
from pipeline.execution.packages.folders import Folders
from pipeline.execution.packages.rpm import RpmIndexes
from pipeline.planning.packages.changes import Change
from pipeline.planning.packages.prediction import Prediction
from pipeline.planning.packages.rpm_state import RpmState
from pipeline.planning.packages.states import State


class Manager(Protocol):
    """How the indexes of one state are asked, in a folder; Unreachable where they cannot be."""

    @property
    def key(self) -> str:
        """What all states have in common that ask the same sources: a folder's name."""

    def require(self) -> None:
        """Raise Unreachable where this machine lacks what it is asked with."""

    def refresh(self, folder: Path, *, fetches: bool) -> None:
        """Fetch what changed; without `fetches`, see that there is something of earlier."""

    def foretell(self, folder: Path, *, upgrades: bool) -> Prediction:
        """What the bake would install."""

    def open_fixes(self, folder: Path) -> tuple[Change, ...]:
        """The security fixes that are newer than what is installed."""

    def classes(self, folder: Path, found: Sequence[Change]) -> tuple[Change, ...]:
        """Changes with their classes."""


class Indexes:
    """What package indexes have now; may be asked by several threads."""

    def __init__(self, cache: Path | None = None, *, fetches: bool = True) -> None:
        """`fetches`: lists are refreshed first; otherwise those of the last time must do."""
        self._fetches = fetches
        self._folders = Folders(cache, waits=fetches)

    def foretell(self, state: State, *, upgrades: bool) -> Prediction:
        """What the bake of a version would install today.

        `upgrades`: a script of it upgrades all packages. Raises Unreachable where the indexes, or
        what they are asked with, cannot be had; StateFileError when the cache cannot be written.
        """
        with self._asked(state) as (manager, folder):
            return manager.foretell(folder, upgrades=upgrades)

    def open_fixes(self, state: State) -> tuple[Change, ...]:
        """The installed packages that have a newer version for security; errors as above."""
        with self._asked(state) as (manager, folder):
            return manager.open_fixes(folder)

    def classes(self, state: State, found: Sequence[Change]) -> tuple[Change, ...]:
        """Changes with their classes, as far as the indexes still tell; errors as above."""
        with self._asked(state) as (manager, folder):
            return manager.classes(folder, found)

    @contextmanager
    def _asked(self, state: State) -> Iterator[tuple[Manager, Path]]:
        manager: Manager = RpmIndexes(state) if isinstance(state, RpmState) else AptIndexes(state)
        manager.require()
        refresh = partial(manager.refresh, fetches=self._fetches)
        with self._folders.of(manager.key, refresh) as folder:
            yield manager, folder
