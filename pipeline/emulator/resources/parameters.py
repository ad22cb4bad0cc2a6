"""A template's parameters: declared, given, checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pipeline.emulator.resources.expressions import Function, TemplateError, resolve

_TYPES: dict[str, tuple[str, type | tuple[type, ...]]] = {
    "string": ("String", str),
    "securestring": ("SecureString", str),
    "int": ("Int", int),
    "bool": ("Bool", bool),
    "object": ("Object", dict),
    "secureobject": ("SecureObject", dict),
    "array": ("Array", list),
}
"""The type's name as declared (in lower case) → as Azure prints it, and what its values are."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter: its name as declared, its type as Azure prints it, and its value."""

    name: str
    type: str
    value: Any = field(repr=False)

    @property
    def is_secret(self) -> bool:
        """Whether its value is never shown."""
        return self.type.startswith("Secure")

    def shown(self) -> dict[str, Any]:
        """The parameter as a deployment's GET shows it."""
        return {"type": self.type} if self.is_secret else {"type": self.type, "value": self.value}


def read_parameters(
    declared: dict[str, Any], given: dict[str, Any], functions: Mapping[str, Function]
) -> dict[str, Parameter]:
    """All parameters by lower-case name. Raises TemplateError."""
    values = {name.lower(): value for name, value in given.items()}
    known = {name.lower() for name in declared}
    surplus = [name for name in given if name.lower() not in known]
    if surplus:
        raise TemplateError(
            f"The template parameters '{', '.join(surplus)}' in the parameters file are not valid; "
            "they are not present in the original template and can therefore not be provided at "
            "deployment time. The only supported parameters for this template are "
            f"'{', '.join(declared)}'"
        )
    return {
        name.lower(): _read(name, declaration, values.get(name.lower()), functions)
        for name, declaration in declared.items()
    }


def _read(
    name: str, declaration: dict[str, Any], given: Any, functions: Mapping[str, Function]
) -> Parameter:
    printed, expected = _type(name, declaration)
    if isinstance(given, dict) and "value" in given:
        value = given["value"]
    elif given is not None:
        raise TemplateError(f"The template parameter '{name}' is given without a 'value'")
    elif "defaultValue" in declaration:
        value = resolve(declaration["defaultValue"], functions)
    else:
        raise TemplateError(
            f"The value for the template parameter '{name}' is not provided. Please see "
            "https://aka.ms/arm-create-parameter-file for usage details"
        )
    value = _coerced(value, expected)
    is_boolean_for_int = expected is int and isinstance(value, bool)
    if not isinstance(value, expected) or is_boolean_for_int:
        raise TemplateError(
            f"The provided value for the template parameter '{name}' is not valid. Expected a "
            f"value of type '{printed}', but received a value of type '{type(value).__name__}'"
        )
    allowed = declaration.get("allowedValues")
    if allowed is not None and value not in allowed:
        raise TemplateError(
            f"The provided value for the template parameter '{name}' is not valid. The value is "
            f"not part of the allowed value(s): '{','.join(str(item) for item in allowed)}'"
        )
    return Parameter(name, printed, value)


def _type(name: str, declaration: dict[str, Any]) -> tuple[str, type | tuple[type, ...]]:
    declared = str(declaration.get("type", ""))
    if declared.lower() not in _TYPES:
        raise TemplateError(f"The template parameter '{name}' has the unknown type '{declared}'")
    return _TYPES[declared.lower()]


def _coerced(value: Any, expected: type | tuple[type, ...]) -> Any:
    """Command lines give `"true"` and `"3"` where a bool or an int is meant; Azure takes them."""
    if expected is bool and isinstance(value, str) and value.lower() in {"true", "false"}:
        return value.lower() == "true"
    if expected is int and isinstance(value, str) and value.lstrip("-").isdecimal():
        return int(value)
    return value
