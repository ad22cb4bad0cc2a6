"""What vaults hold, by name and version, and who may come to it: shared by secrets and keys.

A vault has an address of its own, as in Azure; it is served below `/key-vaults/NAME` as well.
Codes and sentences are Azure's ("Azure Key Vault REST API Error Codes", azure-sdk-for-js#24756,
Terraform_AKS#2; of keys: the nock recordings of azure-sdk-for-js, keyvault-keys).
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from pipeline.emulator.arm.answers import Answer
from pipeline.emulator.arm.errors import ArmError, Unanswered, not_served
from pipeline.emulator.arm.ids import same
from pipeline.emulator.arm.kept import Documents
from pipeline.emulator.arm.providers import Call, Services
from pipeline.emulator.arm.store import Record
from pipeline.emulator.identity.tokens import InvalidToken
from pipeline.emulator.vault.access import refuse_caller, refuse_client
from pipeline.emulator.vault.vaults import DATA_PLANE, TYPE, own_address

Plural: TypeAlias = Literal["secrets", "keys"]

_API_VERSIONS = frozenset(
    {"2016-10-01", "7.0", "7.1", "7.2", "7.3", "7.4", "7.5", "7.6", "2025-07-01"}
)
"""Of the data plane (azure-keyvault-keys 4.12, `ApiVersion`)."""
_OF_CLIENTS = frozenset({"enabled", "exp", "nbf"})


@dataclass(frozen=True, slots=True)
class Collection:
    """All secrets, or all keys, of all vaults. Each document has `id`, `attributes` and `tags`."""

    plural: Plural
    services: Services

    @property
    def one(self) -> str:
        """What Azure's sentences call one of them."""
        return self.plural.removesuffix("s")

    @property
    def path(self) -> str:
        """Of the collection, as a route has it."""
        return f"/{DATA_PLANE}/{{vault}}/{self.plural}"

    # -- who may ----------------------------------------------------------------------------------

    def enter(self, call: Call, verb: str) -> Record:
        """The vault, for a caller who may do this there.

        Raises Unanswered without one: its name leads nowhere in Azure.
        """
        name = call.parameters["vault"]
        store = self.services.manager.store
        vault = next((one for one in store.of_type(TYPE) if same(one.id.name, name)), None)
        if vault is None:
            raise Unanswered
        identity = self._authenticated(call)
        if call.query.get("api-version", "") not in _API_VERSIONS:
            message = "The specified version () is not recognized. Consider using the latest one."
            raise ArmError(400, "BadParameter", message)
        refuse_client(vault)
        refuse_caller(vault, identity, self.plural, verb)
        return vault

    async def refuse(self, call: Call) -> Answer:
        """What is not served, by its address."""
        raise not_served(f"{call.path} of a key vault")

    def _authenticated(self, call: Call) -> Mapping[str, Any]:
        """Who asks, by a token for key vaults."""
        audience = f"{call.base}/{DATA_PLANE}"
        scheme, _, token = call.authorization.partition(" ")
        try:
            if scheme.lower() != "bearer" or not token:
                raise InvalidToken(
                    "Unauthorized", "AKV10000: Request is missing a Bearer or PoP token."
                )
            claims: Mapping[str, Any] = self.services.tokens.check(
                token.strip(), call.base, audience
            )
        except InvalidToken as refusal:
            message = refusal.message
            if refusal.code == "InvalidAuthenticationTokenAudience":
                message = f"AKV10022: Invalid audience. Expected {audience}, found another one."
            challenge = (
                f'Bearer authorization="{call.base}/{self.services.tenant}", resource="{audience}"'
            )
            raise ArmError(
                401, "Unauthorized", message, headers={"WWW-Authenticate": challenge}
            ) from refusal
        return claims

    # -- documents --------------------------------------------------------------------------------

    def add(self, vault: Record, call: Call, **fields: Any) -> dict[str, Any]:
        """Keep a new version of what a call names, with what it says of its attributes."""
        second = int(time.time())
        document = {
            "id": self._within(vault.id.name, f"{call.parameters['name']}/{uuid.uuid4().hex}"),
            "attributes": {
                "enabled": True,
                **_attributes(call.body),
                "created": second,
                "updated": second,
                "recoveryLevel": "Recoverable",
            },
            "tags": call.body.get("tags") or {},
            **fields,
        }
        self._kept.put(document)
        return document

    def change(self, document: Mapping[str, Any], call: Call, **fields: Any) -> dict[str, Any]:
        """Keep it with what a call says of its attributes; answers it as it is then."""
        attributes = {**document["attributes"], **_attributes(call.body)}
        changed = {**document, **fields, "attributes": {**attributes, "updated": int(time.time())}}
        self._kept.put(changed)
        return changed

    def find(self, vault: Record, call: Call) -> dict[str, Any]:
        """The version that a call names, the newest where it names none; ArmError without one."""
        name, version = call.parameters["name"], call.parameters.get("version", "")
        for one in self.of(vault)[::-1]:
            if same(_name(one), name) and (not version or one["id"].endswith(f"/{version}")):
                return one
        asked = f"{name}/{version}" if version else name
        raise ArmError(
            404,
            f"{self.one.title()}NotFound",
            f"A {self.one} with (name/id) {asked} was not found in this key vault. If you recently "
            f"deleted this {self.one} you may be able to recover it using the correct recovery "
            "command. For help resolving this issue, please see "
            "https://go.microsoft.com/fwlink/?linkid=2125182",
        )

    def of(self, vault: Record) -> list[dict[str, Any]]:
        """The versions of all that a vault holds, the oldest first."""
        mine = self._within(vault.id.name, "").lower()
        return [one for one in self._kept.all if str(one["id"]).lower().startswith(mine)]

    def newest(self, vault: Record) -> list[dict[str, Any]]:
        """The newest version of each."""
        return list({_name(one): one for one in self.of(vault)}.values())

    def versions(self, vault: Record, call: Call) -> list[dict[str, Any]]:
        """All versions of what a call names."""
        return [one for one in self.of(vault) if same(_name(one), call.parameters["name"])]

    def forget(self, vault: str) -> None:
        """Drop all that a vault of this name held."""
        mine = self._within(vault, "").lower()
        for one in self._kept.all:
            if str(one["id"]).lower().startswith(mine):
                self._kept.delete(one["id"])

    def identifier(self, document: Mapping[str, Any], *, with_version: bool = True) -> str:
        """Its address, at that of its vault."""
        path = str(document["id"]) if with_version else str(document["id"]).rpartition("/")[0]
        _, _, vault, *rest = path.split("/")
        return f"{own_address(self.services, vault)}/{'/'.join(rest)}"

    @property
    def _kept(self) -> Documents:
        return Documents(self.services.manager.store, f"keyVault{self.plural.title()}")

    def _within(self, vault: str, name: str) -> str:
        return f"/{DATA_PLANE}/{vault}/{self.plural}/{name}"


def paged(listed: list[dict[str, Any]]) -> Answer:
    """All of them, on one page."""
    return Answer(200, {"value": listed, "nextLink": None})


def _attributes(body: Mapping[str, Any]) -> dict[str, Any]:
    given = body.get("attributes") or {}
    return {name: value for name, value in given.items() if name in _OF_CLIENTS}


def _name(document: Mapping[str, Any]) -> str:
    return str(document["id"]).split("/")[-2]
