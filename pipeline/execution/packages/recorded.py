"""Where a version's packages are read: the one place that knows where they are kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from pipeline.errors import StateFileError
from pipeline.planning.evidence import inventory
from pipeline.planning.names import Tag
from pipeline.planning.packages import state
from pipeline.planning.packages.recorded import Recorded
from pipeline.planning.versions import ImageVersion
from pipeline.state_files import read_mapping

T = TypeVar("T")


def recorded(runs: Path, version: ImageVersion) -> Recorded | None:
    """What the run that made a version wrote down of it; None where nothing is left of that."""
    folder = runs / version.tags.get(Tag.RUN, "")
    found = _read(folder / inventory.FILE, inventory.reading)
    if found is None:
        return None
    return Recorded(found, _read(folder / state.FILE, state.reading))


def _read(path: Path, reading: Callable[[Mapping[str, Any]], T]) -> T | None:
    try:
        return reading(read_mapping(path))
    except (StateFileError, KeyError, TypeError, ValueError):
        return None
