"""Requests that start a long-running operation, as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from pipeline.arm import ResourceId
from pipeline.planning.landing_zone import bodies

Body: TypeAlias = dict[str, Any]
Verb: TypeAlias = Literal["PUT", "PATCH", "DELETE", "GET", "POST"]
Action: TypeAlias = Literal["", "manualupgrade", "reimage", "cancel"]
"""What is POSTed to a resource; "" for every other verb."""

BEING_WRITTEN = frozenset({"creating", "updating", "migrating"})
"""Provisioning states, in lower case, while a PUT or a PATCH is carried out."""
BEING_DELETED = frozenset({"deleting"})
TRANSITIONAL = BEING_WRITTEN | BEING_DELETED


@dataclass(frozen=True, slots=True)
class ResourceGroup:
    """A resource group of the environment's subscription, by name."""

    name: str

    def __str__(self) -> str:
        return f"resource group {self.name}"


Target: TypeAlias = ResourceId | ResourceGroup


@dataclass(frozen=True, slots=True)
class Request:
    """One PUT, PATCH, DELETE or POST; `if_match` is an etag that must still hold, "" for any.

    `if_none`: only where nothing is yet. GET is for record sets alone, which are read with the
    patience they are written with.
    """

    verb: Verb
    target: Target
    body: Body = field(default_factory=dict, repr=False)
    if_match: str = ""
    if_none: bool = False
    api_version: str = ""
    """"" for the SDK's own."""
    action: Action = ""

    def is_pending_in(self, state: str) -> bool:
        """Whether a provisioning state shows such an operation under way."""
        states = BEING_DELETED if self.verb == "DELETE" else BEING_WRITTEN
        return state.lower() in states


def put_group(name: str, location: str, tags: Mapping[str, str]) -> Request:
    """Create a resource group, or write its tags; ends at once."""
    return Request("PUT", ResourceGroup(name), bodies.resource_group(location, tags))


def put(target: Target, body: Body, if_match: str = "") -> Request:
    """Create or replace."""
    return Request("PUT", target, body, if_match)


def patch(target: ResourceId, body: Body) -> Request:
    """Change what the body names, and nothing else."""
    return Request("PATCH", target, body)


def post(target: ResourceId, action: Action, body: Body) -> Request:
    """Have something done to it."""
    return Request("POST", target, body, action=action)


def delete(target: Target) -> Request:
    """Delete; what is not there is deleted already."""
    return Request("DELETE", target)
