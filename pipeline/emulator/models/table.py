"""The table of Azure's models, as typed values.

`table.json` is generated from the azure-mgmt packages that are locked (its header says how to make
it anew); `others.py` holds what those packages do not know. Models are parsed when first asked for.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeAlias, cast

from pipeline.emulator.models.key_vault import KEY_VAULT
from pipeline.emulator.models.others import OTHERS

_FILE = Path(__file__).with_name("table.json")
_WORDS = frozenset({"any", "boolean", "datetime", "integer", "number", "string"})

Word: TypeAlias = Literal[
    "any", "boolean", "datetime", "integer", "number", "string", "enum", "model", "array", "map"
]


@dataclass(frozen=True, slots=True)
class Shape:
    """A type: a word for itself; `enum` and `model` have a name, `array` and `map` what is in."""

    word: Word
    package: str = ""
    name: str = ""
    of: Shape | None = None

    def __str__(self) -> str:
        if self.word == "array":
            return f"{self.of}[]"
        return f"{{string: {self.of}}}" if self.word == "map" else self.name or self.word


@dataclass(frozen=True, slots=True)
class Property:
    """What a model says of one property. A write-only one is never answered."""

    shape: Shape
    read_only: bool = False
    write_only: bool = False
    required: bool = False


@dataclass(frozen=True, slots=True)
class Model:
    """The properties of an object, by their names on the wire."""

    name: str
    properties: Mapping[str, Property]
    spellings: Mapping[str, str]
    """The same names by their lower case: Azure reads them without regard to case."""


@dataclass(frozen=True, slots=True)
class Operation:
    """What an operation takes and answers: names of models ("" for none), statuses of success.

    `long` means that it may go on behind the answer, `many` that the answer is a list of these.
    """

    api: str
    codes: tuple[int, ...]
    body: str = ""
    answer: str = ""
    long: bool = False
    many: bool = False


@dataclass(frozen=True, slots=True)
class Type:
    """A resource type and its operations: by `PUT`, `GET *` for a list, `POST deallocate`."""

    name: str
    package: str
    operations: Mapping[str, Operation] = field(default_factory=dict)


def type_of(name: str) -> Type | None:
    """A resource type, in any case; None for one that no model is known of."""
    return _types().get(name.lower())


@functools.cache
def model_of(package: str, name: str) -> Model:
    """A model of a package (`compute`, `network`, `resources`, `others`). Raises KeyError."""
    given = _table()["models"][package][name]
    properties = {each: _property(package, written) for each, written in given.items()}
    return Model(name, properties, {each.lower(): each for each in properties})


@functools.cache
def spellings_of(package: str, name: str) -> Mapping[str, str]:
    """The values of an enum as Azure spells them, by their lower case. Raises KeyError."""
    return {value.lower(): value for value in _table()["enums"][package][name]}


@functools.cache
def _types() -> Mapping[str, Type]:
    return {name.lower(): _type(name, given) for name, given in _table()["types"].items()}


def _type(name: str, given: Mapping[str, Any]) -> Type:
    operations = {
        verb: Operation(**{**operation, "codes": tuple(operation["codes"])})
        for verb, operation in given["operations"].items()
    }
    return Type(name, given["package"], operations)


def _property(package: str, written: str) -> Property:
    word, *flags = written.split()
    return Property(_shape(package, word), "ro" in flags, "wo" in flags, "req" in flags)


def _shape(package: str, written: str) -> Shape:
    if written[0] in "[{":
        return Shape("array" if written[0] == "[" else "map", of=_shape(package, written[1:-1]))
    if written in _WORDS:
        return Shape(cast(Word, written))
    is_enum = written in _table()["enums"].get(package, {})
    return Shape("enum" if is_enum else "model", package, written)


@functools.cache
def _table() -> Mapping[str, Any]:
    generated: dict[str, Any] = json.loads(_FILE.read_text())
    for part in ("types", "models", "enums"):
        generated[part] |= OTHERS[part] | KEY_VAULT[part]
    return generated
