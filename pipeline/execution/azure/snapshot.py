"""One look at Azure for many readers: whoever asks first sends the read, the others share it.

For telling what there is, and for nothing else: before a write one looks anew.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from concurrent.futures import Future
from threading import Lock
from typing import Any, TypeVar, cast

from pipeline.arm import ResourceId
from pipeline.execution.azure.requests import Body
from pipeline.execution.azure.resources import Azure

T = TypeVar("T")

LISTED = frozenset({"loadbalancers", "publicipaddresses"})
"""Types of which one list of the resource group takes the place of a GET for each."""


class Snapshot(Azure):
    """The resources of one environment as they were when first asked for. Safe to share.

    Every call raises what the read raised, for each who asked.
    """

    def __init__(self, azure: Azure) -> None:
        super().__init__(azure.environment, azure.clients)
        self._answers: dict[Hashable, Future[Any]] = {}
        self._lock = Lock()

    def get(self, resource: ResourceId, **options: Any) -> Body | None:
        """The resource, out of a list where its type is `LISTED`."""
        if resource.segments[-1][0].lower() in LISTED and not options:
            return self._listed(resource.type, resource.resource_group).get(str(resource).lower())
        key = ("get", resource, tuple(sorted(options.items())))
        return self._once(key, lambda: super(Snapshot, self).get(resource, **options))

    def list_inside(self, parent: ResourceId, kind: str) -> list[Body]:
        """All children of a kind."""
        key = ("inside", parent, kind.lower())
        return list(self._once(key, lambda: super(Snapshot, self).list_inside(parent, kind)))

    def list_in_group(self, kind: str, group: str = "") -> list[Body]:
        """All resources of a group of a type."""
        where = (group or self.environment.resource_group).lower()
        key = ("group", kind.lower(), where)
        return list(self._once(key, lambda: super(Snapshot, self).list_in_group(kind, group)))

    def instances(self, scale_set: ResourceId) -> list[Body]:
        """The instances of a scale set with their instance views."""
        key = ("instances", scale_set)
        return list(self._once(key, lambda: super(Snapshot, self).instances(scale_set)))

    def machines_of(self, scale_set: ResourceId) -> list[Body]:
        """The virtual machines of a Flexible scale set with their instance views."""
        key = ("machines", scale_set)
        return list(self._once(key, lambda: super(Snapshot, self).machines_of(scale_set)))

    def _listed(self, kind: str, group: str) -> dict[str, Body]:
        """A list of a resource group by id in lower case."""
        key = ("by id", kind.lower(), group.lower())
        return self._once(
            key, lambda: {str(body["id"]).lower(): body for body in self.list_in_group(kind, group)}
        )

    def _once(self, key: Hashable, ask: Callable[[], T]) -> T:
        with self._lock:
            is_first = key not in self._answers
            answer = self._answers.setdefault(key, Future())
        if is_first:
            try:
                answer.set_result(ask())
            except BaseException as error:
                answer.set_exception(error)
        return cast(T, answer.result())
