"""The JSON on the wire: each body equals its golden file, and is one that Azure's models know.

Compare the files in `bodies/` with Microsoft's reference; `pytest --update-golden` rewrites them.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.planning.goldens import ANSWERS, FOLDER, GOLDENS, answer

PLANNING = Path(__file__).parents[2] / "pipeline" / "planning"
BODY_TYPES = ("Body", "dict[str, Any]")
NO_REQUESTS = {"made_by", "fitted", "merged"}
"""Public functions that give a body of others back, changed."""

NOT_IN_THE_MODELS = {
    "profileOfTheFuture",
    "fieldOfTheFuture",
    "zones",
    "allowBackendPortConflict",  # Azure answers these two, and documents neither
    "enableDestinationServiceEndpoint",
}
"""What the answers hold and no model knows: it must pass through."""


def text_of(body: dict[str, Any]) -> str:
    """A body as its file has it."""
    return json.dumps(body, indent=2) + "\n"


@pytest.mark.parametrize("name", GOLDENS)
def test_a_body_is_the_one_that_was_reviewed(name: str, pytestconfig: pytest.Config) -> None:
    file = FOLDER / f"{name}.json"
    made = text_of(GOLDENS[name].make())
    if pytestconfig.getoption("--update-golden"):
        file.write_text(made)

    assert json.loads(made) == json.loads(file.read_text())
    assert made == file.read_text()


def test_every_golden_file_has_a_test() -> None:
    assert {file.stem for file in FOLDER.iterdir()} == set(GOLDENS)


def body_functions(source: str) -> set[str]:
    """The public functions of a module that give a request body."""
    return {
        node.name
        for node in ast.parse(source).body
        if isinstance(node, ast.FunctionDef)
        and not node.name.startswith("_")
        and node.returns is not None
        and ast.unparse(node.returns) in BODY_TYPES
    }


def test_every_function_that_makes_a_body_has_a_golden() -> None:
    made = {name for file in PLANNING.rglob("*.py") for name in body_functions(file.read_text())}
    covered = {golden.function.__name__ for golden in GOLDENS.values()}

    assert made - NO_REQUESTS == covered - {"plan_landing_zone"}


def test_a_function_that_makes_a_body_is_seen() -> None:
    assert body_functions("def nat() -> Body: ...\ndef _nat() -> Body: ...") == {"nat"}
    assert body_functions("def nat() -> dict[str, Any]: ...\ndef name() -> str: ...") == {"nat"}


def strange(model: Any, path: str = "") -> Iterator[str]:
    """What Azure's own model of a type does not know, or only Azure writes."""
    fields = {field._rest_name: (name, field) for name, field in _fields(model).items()}
    for key in model:
        if key not in fields:
            yield f"{path}/{key} is unknown"
            continue
        name, field = fields[key]
        if field._visibility == ["read"]:
            yield f"{path}/{key} is read-only"
        inner = getattr(model, name)
        for item in inner if isinstance(inner, list) else [inner]:
            if hasattr(item, "_attr_to_rest_field"):
                yield from strange(item, f"{path}/{key}")


def _fields(model: Any) -> dict[str, Any]:
    """The wire fields of a generated model: the SDK has no public way to list them."""
    fields: dict[str, Any] = model._attr_to_rest_field
    return fields


@pytest.mark.parametrize("name", GOLDENS)
def test_a_body_has_only_what_azure_lets_a_client_write(name: str) -> None:
    golden = GOLDENS[name]

    found = {said for said in strange(golden.model(golden.make())) if not _passes_through(said)}

    assert found == set()


def _passes_through(said: str) -> bool:
    return said.removesuffix(" is unknown").rpartition("/")[2] in NOT_IN_THE_MODELS


@pytest.mark.parametrize("file", sorted(ANSWERS.iterdir()), ids=lambda file: file.stem)
def test_the_models_find_what_only_azure_writes(file: Path) -> None:
    model = next(
        golden.model for name, golden in GOLDENS.items() if name.startswith(f"{file.stem}-")
    )

    found = set(strange(model(answer(file.stem))))

    assert {"/name is read-only", "/properties/provisioningState is read-only"} <= found


@pytest.mark.parametrize(
    "name", ["load-balancer-promoted", "load-balancer-completed", "image-version-passed"]
)
def test_what_no_model_knows_passes_through(name: str) -> None:
    assert GOLDENS[name].make()["properties"]["profileOfTheFuture"]["kept"]
