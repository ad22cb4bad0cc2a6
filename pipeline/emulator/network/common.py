"""What all kinds of Microsoft.Network have in common."""

from __future__ import annotations

import asyncio
import re
import uuid
from collections.abc import Mapping
from typing import Any, ClassVar

from pipeline.emulator.arm.errors import ArmError, invalid_reference, not_served
from pipeline.emulator.arm.ids import ResourceId
from pipeline.emulator.arm.kinds import Kind, Registry
from pipeline.emulator.arm.store import Record
from pipeline.emulator.models.reading import Unreadable

_NAME = re.compile(r"[A-Za-z0-9]([\w.-]{0,78}\w)?", re.ASCII)
_GRACE = 1.0
_TICK = 0.05


class NetworkKind(Kind):
    """Etags are weak guids, a new resource is `Updating`, a second writer meets 429."""

    creating_state = "Updating"
    undeletable_state = "Succeeded"

    def etag(self, previous: str | None) -> str | None:
        """A new weak guid on every write."""
        return f'W/"{uuid.uuid4()}"'

    def busy(self, identifier: ResourceId) -> Exception:
        """429 as Azure words it; clients that honour `Retry-After` simply come again."""
        return another_operation(identifier)

    def etag_mismatch(self, identifier: ResourceId, wanted: str, current: str | None) -> ArmError:
        """412 as recorded (cloud-provider-azure): the server does the quoting by itself."""
        bare = wanted.strip().removeprefix("W/").strip('"')
        detail = ArmError(
            412,
            "PreconditionFailedEtagMismatch",
            f'Etag provided in if-match header W/"{bare}" does not match etag {current} of '
            f"resource {identifier} in NRP data store.",
        )
        return ArmError(412, "PreconditionFailed", "Precondition failed.", details=(detail,))

    def unreadable(self, problem: Unreadable) -> ArmError:
        """400 in two parts (azure-cli#16205); Azure adds the line and the position in the text."""
        detail = ArmError(400, "InvalidJson", str(problem))
        return ArmError(400, "InvalidRequestFormat", "Cannot parse the request.", details=(detail,))

    def envelope(
        self, identifier: ResourceId, body: dict[str, Any], existing: Record | None
    ) -> Record:
        """As for every kind, once the name is one that Azure takes."""
        check_name(identifier.name)
        return super().envelope(identifier, body, existing)

    def properties(self, body: dict[str, Any], existing: Record | None) -> dict[str, Any]:
        """The given properties, with the resource's own guid."""
        before = existing.properties.get("resourceGuid") if existing else None
        return {**(body.get("properties") or {}), "resourceGuid": before or str(uuid.uuid4())}


class InUseKind(NetworkKind):
    """A kind that others use, and that goes only when they have gone.

    Azure refuses such a DELETE, at once or as the operation's outcome. Packer deletes a machine and
    what it stands on at the same moment, so the operation waits: as long as its users are being
    deleted, and a short moment for those whose DELETE may be on its way.
    """

    def in_use(self, identifier: ResourceId) -> ArmError | None:
        """Azure's refusal while something uses the resource."""
        raise NotImplementedError

    def users(self, identifier: ResourceId) -> list[ResourceId]:
        """What uses the resource."""
        raise NotImplementedError

    async def destroy(self, identifier: ResourceId) -> None:
        """Wait until nothing uses it; raises Azure's refusal when something stays."""
        patience = _GRACE
        while (refusal := self.in_use(identifier)) is not None:
            if not any(is_being_deleted(self.registry, user) for user in self.users(identifier)):
                if patience <= 0:
                    raise refusal
                patience -= _TICK
            await asyncio.sleep(_TICK)


class InlineKind(NetworkKind):
    """A child that lives inside its parent's document: both ways of reading and writing are one."""

    tracked = False
    patchable = False
    array: ClassVar[str]
    """The parent's property that holds the children."""

    def find(self, identifier: ResourceId) -> Record | None:
        """The child, out of the parent's document."""
        parent = self._parent(identifier)
        return self._record(parent, identifier.name) if parent else None

    def save(self, record: Record) -> None:
        """Write the child into its parent, which gets the child's etag."""
        parent = self._parent(record.id)
        if parent is None:
            return
        others = [
            child
            for child in parent.properties.get(self.array) or []
            if not same_name(child["name"], record.id.name)
        ]
        parent.properties[self.array] = [*others, record.document]
        self._rewrite(parent)

    def forget(self, identifier: ResourceId) -> None:
        """Take the child out of its parent."""
        parent = self._parent(identifier)
        if parent is None:
            return
        children = parent.properties.get(self.array) or []
        parent.properties[self.array] = [
            child for child in children if not same_name(child["name"], identifier.name)
        ]
        self._rewrite(parent)

    def listing(self, parent: ResourceId) -> list[Record]:
        """All children of this kind."""
        record = self.registry.store.get(parent)
        children = (record.properties.get(self.array) or []) if record else []
        return [
            Record(parent.child(self.type.rsplit("/", 1)[1], child["name"]), child)
            for child in children
        ]

    def present(self, record: Record, query: Mapping[str, str]) -> dict[str, Any]:
        """The child as its parent's GET shows it."""
        parent = self._parent(record.id)
        if parent is None:
            return record.document
        shown = self._parent_kind().present(parent, {})["properties"][self.array]
        return next(
            (child for child in shown if same_name(child["name"], record.id.name)),
            record.document,
        )

    def accept(
        self, identifier: ResourceId, body: dict[str, Any], existing: Record | None
    ) -> Record:
        """The child, when its parent is not being written by someone else."""
        if identifier.parent and self.registry.operations.under_way(identifier.parent):
            raise another_operation(identifier.parent)
        return super().accept(identifier, body, existing)

    def _parent(self, identifier: ResourceId) -> Record | None:
        return self.registry.store.get(identifier.parent) if identifier.parent else None

    def _parent_kind(self) -> Kind:
        return self.registry.kind(self.type.rsplit("/", 1)[0])

    def _record(self, parent: Record, name: str) -> Record | None:
        for child in parent.properties.get(self.array) or []:
            if same_name(child["name"], name):
                return Record(ResourceId.parse(child["id"]), child)
        return None

    def _rewrite(self, parent: Record) -> None:
        kind = self._parent_kind()
        etag = kind.etag(parent.document.get("etag"))
        if etag is not None:
            kind.stamp(parent.document, etag)
        self.registry.store.put(parent)


