"""The resource manager: every PUT, PATCH, GET, DELETE and POST.

The HTTP edge and template deployments both come through here, so a deployment's resource meets the
same rules as one that was PUT by hand.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from contextlib import nullcontext
from typing import Any

from pipeline.emulator.arm.allowances import Allowances
from pipeline.emulator.arm.answers import Answer
from pipeline.emulator.arm.bodies import read_body
from pipeline.emulator.arm.clock import CLOCK
from pipeline.emulator.arm.errors import (
    ArmError,
    not_served,
    resource_group_being_deleted,
    resource_group_not_found,
)
from pipeline.emulator.arm.ids import ResourceId
from pipeline.emulator.arm.kinds import Kind, Registry
from pipeline.emulator.arm.locks import Locks
from pipeline.emulator.arm.operations import Operation, Operations
from pipeline.emulator.arm.pace import Pace
from pipeline.emulator.arm.policies import Policies
from pipeline.emulator.arm.preconditions import check_preconditions
from pipeline.emulator.arm.regions import normal_location
from pipeline.emulator.arm.store import Record, Store
from pipeline.emulator.models.defaults import fill


class ResourceManager(Registry):
    """The registry, and the requests that all kinds are reached by."""

    def __init__(self, store: Store, pace: Pace | None = None) -> None:
        super().__init__(store, Operations(store, self._work), Allowances(store))
        self.locks = Locks(store)
        self.policies = Policies(store)
        self.before_work: Callable[[Operation], Awaitable[None]] = _nothing
        self.pace = pace or Pace()
        self.on_inner_write: Callable[[ResourceId, dict[str, Any]], None] = _not_told

    # -- requests ----------------------------------------------------------------------------------

    def get(self, identifier: ResourceId, query: Mapping[str, str]) -> Answer:
        """GET of one resource."""
        self._require_group(identifier)
        kind = self.kind(identifier.type)
        record = kind.require(identifier)
        return self._present(kind, record, query)

    def list(
        self,
        type_name: str,
        subscription: str,
        resource_group: str | None,
        query: Mapping[str, str],
    ) -> Answer:
        """GET of a collection, of a subscription or of one resource group."""
        kind = self.kind(type_name)
        if resource_group is not None:
            self._require_group(ResourceId.group(subscription, resource_group))
        group = (resource_group or "").lower()
        values = [
            kind.present(record, query)
            for record in self.store.of_type(type_name)
            if record.id.subscription.lower() == subscription.lower()
            and group in ("", record.id.resource_group.lower())
            and kind.is_listed(record, query)
        ]
        return Answer(200, {"value": values})

    def list_children(self, parent: ResourceId, kind_name: str, query: Mapping[str, str]) -> Answer:
        """GET of a collection under a parent resource."""
        self._require_group(parent)
        self.kind(parent.type).require(parent)
        kind = self.kind(f"{parent.type}/{kind_name}")
        values = [
            kind.present(record, query)
            for record in kind.listing(parent)
            if kind.is_listed(record, query)
        ]
        return Answer(200, {"value": values})

    async def put(
        self,
        identifier: ResourceId,
        body: dict[str, Any],
        headers: Mapping[str, str] | None = None,
        api_version: str = "",
    ) -> Answer:
        """PUT of one resource. `headers` has lower-case names (`if-match`, `if-none-match`).

        A deployment's resources come without headers, and are told to `on_inner_write`.
        """
        if headers is None:
            self.on_inner_write(identifier, body)
        read = read_body(self.kind(identifier.type), "PUT", body)
        return self._accept(identifier, read, headers or {}, api_version)

    def _accept(
        self,
        identifier: ResourceId,
        body: dict[str, Any],
        headers: Mapping[str, str],
        api_version: str = "",
    ) -> Answer:
        self._require_group(identifier, to_write=True)
        kind = self.kind(identifier.type)
        self.allowances.require_registered(kind.type.split("/")[0])
        self.locks.check(str(identifier), "write")
        if identifier.parent is not None:
            self._require_parent(identifier.parent)
        existing = kind.find(identifier)
        check_preconditions(kind, identifier, existing, headers)
        if self.operations.under_way(existing.id if existing else identifier):
            raise kind.busy(identifier)
        if existing is None and api_version:
            body = kind.filled(body, api_version)
        record = kind.accept(identifier, body, existing)
        fill(kind.type, record.document)
        self.policies.check(str(identifier), record.document)
        return self._write(kind, record, existing)

    async def patch(
        self, identifier: ResourceId, body: dict[str, Any], headers: Mapping[str, str] | None = None
    ) -> Answer:
        """PATCH of one resource: a deep merge (objects merge, null removes, the rest replaces)."""
        self._require_group(identifier)
        kind = self.kind(identifier.type)
        if not kind.patchable:
            raise not_served(f"PATCH of '{kind.type}'")
        change = read_body(kind, "PATCH", body)
        existing = kind.require(identifier)
        merged = merge(kind.patched(existing, change), change)
        return self._accept(identifier, merged, headers or {})

    async def delete(
        self, identifier: ResourceId, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """DELETE of one resource: 202 and an operation, or 204 when it is not there."""
        kind = self.kind(identifier.type)
        record = kind.find(identifier)
        if record is None:
            if identifier.is_group:
                raise resource_group_not_found(identifier.name)
            return Answer(204)
        self.locks.check(str(record.id), "delete")
        kind.refuse_delete(record.id)
        if kind.deleted_at_once:
            check_preconditions(kind, record.id, record, headers or {})
            kind.forget(record.id)
            return Answer(200)
        for running in self.operations.under_way(record.id):
            if running.verb == "destroy":
                return Answer(202, operation=running)
            await self.operations.cancel(running)
        self._set_state(kind, record.id, "Deleting")
        operation = self.operations.begin(record.id, self._location(record), "destroy")
        return Answer(202, operation=operation)

    async def act(self, identifier: ResourceId, action_name: str, body: dict[str, Any]) -> Answer:
        """POST of an action on one resource."""
        self._require_group(identifier)
        kind = self.kind(identifier.type)
        action = kind.actions.get(action_name.lower())
        if action is None:
            raise not_served(f"action '{action_name}' of '{kind.type}'")
        if action.on_missing:
            return Answer(200, action.check(identifier, body))
        record = kind.require(identifier)
        self.locks.check(str(record.id), "write")
        if action.work is not None and self.operations.under_way(record.id):
            raise kind.busy(identifier)
        answer = action.check(record.id, body)
        if action.ask is not None:
            return Answer(200, await action.ask(record.id))
        if action.work is None:
            return Answer(200, answer)
        operation = self.operations.begin(
            record.id, self._location(record), "act", action_name.lower(), body
        )
        return Answer(202, operation=operation)

    def view(self, identifier: ResourceId, name: str) -> Answer | None:
        """GET of a read-only sub-resource (`instanceView`); None when the kind has no such view."""
        view = self.kind(identifier.type).views.get(name.lower())
        if view is None:
            return None
        self._require_group(identifier)
        return Answer(200, view(self.kind(identifier.type).require(identifier)))

    async def settle(self, answer: Answer) -> None:
        """Wait for an answer's operation; raises ArmError when it did not succeed."""
        operation = answer.operation
        while operation is not None and not operation.is_ended:
            await self.operations.ended(operation, 3600)
        if operation is not None and operation.error is not None:
            raise ArmError.from_error(409, operation.error)

    # -- work --------------------------------------------------------------------------------------

    async def _work(self, operation: Operation) -> None:
        identifier = ResourceId.parse(operation.resource)
        kind = self.kind(identifier.type)
        destroying = operation.verb == "destroy"
        try:
            await self.before_work(operation)
            await self.pace.before_work(operation, kind)
            with nullcontext() if kind.waits_for_others else CLOCK.at_work():
                await self._carry_out(operation, kind, identifier)
        except Exception:
            self._set_state(kind, identifier, kind.undeletable_state if destroying else "Failed")
            raise
        if not destroying:
            self._set_state(kind, identifier, "Succeeded")

    @staticmethod
    async def _carry_out(operation: Operation, kind: Kind, identifier: ResourceId) -> None:
        if operation.verb == "realize":
            await kind.realize(identifier)
        elif operation.verb == "destroy":
            await kind.destroy(identifier)
            kind.forget(identifier)
        else:
            work = kind.actions[operation.action].work
            if work is not None:
                await work(identifier, operation.body)

    def _write(self, kind: Kind, record: Record, existing: Record | None) -> Answer:
        quick = kind.is_quick(record)
        pending = kind.updating_state if existing else kind.creating_state
        record.properties["provisioningState"] = "Succeeded" if quick else pending
        etag = kind.etag(existing.document.get("etag") if existing else None)
        if etag is not None:
            kind.stamp(record.document, etag)
        kind.save(record)
        operation = None
        if not quick:
            operation = self.operations.begin(record.id, self._location(record), "realize")
        status = kind.updated_status if existing else kind.created_status
        return Answer(status, kind.present(kind.require(record.id), {}), operation)

    def _set_state(self, kind: Kind, identifier: ResourceId, state: str) -> None:
        record = kind.find(identifier)
        if record is None:
            return
        record.properties["provisioningState"] = state
        etag = kind.etag(record.document.get("etag"))
        if etag is not None:
            kind.stamp(record.document, etag)
        kind.save(record)

    def _present(self, kind: Kind, record: Record, query: Mapping[str, str]) -> Answer:
        document = kind.present(record, query)
        etag = document.get("etag")
        return Answer(200, document, headers={"ETag": etag} if etag else {})

    def _location(self, record: Record) -> str:
        return normal_location(record.document.get("location") or self.location_of(record.id))

    def _require_group(self, identifier: ResourceId, *, to_write: bool = False) -> None:
        if identifier.is_group:
            return
        group = self.require_group(identifier.subscription, identifier.resource_group)
        if to_write and group.properties.get("provisioningState") == "Deleting":
            raise resource_group_being_deleted(identifier.resource_group)

    def _require_parent(self, parent: ResourceId) -> None:
        if self.kind(parent.type).find(parent) is None:
            raise ArmError(
                404,
                "ParentResourceNotFound",
                f"Failed to perform 'write' on resource(s) of type '{parent.type}', because the "
                f"parent resource '{parent}' could not be found.",
            )


def _not_told(identifier: ResourceId, body: dict[str, Any]) -> None:
    """What becomes of a deployment's writes unless they are recorded."""


async def _nothing(_: Operation) -> None:
    """What comes before an operation's work unless faults are asked for."""


def merge(document: dict[str, Any], change: dict[str, Any]) -> dict[str, Any]:
    """JSON merge patch (RFC 7396), which ARM's PATCH follows for objects."""
    merged = dict(document)
    for key, value in change.items():
        if value is None:
            merged.pop(key, None)
        elif isinstance(value, dict) and isinstance(merged.get(key), dict):
            merged[key] = merge(merged[key], value)
        else:
            merged[key] = value
    return merged
