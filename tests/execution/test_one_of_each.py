"""There is one runner, one loop over steps, and one place that waits."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.conftest import ROOT

RUNNER = "pipeline/execution/runner.py"
WAIT = "pipeline/execution/wait.py"


@cache
def parsed() -> dict[str, ast.Module]:
    """Every module of the pipeline but the emulator and set-up, which are programs of their own."""
    files = [*ROOT.glob("pipeline/*.py"), *ROOT.glob("pipeline/[!es]*/**/*.py")]
    files += [*ROOT.glob("pipeline/execution/**/*.py"), ROOT / "tasks.py"]
    return {str(file.relative_to(ROOT)): ast.parse(file.read_text()) for file in files}


def names_of_calls(tree: ast.AST) -> Iterator[str]:
    """The last name of everything that is called."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            func = node.func
            yield func.attr if isinstance(func, ast.Attribute) else getattr(func, "id", "")


def matched(tree: ast.AST) -> set[str]:
    """The classes that `match` statements tell apart."""
    return {ast.unparse(node.cls) for node in ast.walk(tree) if isinstance(node, ast.MatchClass)}


def steps() -> dict[str, set[str]]:
    """The names of all kinds of steps by room: what says itself in words, as printed."""
    files = Path(ROOT, "pipeline", "planning").glob("*/steps.py")
    return {
        file.parent.name: {
            node.name
            for node in ast.parse(file.read_text()).body
            if isinstance(node, ast.ClassDef)
            and any(isinstance(one, ast.FunctionDef) and one.name == "__str__" for one in node.body)
        }
        for file in files
    }


def carrying_out(room: str) -> str:
    """The module that carries out the steps of a room."""
    return f"pipeline/execution/{room}/steps.py"


def test_each_room_has_an_arm_for_each_kind_of_its_steps() -> None:
    assert {room: matched(parsed()[carrying_out(room)]) for room in steps()} == steps()
    assert len(steps()) >= 5


def test_nobody_else_tells_kinds_of_steps_apart_to_carry_them_out() -> None:
    kinds = set().union(*steps().values())
    rooms = {carrying_out(room) for room in steps()}
    elsewhere = {
        file: matched(tree) & kinds
        for file, tree in parsed().items()
        if file.startswith("pipeline/execution/") and file not in rooms
    }
    assert {file for file, found in elsewhere.items() if found} == set()


def test_one_module_writes_that_a_step_has_started() -> None:
    told = {
        file
        for file, tree in parsed().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and node.value == "succeeded"
    }
    verdict = "pipeline/planning/versions.py"  # Packer's, on a whole bake
    assert told == {RUNNER, "pipeline/execution/run/journal.py", verdict}


@pytest.mark.parametrize("call", ["sleep", "communicate"])
def test_one_module_waits(call: str) -> None:
    waiting = {file for file, tree in parsed().items() if call in set(names_of_calls(tree))}
    assert waiting <= {WAIT}


def test_nobody_asks_a_clock_in_a_loop_of_its_own() -> None:
    loops = {
        file
        for file, tree in parsed().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.While) and {"monotonic", "now"} & set(names_of_calls(node))
    }
    program = "pipeline/execution/packer/keeper.py"  # beside us, and outlives us
    assert loops <= {WAIT, program}
