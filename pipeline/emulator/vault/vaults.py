"""`Microsoft.KeyVault/vaults`: kept as they are given; a deleted one keeps its name until purged.

Rules and sentences: "Azure Key Vault soft-delete overview" and the REST reference of vaults.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from pipeline.emulator.arm.answers import Answer
from pipeline.emulator.arm.errors import ArmError, invalid_parameter, not_served
from pipeline.emulator.arm.ids import ResourceId, same
from pipeline.emulator.arm.kept import Documents
from pipeline.emulator.arm.kinds import Kind
from pipeline.emulator.arm.operations import now
from pipeline.emulator.arm.providers import Call, Route, Services
from pipeline.emulator.arm.store import Record, Store

DATA_PLANE = "key-vaults"
"""The first word of the paths of all vaults."""
TYPE = "Microsoft.KeyVault/vaults"

_NAME = re.compile(r"(?=.{3,24}\Z)[A-Za-z](?:-?[A-Za-z0-9])*")
_DELETED = (
    "/subscriptions/{subscription}/providers/Microsoft.KeyVault/locations/{location}"
    "/deletedVaults/{name}"
)
_DAYS = 90


def own_address(services: Services, vault: str) -> str:
    """Of a vault, as a client that knows no path has it; without a slash at the end."""
    return services.host(f"/{DATA_PLANE}/{vault}")


class DeletedVaults:
    """Vaults that were deleted and not purged. Recovering one is refused by name."""

    def __init__(self, store: Store, forget_content: Iterable[Callable[[str], None]]) -> None:
        self._kept = Documents(store, "deletedVaults")
        self._forget_content = tuple(forget_content)

    @property
    def routes(self) -> tuple[Route, ...]:
        """Reading and purging one."""
        return (Route("GET", _DELETED, self._get), Route("POST", f"{_DELETED}/purge", self._purge))

    def find(self, name: str) -> dict[str, Any] | None:
        """One of them by its name, whatever its subscription: names are worldwide."""
        return next((one for one in self._kept.all if same(one["name"], name)), None)

    def add(self, vault: Mapping[str, Any]) -> None:
        """Keep the name of a vault that goes."""
        subscription = str(vault["id"]).split("/")[2]
        place = _DELETED.format(
            subscription=subscription, location=vault["location"], name=vault["name"]
        )
        properties = {
            "vaultId": vault["id"],
            "location": vault["location"],
            "deletionDate": now(),
            "tags": vault.get("tags") or {},
        }
        document = {
            "id": place,
            "name": vault["name"],
            "type": "Microsoft.KeyVault/deletedVaults",
            "properties": properties,
        }
        self._kept.put(document)

    async def _get(self, call: Call) -> Answer:
        return Answer(200, self._require(call))

    async def _purge(self, call: Call) -> Answer:
        gone = self._require(call)
        self._kept.delete(gone["id"])
        for forget in self._forget_content:
            forget(gone["name"])
        return Answer(200)

    def _require(self, call: Call) -> dict[str, Any]:
        name = call.parameters["name"]
        found = self.find(name)
        if found is None:
            message = f"The specified deleted vault '{name}' does not exist."
            raise ArmError(404, "DeletedVaultNotFound", message)
        return found


class Vaults(Kind):
    """A vault. What it holds is in the data plane, and goes with it."""

    type = TYPE
    deleted_at_once = True
    patchable = False

    def __init__(self, services: Services, deleted: DeletedVaults) -> None:
        super().__init__(services.manager)
        self._services = services
        self._deleted = deleted

    def accept(
        self, identifier: ResourceId, body: dict[str, Any], existing: Record | None
    ) -> Record:
        """A vault of a name that no other has, here or among the deleted ones."""
        record = super().accept(identifier, body, existing)
        properties = record.properties
        self._refuse(identifier, properties)
        rbac = bool(properties.get("enableRbacAuthorization"))
        if not rbac and "accessPolicies" not in properties:
            raise invalid_parameter("accessPolicies", "Access policies or RBAC must be given.")
        properties.pop("createMode", None)
        properties.setdefault("accessPolicies", [])
        properties |= {"enableRbacAuthorization": rbac, "enableSoftDelete": True}
        properties.setdefault("softDeleteRetentionInDays", _DAYS)
        properties.setdefault("publicNetworkAccess", "Enabled")
        return record

    def present(self, record: Record, query: Mapping[str, str]) -> dict[str, Any]:
        """With its address, whose port may be another one after a restart."""
        record.properties["vaultUri"] = f"{own_address(self._services, record.id.name)}/"
        return record.document

    async def resume(self) -> None:
        """Serve each vault at its own address again."""
        for record in self.registry.store.of_type(self.type):
            own_address(self._services, record.id.name)

    def forget(self, identifier: ResourceId) -> None:
        """Keep its name among the deleted ones."""
        record = self.find(identifier)
        if record is not None:
            self._deleted.add(record.document)
        super().forget(identifier)

    def _refuse(self, identifier: ResourceId, properties: Mapping[str, Any]) -> None:
        name = identifier.name
        if not _NAME.fullmatch(name):
            message = (
                f"The vault name '{name}' is invalid. A vault's name must be between 3-24 "
                "alphanumeric characters. The name must begin with a letter, end with a letter or "
                "digit, and not contain consecutive hyphens."
            )
            raise ArmError(400, "VaultNameNotValid", message)
        if str(properties.get("createMode") or "default") != "default":
            raise not_served("createMode of a vault")
        if not same(str(properties["tenantId"]), self._services.tenant):
            raise invalid_parameter("tenantId", f"It must be '{self._services.tenant}'.")
        for other in self.registry.store.of_type(self.type):
            if other.id != identifier and same(other.id.name, name):
                message = (
                    f"The vault name '{name}' is already in use. Vault names are globally unique so"
                    " it is possible that the name is already taken."
                )
                raise ArmError(409, "VaultAlreadyExists", message)
        if self._deleted.find(name):
            message = (
                f"A vault with the same name already exists in deleted state. You need to either "
                f"recover or purge existing key vault '{name}'."
            )
            raise ArmError(409, "ConflictError", message)
