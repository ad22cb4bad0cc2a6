"""The models of an azure-mgmt package as plain values: names on the wire, types, who writes."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from enum import Enum
from typing import Any

_WORDS: dict[Any, str] = {
    str: "string",
    bytes: "string",
    bool: "boolean",
    int: "integer",
    float: "number",
    datetime: "datetime",
    date: "datetime",
    time: "string",
    timedelta: "string",
}
_ALWAYS = {"read", "create", "update", "delete", "query"}
_NAMES: dict[str, Any] = {
    **{name: getattr(typing, name) for name in ("Any", "Literal", "Optional", "Union")},
    "datetime": inspect.getmodule(datetime),
    "typing": typing,
}


def models_of(
    classes: Mapping[str, Any], roots: set[str]
) -> tuple[dict[str, dict[str, str]], dict[str, list[str]]]:
    """The models that the roots lead to, by name, and the enums that these use.

    A property is written as its type: `string`, `boolean`, `integer`, `number`, `datetime`, `any`,
    an enum's or a model's name, `[x]` for an array, `{x}` for a mapping; and then, where they hold:
    `ro` (only Azure writes it), `wo` (never answered), `create` (cannot be changed), `req`.
    """
    reader = _Reader(classes)
    models: dict[str, dict[str, str]] = {}
    waiting = set(roots)
    while waiting:
        name = waiting.pop()
        models[name] = reader.model(classes[name])
        waiting |= reader.seen - set(models)
    return models, reader.enums


class _Reader:
    """Reads models, and remembers which others and which enums they name."""

    def __init__(self, classes: Mapping[str, Any]) -> None:
        self._classes = classes
        self._names = {**_NAMES, **classes}
        self.seen: set[str] = set()
        self.enums: dict[str, list[str]] = {}

    def model(self, cls: Any) -> dict[str, str]:
        """The properties of a model, by their names on the wire."""
        found: dict[str, str] = {}
        for base in reversed(cls.__mro__):
            for name, field in vars(base).items():
                if type(field).__name__ == "_RestField":
                    annotation = base.__annotations__[name]
                    found[field._rest_name_input or name] = self._property(field, annotation)
        return dict(sorted(found.items()))

    def _property(self, field: Any, annotation: Any) -> str:
        shape = self._resolve(annotation)
        visibility = set(field._visibility or _ALWAYS)
        flags = {
            "ro": visibility == {"read"},
            "wo": "read" not in visibility,
            "create": "create" in visibility and "update" not in visibility,
            "req": type(None) not in typing.get_args(shape),
        }
        return " ".join([self._word(shape), *(flag for flag, holds in flags.items() if holds)])

    def _resolve(self, annotation: Any) -> Any:
        if isinstance(annotation, typing.ForwardRef):
            annotation = annotation.__forward_arg__
        if isinstance(annotation, str):
            annotation = eval(annotation.replace("_models.", ""), self._names)  # noqa: S307 - the locked SDK's own
        return annotation

    def _word(self, annotation: Any) -> str:
        shape = self._resolve(annotation)
        origin, arguments = typing.get_origin(shape), typing.get_args(shape)
        if origin is typing.Union:
            return self._one_of(arguments)
        if origin is typing.Literal:
            return self._enum("".join(map(str, arguments)), arguments)
        if origin is list:
            return f"[{self._word(arguments[0])}]"
        if origin is dict:
            return f"{{{self._word(arguments[1])}}}"
        return self._class(shape)

    def _class(self, shape: Any) -> str:
        if inspect.isclass(shape) and issubclass(shape, Enum):
            return self._enum(shape.__name__, list(shape))
        if inspect.isclass(shape) and "Model" in {base.__name__ for base in shape.__mro__}:
            self.seen.add(shape.__name__)
            return str(shape.__name__)
        return _WORDS.get(shape, "any")

    def _one_of(self, choices: tuple[Any, ...]) -> str:
        """An enum that is open (`Union[str, Enum]`), or what is left when `None` is taken away."""
        resolved = [self._resolve(each) for each in choices if each is not type(None)]
        enums = [each for each in resolved if inspect.isclass(each) and issubclass(each, Enum)]
        if enums:
            return self._enum(enums[0].__name__, list(enums[0]))
        return self._word(resolved[0]) if len(resolved) == 1 else "any"

    def _enum(self, name: str, members: Any) -> str:
        values = [getattr(member, "value", member) for member in members]
        self.enums[name] = sorted(map(str, values))
        return name
