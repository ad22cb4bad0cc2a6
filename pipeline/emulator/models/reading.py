"""Reading a request's body as Azure reads it: by the model of its type.

Azure reads with Json.NET: names of properties and values of enums in any case, numbers and booleans
also as text (`"primary":"true"` is what the Azure CLI sends). Nulls and empty objects say nothing,
and what only Azure writes is ignored.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pipeline.emulator.models.exceptions import (
    ANSWERED,
    ENVELOPE,
    LOOKED_AT,
    OPEN_ENUMS,
    UNDOCUMENTED,
)
from pipeline.emulator.models.table import Model, Property, Shape, model_of, spellings_of

_KEPT_EMPTY = frozenset({"properties", "tags"})
_TRUTHS = {"true": True, "false": False}


class Unreadable(Exception):
    """What a body holds and Azure cannot read; `path` is as in `properties.probes[0].name`."""

    def __init__(self, sentence: str, path: str) -> None:
        super().__init__(f"{sentence} Path '{path}'.")
        self.path = path


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads bodies; `keeps_nulls` where a null means something: in a PATCH it removes."""

    keeps_nulls: bool = False

    def read(self, model: Model, body: Mapping[str, Any], path: str = "") -> dict[str, Any]:
        """The body with Azure's names, types and spellings, without what says nothing.

        Raises Unreadable.
        """
        made: dict[str, Any] = {}
        for given, value in body.items():
            name, known = _known(model, given)
            where = f"{path}.{given}" if path else given
            if known is None:
                if _is_kept(model, given, where):
                    made[given] = value
            elif known.read_only and f"{model.name}.{name}" not in LOOKED_AT:
                continue
            elif value is None:
                if self.keeps_nulls:
                    made[name] = None
            else:
                read = self._value(known.shape, value, where)
                if read != {} or known.shape.word != "model" or where in _KEPT_EMPTY:
                    made[name] = read
        return made

    def _value(self, shape: Shape, value: Any, path: str) -> Any:  # noqa: PLR0911 - one for each shape
        match shape.word:
            case "any":
                return value
            case "model":
                _require(isinstance(value, dict), shape, value, path)
                return self.read(model_of(shape.package, shape.name), value, path)
            case "array":
                return self._array(shape, value, path)
            case "map":
                return self._map(shape, value, path)
            case "enum":
                return _of_enum(shape, value, path)
            case "boolean":
                return _boolean(shape, value, path)
            case "integer" | "number":
                return _number(shape, value, path)
        _require(isinstance(value, str), shape, value, path)
        return value

    def _array(self, shape: Shape, value: Any, path: str) -> list[Any]:
        _require(isinstance(value, list), shape, value, path)
        of = shape.of or shape
        for number, each in enumerate(value):
            _require(each is not None or of.word == "any", of, each, f"{path}[{number}]")
        return [self._value(of, each, f"{path}[{n}]") for n, each in enumerate(value)]

    def _map(self, shape: Shape, value: Any, path: str) -> dict[str, Any]:
        _require(isinstance(value, dict), shape, value, path)
        of = shape.of or shape
        return {
            name: None if each is None else self._value(of, each, f"{path}.{name}")
            for name, each in value.items()
            if each is not None or self.keeps_nulls
        }


def _known(model: Model, given: str) -> tuple[str, Property | None]:
    """The property that a name means, and its own spelling."""
    found = model.properties.get(given)
    if found is not None:
        return given, found
    name = model.spellings.get(given.lower(), given)
    return name, model.properties.get(name)


def _is_kept(model: Model, given: str, path: str) -> bool:
    """Whether Azure keeps a property that no model has; raises Unreadable when it refuses it."""
    named = f"{model.name}.{given}"
    if named in UNDOCUMENTED:
        return True
    if named in ANSWERED or (given == path and given in ENVELOPE):
        return False
    raise Unreadable(f"Could not find member '{given}' on object of type '{model.name}'.", path)


def _of_enum(shape: Shape, value: Any, path: str) -> str:
    """The value as Azure spells it."""
    _require(isinstance(value, str), shape, value, path)
    spelled = spellings_of(shape.package, shape.name).get(value.lower())
    _require(spelled is not None or shape.name in OPEN_ENUMS or not value, shape, value, path)
    return spelled or str(value)


def _boolean(shape: Shape, value: Any, path: str) -> bool:
    read = _TRUTHS.get(value.lower()) if isinstance(value, str) else value
    _require(isinstance(read, bool), shape, value, path)
    return bool(read)


def _number(shape: Shape, value: Any, path: str) -> int | float:
    read: Any = value
    if isinstance(value, str):
        try:
            read = float(value) if shape.word == "number" else int(value)
        except ValueError:
            read = None
    if isinstance(read, float) and read.is_integer() and shape.word == "integer":
        read = int(read)
    is_one = isinstance(read, int if shape.word == "integer" else int | float)
    _require(is_one and not isinstance(read, bool), shape, value, path)
    number: int | float = read
    return number


def _require(holds: bool, shape: Shape, value: Any, path: str) -> None:
    if holds:
        return
    if isinstance(value, dict | list):
        what = "object" if isinstance(value, dict) else "array"
        raise Unreadable(f"Cannot deserialize the current JSON {what} into type '{shape}'.", path)
    is_shown = shape.word != "string"  # it may be a secret
    shown = "{null}" if value is None else json.dumps(value) if is_shown else type(value).__name__
    raise Unreadable(f"Error converting value {shown} to type '{shape}'.", path)
