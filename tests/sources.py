"""Our own Python as text: what is a literal, what a docstring, what a comment."""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True, slots=True)
class Literal:
    """A string of a module, or one part of an f-string."""

    text: str
    line: int


def modules(*, emulator: bool = True) -> list[Path]:
    """`tasks.py` and all modules of `pipeline/`, with or without the emulator."""
    found = [ROOT / "tasks.py", *sorted(ROOT.glob("pipeline/**/*.py"))]
    return [file for file in found if emulator or "emulator" not in file.parts]


def docstrings(tree: ast.AST) -> Iterator[ast.Constant]:
    """Docstrings, and strings that stand by themselves below what they describe."""
    for node in ast.walk(tree):
        value = node.value if isinstance(node, ast.Expr) else None
        if isinstance(value, ast.Constant) and isinstance(value.value, str):
            yield value


def literals(tree: ast.AST) -> Iterator[Literal]:
    """All strings that are no docstring."""
    described = {id(node) for node in docstrings(tree)}
    for node in ast.walk(tree):
        if not isinstance(node, ast.Constant) or id(node) in described:
            continue
        if isinstance(node.value, str):
            yield Literal(node.value, node.lineno)


def comments(source: str) -> Iterator[Literal]:
    """What follows a `#`."""
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield Literal(token.string, token.start[0])
