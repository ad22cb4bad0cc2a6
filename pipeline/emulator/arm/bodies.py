"""Reading bodies by the models of their types, and refusing what cannot be read."""

from __future__ import annotations

from typing import Any, Literal

from pipeline.emulator.arm.errors import invalid_content
from pipeline.emulator.arm.kinds import Kind
from pipeline.emulator.models.reading import Reader, Unreadable
from pipeline.emulator.models.table import Model, model_of, type_of


def read_body(kind: Kind, method: Literal["PUT", "PATCH"], body: dict[str, Any]) -> dict[str, Any]:
    """The body of a write as Azure reads it.

    Raises ArmError 400. What stands outside of `properties` is read by the resource manager itself
    (azure-sdk-for-net#3487), the rest by the provider, which words it as its kinds do.
    """
    try:
        return Reader(keeps_nulls=method == "PATCH").read(_model(kind.type, method), body)
    except Unreadable as problem:
        if problem.path.lower().startswith("properties."):
            raise kind.unreadable(problem) from problem
        raise invalid_content(str(problem)) from problem
    except RecursionError as problem:
        raise invalid_content("The reader's MaxDepth has been exceeded.") from problem


def _model(type_name: str, method: str) -> Model:
    """A type without a model is read as any resource is: its properties are not looked at."""
    known = type_of(type_name)
    operation = known.operations.get(method) if known else None
    if known is None or operation is None or not operation.body:
        return model_of("others", "Resource")
    return model_of(known.package, operation.body)
