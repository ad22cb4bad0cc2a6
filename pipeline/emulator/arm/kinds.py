"""What a resource provider says about one resource type.

A provider is a set of kinds. ARM's manners (envelopes, states, etags, operations, status codes) are
in `manager`; a kind says only what is particular: what is accepted, what real work follows, what
may not go.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, TypeAlias

from pipeline.emulator.arm.allowances import Allowances
from pipeline.emulator.arm.errors import (
    ArmError,
    not_served,
    precondition_failed,
    resource_group_not_found,
    resource_not_found,
)
from pipeline.emulator.arm.ids import ResourceId
from pipeline.emulator.arm.operations import Operations
from pipeline.emulator.arm.regions import normal_location
from pipeline.emulator.arm.store import Internals, Record, Store
from pipeline.emulator.arm.timings import Timings
from pipeline.emulator.models.reading import Unreadable

_InternalsClass: TypeAlias = type[Internals]  # `type` is another thing in `Kind`


@dataclass(frozen=True, slots=True)
class Action:
    """A POST on a resource: `POST …/virtualMachines/vm/deallocate`.

    `check` refuses at once (ArmError) and may answer a body; `work` is what takes time, or None
    when the action is done by `check` alone (answered 200, as Azure's `generalize` is).
    Both get the resource's id and the request's body. `work` is repeated after a crash.
    `ask` is a question that takes a moment: it changes nothing, and its answer is the body.
    `on_missing` actions, such as a deployment's `validate`, need no existing resource.
    """

    check: Callable[[ResourceId, dict[str, Any]], Any]
    work: Callable[[ResourceId, dict[str, Any]], Awaitable[None]] | None = None
    on_missing: bool = False
    ask: Callable[[ResourceId], Awaitable[dict[str, Any]]] | None = None


class Kind:
    """One resource type. Subclasses override what differs; the defaults store what is given."""

    type: ClassVar[str]
    """`Microsoft.Compute/virtualMachines`."""
    operation_path: ClassVar[str] = "operations"
    """The word before the operation's id in poll URLs (`capsOperations`, `DiskOperations`)."""
    created_status: ClassVar[int] = 201
    updated_status: ClassVar[int] = 200
    creating_state: ClassVar[str] = "Creating"
    updating_state: ClassVar[str] = "Updating"
    waits_for_others: ClassVar[bool] = False
    """Whether its work is to wait for operations on other resources."""
    undeletable_state: ClassVar[str] = "Failed"
    """The provisioning state after a deletion that failed."""
    tracked: ClassVar[bool] = True
    """Whether the resource has a location and tags of its own."""
    patchable: ClassVar[bool] = True
    deleted_at_once: ClassVar[bool] = False
    """Whether a DELETE is done when it is answered, and `If-Match` on it is honoured."""
    page: ClassVar[int] = 0
    """How many children a list answers at a time; 0 for all of them."""
    timings: ClassVar[Timings] = Timings()
    """What its operations take, for an emulator at Azure's pace."""
    internals: ClassVar[_InternalsClass] = Internals
    """What is kept of each resource and never answered."""

    def __init__(self, registry: Registry) -> None:
        self.registry = registry

    # -- storing: overridden by kinds that live inside their parent's document (a subnet) ----------

    def find(self, identifier: ResourceId) -> Record | None:
        """The record, if there is one."""
        return self.registry.store.get(identifier)

    def save(self, record: Record) -> None:
        """Write the record."""
        self.registry.store.put(record)

    def forget(self, identifier: ResourceId) -> None:
        """Remove the record."""
        self.registry.store.delete(identifier)

    def listing(self, parent: ResourceId) -> list[Record]:
        """The children of a parent resource of this kind (only for child types)."""
        return list(self.registry.store.children(parent, self.type.rsplit("/", 1)[1]))

    # -- rules -------------------------------------------------------------------------------------

    def filled(self, body: dict[str, Any], api_version: str) -> dict[str, Any]:
        """The body of a new resource with defaults that depend on the api-version."""
        return body

    def accept(
        self, identifier: ResourceId, body: dict[str, Any], existing: Record | None
    ) -> Record:
        """The record a PUT makes (nothing is stored yet), or ArmError.

        `body` is already merged with the existing document for a PATCH. The default is a full
        replace that keeps `internal`. The manager sets `provisioningState` and etags afterwards.
        """
        record = self.envelope(identifier, body, existing)
        record.document["properties"] = dict(body.get("properties") or {})
        return record

    def patched(self, existing: Record, change: dict[str, Any]) -> dict[str, Any]:
        """The document that a PATCH is merged into: all of it, unless the kind loses some."""
        return existing.document

    def envelope(
        self, identifier: ResourceId, body: dict[str, Any], existing: Record | None
    ) -> Record:
        """All but `properties`: `id`, `name`, `type`, `location`, `tags`, `sku`, `zones`, …

        The id keeps the spelling it was first created with.
        """
        kept = existing.id if existing else identifier
        document: dict[str, Any] = {"name": kept.name, "id": str(kept), "type": self.type}
        if self.tracked:
            location = body.get("location") or (existing and existing.document.get("location"))
            document["location"] = normal_location(location or self.registry.location_of(kept))
            document["tags"] = body.get("tags") or {}
        for key in ("sku", "zones", "plan", "identity"):
            if body.get(key) is not None:
                document[key] = body[key]
        return Record(kept, document, existing.internal if existing else Internals())

    def is_quick(self, record: Record) -> bool:
        """Whether the PUT is already terminal in its first answer (no operation). Default: yes."""
        return True

    async def realize(self, identifier: ResourceId) -> None:
        """The real work after a PUT: carry out what the stored record says.

        Runs when `is_quick` is False. Reads the record from the store, may write it back (with what
        only the work finds out, such as addresses). Raises ArmError to fail the operation.
        Repeatable.
        """

    def refuse_delete(self, identifier: ResourceId) -> None:
        """Raise ArmError when something still needs this resource."""

    async def destroy(self, identifier: ResourceId) -> None:
        """The real work of a DELETE; the manager forgets the record afterwards. Repeatable."""

    def is_listed(self, record: Record, query: Mapping[str, str]) -> bool:
        """Whether a list under the parent has this record; query parameters may choose."""
        return True

    def present(self, record: Record, query: Mapping[str, str]) -> dict[str, Any]:
        """What a GET answers: the document, with whatever is derived from other resources.

        `query` holds the query parameters (`$expand`, …).
        """
        return record.document

    def etag(self, previous: str | None) -> str | None:
        """The etag after a write; None for kinds without.

        Network's are new weak guids, scale sets' count.
        """
        return None

    def stamp(self, document: dict[str, Any], etag: str) -> None:
        """Write the etag into the document (network kinds write it into inline children too)."""
        document["etag"] = etag

    def busy(self, identifier: ResourceId) -> Exception:
        """What a PUT or action meets while another operation on the same resource runs."""
        return ArmError(
            409,
            "Conflict",
            f"Another operation on resource '{identifier}' is in progress; "
            "try again when it has ended.",
        )

    def unreadable(self, problem: Unreadable) -> ArmError:
        """400 for `properties` that do not fit their model (azure-sdk-for-net#37855).

        Azure adds the line and the position in the text.
        """
        return ArmError(400, "BadRequest", str(problem), target=problem.path)

    def etag_mismatch(self, identifier: ResourceId, wanted: str, current: str | None) -> ArmError:
        """412 for an `If-Match` that does not hold."""
        return precondition_failed(
            f"Etag provided in if-match header {wanted} does not match etag {current} of resource "
            f"{identifier}."
        )

    def exists_already(self, identifier: ResourceId) -> ArmError:
        """412 for an `If-None-Match: *` where something is."""
        return precondition_failed(f"The resource '{identifier}' exists already.")

    @property
    def actions(self) -> Mapping[str, Action]:
        """POST actions by lower-case name."""
        return {}

    @property
    def views(self) -> Mapping[str, Callable[[Record], dict[str, Any]]]:
        """GET-only sub-resources by lower-case name, such as a scale set's `instanceView`."""
        return {}

    # -- help --------------------------------------------------------------------------------------

    def require(self, identifier: ResourceId) -> Record:
        """The record, or Azure's 404."""
        record = self.find(identifier)
        if record is None:
            kind = "/".join((identifier.namespace, *(pair[0] for pair in identifier.segments)))
            name = "/".join(pair[1] for pair in identifier.segments)
            raise resource_not_found(f"{kind}/{name}", identifier.resource_group)
        return record


class Registry:
    """The resource types that are served, and the state that they share."""

    def __init__(
        self,
        store: Store,
        operations: Operations,
        allowances: Allowances,
        default_location: str = "westeurope",
    ) -> None:
        self.store = store
        self.operations = operations
        self.allowances = allowances
        self.kinds: dict[str, Kind] = {}
        self._default_location = default_location

    def register(self, *kinds: Kind) -> None:
        """Serve these resource types, all at once: the store reads their records back."""
        self.kinds = {kind.type.lower(): kind for kind in kinds}
        self.store.restore({name: kind.internals for name, kind in self.kinds.items()})

    def kind(self, type_name: str) -> Kind:
        """The kind that serves a type, or a refusal by name."""
        found = self.kinds.get(type_name.lower())
        if found is None:
            raise not_served(f"resource type '{type_name}'")
        return found

    def canonical(self, identifier: ResourceId) -> ResourceId:
        """The same id with namespace and types spelled as the kind spells them."""
        kind = self.kinds.get(identifier.type.lower())
        if kind is None or identifier.is_group:
            return identifier
        namespace, *types = kind.type.split("/")
        names = (name for _, name in identifier.segments)
        pairs = tuple(zip(types, names, strict=True))
        return ResourceId(identifier.subscription, identifier.resource_group, namespace, pairs)

    def require_group(self, subscription: str, name: str) -> Record:
        """The record of a resource group, or Azure's 404."""
        group = self.store.get(ResourceId.group(subscription, name))
        if group is None:
            raise resource_group_not_found(name)
        return group

    def find(self, identifier: ResourceId) -> Record | None:
        """A record of any kind, inline children included; None when it is not there."""
        return self.kind(identifier.type).find(identifier)

    def location_of(self, identifier: ResourceId) -> str:
        """The location of a resource's group, for resources that name none."""
        group = self.store.get(ResourceId.group(identifier.subscription, identifier.resource_group))
        return str(group.document["location"]) if group else self._default_location
