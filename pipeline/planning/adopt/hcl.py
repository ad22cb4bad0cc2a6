"""Blocks and values as HCL text that `definition` reads as they were."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

Value: TypeAlias = "str | int | float | bool | Sequence[Value] | Mapping[str, Value]"

_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_INDENT = "  "


@dataclass(frozen=True, slots=True)
class Block:
    """A block of HCL: `kind "label" { attributes, then blocks }`."""

    kind: str
    label: str = ""
    attributes: tuple[tuple[str, Value], ...] = ()
    blocks: tuple[Block, ...] = ()

    def __str__(self) -> str:
        return "\n".join(self._lines())

    def _lines(self) -> list[str]:
        label = f" {written(self.label)}" if self.label else ""
        if not self.attributes and not self.blocks:
            return [f"{self.kind}{label} {{}}"]
        width = max((len(name) for name, _ in self.attributes), default=0)
        inside = [f"{name:<{width}} = {written(value)}" for name, value in self.attributes]
        for block in self.blocks:
            inside += [*([""] if inside else []), *block._lines()]
        indented = (f"{_INDENT}{line}" if line else line for line in inside)
        return [f"{self.kind}{label} {{", *indented, "}"]


def written(value: Value) -> str:
    """A literal on one line."""
    match value:
        case bool() | int() | float():
            return json.dumps(value)
        case str():
            return json.dumps(value, ensure_ascii=False).replace("${", "$${").replace("%{", "%%{")
        case Mapping():
            pairs = ", ".join(f"{_key(name)} = {written(each)}" for name, each in value.items())
            return f"{{ {pairs} }}" if pairs else "{}"
        case _:
            return f"[{', '.join(written(each) for each in value)}]"


def remarks(title: str, lines: Iterable[str]) -> str:
    """Lines as comments below a title; "" without any."""
    listed = [f"#   {' '.join(line.split())}" for line in lines]
    return "\n".join((f"# {title}", *listed)) if listed else ""


def _key(name: str) -> str:
    return name if _WORD.fullmatch(name) else written(name)