class ReadOnlyChild(InlineKind):
    """A child that Azure lets one read, and write only by a PUT of its parent."""

    def accept(
        self, identifier: ResourceId, body: dict[str, Any], existing: Record | None
    ) -> Record:
        """Refused: these have no PUT of their own."""
        raise not_served(f"PUT of '{self.type}': Azure has none, PUT the parent")

    def refuse_delete(self, identifier: ResourceId) -> None:
        """Refused: these have no DELETE of their own."""
        raise not_served(f"DELETE of '{self.type}': Azure has none, PUT the parent")


def children(
    parent: ResourceId, kind: str, given: Any, *, read_only: tuple[str, ...] = ()
) -> list[dict[str, Any]]:
    """The children of one array of a body: named, with ids, without what only Azure writes.

    Raises ArmError for a child without a name, a bad name or a name used twice.
    """
    made: list[dict[str, Any]] = []
    for child in given or []:
        name = child.get("name")
        if not isinstance(name, str):
            raise ArmError(400, "InvalidRequestFormat", f"A child in '{kind}' has no name.")
        check_name(name)
        if any(same_name(name, other["name"]) for other in made):
            raise ArmError(
                400,
                "DuplicateResourceName",
                f"Resource {parent} has two child resources with the same name ({name}).",
            )
        properties = child.get("properties") or {}
        kept = {key: value for key, value in properties.items() if key not in read_only}
        kept.pop("provisioningState", None)
        identifier = str(parent.child(kind, name))
        given_keys = {key: child[key] for key in child if key not in ("etag", "type")}
        made.append(given_keys | {"name": name, "id": identifier, "properties": kept})
    return made


def ids(name: str, given: Any) -> list[str]:
    """The ids in an array of references. Raises ArmError when one has none."""
    if not all(each.get("id") for each in given or []):
        raise ArmError(400, "InvalidRequestFormat", f"A reference in '{name}' has no id.")
    return [str(each["id"]) for each in given or []]


def sku_of(body: Mapping[str, Any], name: str) -> dict[str, Any]:
    """A body's `sku`, with what it leaves out."""
    given = {part: value for part, value in (body.get("sku") or {}).items() if value is not None}
    return {"name": name, "tier": "Regional"} | given


def require(registry: Registry, referrer: ResourceId | str, referenced: str) -> Record:
    """What a property points at. Raises ArmError `InvalidResourceReference` when it is gone."""
    found = registry.find(ResourceId.parse(referenced))
    if found is None:
        raise invalid_reference(referenced, str(referrer))
    return found


def reference(properties: Mapping[str, Any], name: str) -> str | None:
    """The id in `{name: {"id": …}}`; None when there is none."""
    value = properties.get(name)
    return str(value["id"]) if isinstance(value, dict) and value.get("id") else None


def same_name(one: str, other: str) -> bool:
    """Whether two names are the same to Azure."""
    return one.lower() == other.lower()


def check_name(name: str) -> None:
    """Raises ArmError `InvalidResourceName`, whose sentence says what Azure takes."""
    if not _NAME.fullmatch(name):
        raise ArmError(
            400,
            "InvalidResourceName",
            f"Resource name {name} is invalid. The name can be up to 80 characters long. It must "
            "begin with a word character, and it must end with a word character or with '_'. The "
            "name may contain word characters or '.', '-', '_'.",
        )


def another_operation(identifier: ResourceId) -> ArmError:
    """429 for a write while another one runs (reported: bosh-azure-cpi-release#179)."""
    detail = ArmError(
        429,
        "RetryableErrorDueToAnotherOperation",
        f"Another operation is updating resource {identifier}. "
        "The call can be retried in 1 seconds.",
    )
    return ArmError(
        429,
        "RetryableError",
        "A retryable error occurred.",
        details=(detail,),
        headers={"Retry-After": "1"},
    )


def is_being_deleted(registry: Registry, identifier: ResourceId) -> bool:
    """Whether a resource, or what it belongs to, is being deleted."""
    owner: ResourceId | None = identifier
    while owner is not None:
        record = registry.store.get(owner)
        if record is not None and record.properties.get("provisioningState") == "Deleting":
            return True
        owner = owner.parent
    return False
