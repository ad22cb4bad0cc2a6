"""The template language's expressions: `[concat(parameters('name'), '-1')]` read and evaluated."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias


class TemplateError(Exception):
    """The template cannot be understood; the text says where and why."""


@dataclass(frozen=True, slots=True)
class Literal:
    """`'text'` or `12`."""

    value: str | int


@dataclass(frozen=True, slots=True)
class Call:
    """`name(argument, …)`; functions' names are compared in lower case."""

    name: str
    arguments: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Member:
    """`target.name` or `target[key]`."""

    target: Node
    key: Node


Node: TypeAlias = Literal | Call | Member
Function = Callable[..., Any]

_TOKEN = re.compile(r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<number>-?\d+)|(?P<name>\w+)|(?P<sign>.))")


def parse(source: str) -> Node:
    """Read an expression, without its outer brackets. Raises TemplateError."""
    tokens = _tokens(source)
    node, position = _node(tokens, 0, source)
    if position != len(tokens):
        raise TemplateError(f"unexpected '{tokens[position]}' in the expression '{source}'")
    return node


def evaluate(node: Node, functions: Mapping[str, Function]) -> Any:
    """The value of an expression. Raises TemplateError for what has none."""
    match node:
        case Literal(value):
            return value
        case Member(target, key):
            return _member(evaluate(target, functions), evaluate(key, functions))
        case Call("if", (condition, then, otherwise)):  # only the chosen side is evaluated
            chosen = then if evaluate(condition, functions) else otherwise
            return evaluate(chosen, functions)
        case Call(name, arguments):
            function = functions.get(name)
            if function is None:
                raise TemplateError(
                    f"The template function '{name}' is not valid or not served by the emulator. "
                    "Please see https://aka.ms/arm-functions for usage details."
                )
            values = [evaluate(argument, functions) for argument in arguments]
            try:
                return function(*values)
            except (TypeError, ValueError, AttributeError, LookupError) as error:
                raise TemplateError(
                    f"The template function '{name}' does not take these arguments: {error}"
                ) from error


def resolve(value: Any, functions: Mapping[str, Function]) -> Any:
    """A template's value with every expression in it replaced by its value."""
    if isinstance(value, dict):
        return {key: resolve(item, functions) for key, item in value.items()}
    if isinstance(value, list):
        return [resolve(item, functions) for item in value]
    if isinstance(value, str) and value.startswith("[") and value.endswith("]"):
        if value.startswith("[["):
            return value[1:]
        return evaluate(parse(value[1:-1]), functions)
    return value


def _tokens(source: str) -> list[str]:
    return [match.group().strip() for match in _TOKEN.finditer(source.rstrip())]


def _node(tokens: list[str], position: int, source: str) -> tuple[Node, int]:
    node, position = _primary(tokens, position, source)
    while position < len(tokens) and tokens[position] in {".", "["}:
        key: Node
        if tokens[position] == ".":
            key, position = Literal(_at(tokens, position + 1, source)), position + 2
        else:
            key, position = _node(tokens, position + 1, source)
            position = _expect("]", tokens, position, source)
        node = Member(node, key)
    return node, position


def _primary(tokens: list[str], position: int, source: str) -> tuple[Node, int]:
    token = _at(tokens, position, source)
    if token.startswith("'"):
        return Literal(token[1:-1].replace("''", "'")), position + 1
    if token.lstrip("-").isdecimal():
        return Literal(int(token)), position + 1
    if not token.isidentifier():
        raise TemplateError(f"unexpected '{token}' in the expression '{source}'")
    position = _expect("(", tokens, position + 1, source)
    arguments: list[Node] = []
    while _at(tokens, position, source) != ")":
        if arguments:
            position = _expect(",", tokens, position, source)
        argument, position = _node(tokens, position, source)
        arguments.append(argument)
    return Call(token.lower(), tuple(arguments)), position + 1


def _at(tokens: list[str], position: int, source: str) -> str:
    if position >= len(tokens):
        raise TemplateError(f"the expression '{source}' ends too early")
    return tokens[position]


def _expect(sign: str, tokens: list[str], position: int, source: str) -> int:
    if _at(tokens, position, source) != sign:
        raise TemplateError(
            f"'{sign}' is expected where '{tokens[position]}' is in the expression '{source}'"
        )
    return position + 1


def _member(target: Any, key: Any) -> Any:
    if isinstance(target, dict):
        for name, value in target.items():
            if name.lower() == str(key).lower():
                return value
        raise TemplateError(
            f"The language expression property '{key}' doesn't exist, available properties are "
            f"'{', '.join(target)}'."
        )
    if isinstance(target, list | str) and isinstance(key, int) and 0 <= key < len(target):
        return target[key]
    raise TemplateError(f"The language expression property '{key}' can't be evaluated.")
