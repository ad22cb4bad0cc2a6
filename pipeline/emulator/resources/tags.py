"""`{scope}/providers/Microsoft.Resources/tags/default`: the tags of anything, apart from the rest.

Shapes and operations: azure-mgmt-resource, TagsOperations. A write here is no write of the
resource: nothing else of it is read, checked or carried out.
"""

from __future__ import annotations

from collections.abc import Mapping

from pipeline.emulator.arm.answers import Answer
from pipeline.emulator.arm.errors import ArmError, invalid_parameter
from pipeline.emulator.arm.ids import ResourceId
from pipeline.emulator.arm.kept import UNTIL_RESET
from pipeline.emulator.arm.manager import ResourceManager
from pipeline.emulator.arm.providers import Call, Route
from pipeline.emulator.arm.store import Record

_TAGS = "{scope}/providers/Microsoft.Resources/tags/default"
_FACT = f"{UNTIL_RESET}tags-of-"
_MOST = 50


class Tags:
    """Tags of the subscription, of groups and of resources."""

    def __init__(self, manager: ResourceManager) -> None:
        self._manager = manager

    @property
    def routes(self) -> tuple[Route, ...]:
        """Read, replace, change, remove."""
        return (
            Route("GET", _TAGS, self._get),
            Route("PUT", _TAGS, self._put),
            Route("PATCH", _TAGS, self._patch),
            Route("DELETE", _TAGS, self._delete),
        )

    async def _get(self, call: Call) -> Answer:
        return _answer(call, self._read(call.parameters["scope"]))

    async def _put(self, call: Call) -> Answer:
        return self._write(call, _given(call))

    async def _patch(self, call: Call) -> Answer:
        before, given = self._read(call.parameters["scope"]), _given(call)
        match str(call.body.get("operation")).lower():
            case "replace":
                return self._write(call, given)
            case "merge":
                return self._write(call, _without(before, given) | given)
            case "delete":
                return self._write(call, _without(before, given))
        raise invalid_parameter("operation", "The operation is Replace, Merge or Delete.")

    async def _delete(self, call: Call) -> Answer:
        self._write(call, {})
        return Answer(200)

    def _read(self, scope: str) -> dict[str, str]:
        record = self._record(scope)
        if record is None:
            return self._manager.store.fact(_fact_of(scope), dict[str, str]) or {}
        return dict(record.document.get("tags") or {})

    def _write(self, call: Call, tags: Mapping[str, str]) -> Answer:
        scope = call.parameters["scope"]
        self._manager.locks.check(scope, "write")
        if len(tags) > _MOST:
            raise ArmError(400, "TooManyTags", f"A resource has at most {_MOST} tags.")
        record = self._record(scope)
        if record is None:
            self._manager.store.set_fact(_fact_of(scope), dict(tags))
        else:
            self._save(record, tags)
        return _answer(call, tags)

    def _save(self, record: Record, tags: Mapping[str, str]) -> None:
        kind = self._manager.kind(record.id.type)
        record.document["tags"] = dict(tags)
        etag = kind.etag(record.document.get("etag"))
        if etag is not None:
            kind.stamp(record.document, etag)
        kind.save(record)

    def _record(self, scope: str) -> Record | None:
        """What has the tags; None for the subscription. Raises Azure's 404."""
        if not [part for part in scope.split("/") if part][2:]:
            return None
        identifier = self._manager.canonical(ResourceId.parse(scope))
        self._manager.require_group(identifier.subscription, identifier.resource_group)
        return self._manager.kind(identifier.type).require(identifier)


def _fact_of(scope: str) -> str:
    """Where the tags of a subscription are kept, whatever the case of its path."""
    return _FACT + scope.strip("/").lower()


def _given(call: Call) -> dict[str, str]:
    properties = call.body.get("properties")
    tags = properties.get("tags") if isinstance(properties, Mapping) else None
    if not isinstance(tags, Mapping):
        raise invalid_parameter("properties.tags", "Tags must be given.")
    return {str(name): str(value) for name, value in tags.items()}


def _without(tags: Mapping[str, str], others: Mapping[str, str]) -> dict[str, str]:
    """Names are compared without regard to case."""
    names = {name.lower() for name in others}
    return {name: value for name, value in tags.items() if name.lower() not in names}


def _answer(call: Call, tags: Mapping[str, str]) -> Answer:
    return Answer(
        200,
        {
            "id": call.path,
            "name": "default",
            "type": "Microsoft.Resources/tags",
            "properties": {"tags": dict(tags)},
        },
    )
