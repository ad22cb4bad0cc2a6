"""Protected settings of extensions, read from the places that the definition names.

Read when a body is sent that has them, and looked at before the first write. They go to Azure, and
nowhere else: not into a plan, a journal or what is printed.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from typing import Any

from pipeline.definition.shape import Extension, ScaleSetShape
from pipeline.errors import UsageError
from pipeline.output.facts import Output
from pipeline.planning.swap.steps import CreateScaleSet
from pipeline.state_files import read_mapping

_SHORTEST_HIDDEN = 6
"""Letters: shorter texts are words like `true`, and hiding those would hide everything."""


def look(steps: Iterable[object]) -> None:
    """Whether all that steps need can be read; raises UsageError or StateFileError."""
    for step in steps:
        if isinstance(step, CreateScaleSet):
            protected_settings(step.shape)


def protected_settings(shape: ScaleSetShape) -> dict[str, dict[str, Any]]:
    """By the extension's name; raises UsageError or StateFileError. None of a key vault's."""
    return {
        extension.name: settings
        for extension in shape.extensions
        if (settings := _read(extension)) is not None
    }


def hide(settings: object, output: Output) -> None:
    """Let none of it be printed, whoever answers it."""
    for text in _texts(settings):
        if len(text) >= _SHORTEST_HIDDEN:
            output.hide(text)


def _read(extension: Extension) -> dict[str, Any] | None:
    protected = extension.protected
    if protected is None or protected.secret_url:
        return None
    if protected.file:
        return read_mapping(protected.file)
    where = f"{protected.environment}, the protected settings of extension {extension.name}"
    try:
        found = json.loads(os.environ[protected.environment])
    except KeyError:
        raise UsageError(f"{where}: no such variable in the environment; set it") from None
    except (ValueError, RecursionError):
        raise UsageError(f"{where}: not JSON") from None
    if not isinstance(found, dict):
        raise UsageError(f"{where}: a JSON object is expected, not {type(found).__name__}")
    return found


def _texts(value: object) -> Iterator[str]:
    match value:
        case str():
            yield value
        case dict():
            for one in value.values():
                yield from _texts(one)
        case list():
            for one in value:
                yield from _texts(one)
