"""Refusals of Microsoft.Compute that several of its kinds share, in Azure's words where known."""

from __future__ import annotations

from typing import Any

from pipeline.emulator.arm.errors import ArmError, invalid_parameter
from pipeline.emulator.arm.ids import ResourceId


def not_allowed(message: str) -> ArmError:
    """409 `OperationNotAllowed`, compute's usual refusal."""
    return ArmError(409, "OperationNotAllowed", message)


def change_not_allowed(path: str) -> ArmError:
    """409 for a property that is fixed once the resource exists."""
    return ArmError(
        409, "PropertyChangeNotAllowed", f"Changing property '{path}' is not allowed.", target=path
    )


def missing(parameter: str) -> ArmError:
    """400 for a property that must be there."""
    return invalid_parameter(parameter, f"Required parameter '{parameter}' is missing (null).")


def invalid_name(parameter: str, rule: str) -> ArmError:
    """400 for a name that breaks Azure's rule for it."""
    return invalid_parameter(
        parameter,
        f"The entity name '{parameter}' is invalid according to its validation rule: {rule}.",
    )


def has_children(children: list[str]) -> ArmError:
    """409 for the deletion of a resource whose children are still there (wording of 2026)."""
    return ArmError(
        409,
        "CannotDeleteResource",
        "Cannot delete resource while nested resources exist. Some existing nested resource IDs "
        f"include: '{', '.join(children[:10])}'. Please delete all nested resources before "
        "deleting this resource.",
    )


def conflict(identifier: ResourceId) -> ArmError:
    """409 for a write while another one on the same resource runs."""
    return ArmError(
        409,
        "Conflict",
        f"The request failed due to conflict with a concurrent request on '{identifier}'. To "
        "resolve it, please refer to https://aka.ms/activitylog to get more details on the "
        "conflicting requests.",
    )


def counted_etag(previous: str | None) -> str:
    """A counter in quotes, as newer api-versions answer it."""
    return f'"{int(previous.strip(chr(34))) + 1 if previous else 1}"'


def stale_etag(wanted: str, current: str | None) -> ArmError:
    """412 as recorded (cloud-provider-azure)."""
    bare = wanted.strip().strip('"')
    return ArmError(
        412,
        "PreconditionFailed",
        f'Etag provided in if-match header "{bare}" does not match etag {current} of resource.',
    )


def is_true(value: Any) -> bool:
    """Booleans also arrive as text from templates."""
    return value is True or str(value).lower() == "true"


def at(document: dict[str, Any], *path: str) -> Any:
    """The value at a path of keys, None where it ends early."""
    value: Any = document
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value
