"""What a package manager knows of a version: one value, whichever manager it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

from pipeline.planning.packages import rpm_state, state
from pipeline.planning.packages.rpm_state import RpmState
from pipeline.planning.packages.state import AptState

State: TypeAlias = AptState | RpmState

READINGS: Final[Mapping[str, Callable[[Mapping[str, Any]], State]]] = {
    state.FILE: state.reading,
    rpm_state.FILE: rpm_state.reading,
}
"""How it is read out of JSON, by what it is called in the evidence; a version has one of them."""
