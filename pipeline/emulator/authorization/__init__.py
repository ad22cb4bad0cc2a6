"""The resource provider Microsoft.Authorization: management locks, and roles that are kept."""

from __future__ import annotations

from pipeline.emulator.arm.answers import Answer
from pipeline.emulator.arm.ids import ResourceId
from pipeline.emulator.arm.manager import ResourceManager
from pipeline.emulator.arm.providers import Call, Provider, Route, Services
from pipeline.emulator.authorization.roles import Roles

_PERMISSIONS = "{scope}/providers/Microsoft.Authorization/permissions"
_LOCKS = "{scope}/providers/Microsoft.Authorization/locks"


def provider(services: Services) -> Provider:
    """Microsoft.Authorization for one emulator."""
    locks = ManagementLocks(services.manager)
    roles = Roles(services.manager.store)
    permissions = Route("GET", _PERMISSIONS, _Permissions(services.manager).listing)
    return Provider(
        namespace="Microsoft.Authorization",
        kinds=(),
        routes=(*locks.routes, *roles.routes, permissions),
    )


class _Permissions:
    """What the caller may do: the same in every scope."""

    def __init__(self, manager: ResourceManager) -> None:
        self._manager = manager

    async def listing(self, call: Call) -> Answer:
        """The permissions of each role, with none of a condition."""
        return Answer(200, {"value": self._manager.allowances.permissions})


class ManagementLocks:
    """Locks of any scope; a list has those of the scope and of everything in it."""

    def __init__(self, manager: ResourceManager) -> None:
        self._manager = manager

    @property
    def routes(self) -> tuple[Route, ...]:
        """`…/providers/Microsoft.Authorization/locks[/{name}]`."""
        return (
            Route("GET", _LOCKS, self._list),
            Route("GET", f"{_LOCKS}/{{name}}", self._get),
            Route("PUT", f"{_LOCKS}/{{name}}", self._put),
            Route("DELETE", f"{_LOCKS}/{{name}}", self._delete),
        )

    async def _list(self, call: Call) -> Answer:
        self._require(call.parameters["scope"])
        return Answer(200, {"value": self._manager.locks.below(call.parameters["scope"])})

    async def _get(self, call: Call) -> Answer:
        return Answer(200, self._manager.locks.get(call.parameters["scope"], _name(call)))

    async def _put(self, call: Call) -> Answer:
        scope = call.parameters["scope"]
        self._require(scope)
        lock, is_new = self._manager.locks.put(scope, _name(call), call.body)
        return Answer(201 if is_new else 200, lock)

    async def _delete(self, call: Call) -> Answer:
        was_there = self._manager.locks.delete(call.parameters["scope"], _name(call))
        return Answer(200 if was_there else 204)

    def _require(self, scope: str) -> None:
        """Raises ArmError for a scope that is not there; the subscription always is."""
        parts = [part for part in scope.split("/") if part]
        if parts[2:]:
            identifier = self._manager.canonical(ResourceId.parse(scope))
            self._manager.kind(identifier.type).require(identifier)


def _name(call: Call) -> str:
    return call.parameters["name"]
