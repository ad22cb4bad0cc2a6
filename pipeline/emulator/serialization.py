"""Values as JSON and back: frozen dataclasses of plain fields, checked when they are read."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from types import UnionType
from typing import Any, Literal, TypeVar, Union, cast, get_args, get_origin, get_type_hints

T = TypeVar("T")


def dumps(value: object, *, indent: int | None = None, sort_keys: bool = False) -> str:
    """The value as JSON text: dataclasses as objects of their fields, tuples as arrays."""
    return json.dumps(value, default=_fields, indent=indent, sort_keys=sort_keys)


def _fields(value: object) -> dict[str, Any]:
    if is_dataclass(value) and not isinstance(value, type):
        return {each.name: getattr(value, each.name) for each in fields(value)}
    raise TypeError(f"{type(value).__name__} is not serializable")


def from_json(shape: type[T], value: object) -> T:
    """The value that `dumps` made this of. Raises ValueError, which names the field.

    The value itself is not in the message: it may be a secret.
    """
    return cast(T, _read(shape, value, ""))


def _read(shape: Any, value: object, where: str) -> Any:  # noqa: PLR0911 - one for each shape
    origin, arguments = get_origin(shape), get_args(shape)
    if shape is Any:
        return value
    if origin in {Union, UnionType}:
        return _read_one_of(arguments, value, where)
    if origin is Literal and isinstance(value, str) and value in arguments:
        return value
    if is_dataclass(shape) and isinstance(value, dict):
        return _read_dataclass(shape, value, where)
    if origin in {tuple, list} and isinstance(value, list):
        return origin(_read(arguments[0], inner, f"{where}[]") for inner in value)
    if origin in {dict, Mapping} and isinstance(value, dict):
        return {name: _read(arguments[1], inner, f"{where}.*") for name, inner in value.items()}
    if type(value) is shape:
        return value
    if shape is float and type(value) is int:
        return float(value)
    raise ValueError(f"{where.lstrip('.') or 'the value'} is not {_name(shape)}")


def _read_one_of(shapes: tuple[Any, ...], value: object, where: str) -> Any:
    if value is None and type(None) in shapes:
        return None
    wanted = [shape for shape in shapes if shape is not type(None)]
    for shape in wanted[:-1]:
        try:
            return _read(shape, value, where)
        except ValueError:
            continue
    return _read(wanted[-1], value, where)


def _read_dataclass(shape: Any, value: Mapping[str, object], where: str) -> Any:
    hints = _hints(shape)
    if different := set(value) ^ set(hints):
        raise ValueError(f"{where}.{min(different)} is missing or not known".lstrip("."))
    read = {name: _read(hint, value[name], f"{where}.{name}") for name, hint in hints.items()}
    return shape(**read)


@functools.cache
def _hints(shape: type[Any]) -> dict[str, Any]:
    hints = get_type_hints(shape)
    return {each.name: hints[each.name] for each in fields(shape) if each.init}


def _name(shape: Any) -> str:
    words = {str: "text", int: "a whole number", float: "a number", bool: "true or false"}
    return words.get(shape, "what belongs there")
