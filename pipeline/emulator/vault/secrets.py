"""The data plane of secrets: set, get, list, versions, enabled or not (api-version 7.x).

Codes and sentences are Azure's ("Azure Key Vault REST API Error Codes", azure-sdk-for-js#24756,
Terraform_AKS#2). Values are sealed, so that no file of the emulator shows them.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Mapping
from typing import Any

from pipeline.emulator.arm.answers import Answer
from pipeline.emulator.arm.errors import ArmError, Unanswered, not_served
from pipeline.emulator.arm.ids import same
from pipeline.emulator.arm.kept import Documents
from pipeline.emulator.arm.providers import Call, Route, Services
from pipeline.emulator.arm.store import Record
from pipeline.emulator.identity.tokens import InvalidToken
from pipeline.emulator.vault.access import refuse_caller, refuse_client
from pipeline.emulator.vault.refusals import Forbidden
from pipeline.emulator.vault.vaults import DATA_PLANE

_SECRETS = f"/{DATA_PLANE}/{{vault}}/secrets"
_VAULTS = "Microsoft.KeyVault/vaults"
_OF_CLIENTS = frozenset({"enabled", "exp", "nbf"})


class Secrets:
    """All secrets of all vaults."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._kept = Documents(services.manager.store, "keyVaultSecrets")

    @property
    def routes(self) -> tuple[Route, ...]:
        """What is served of `{vault}/secrets`; deleting and backing up are not."""
        return (
            Route("GET", _SECRETS, self._list),
            Route("PUT", f"{_SECRETS}/{{name}}", self._set),
            Route("GET", f"{_SECRETS}/{{name}}", self._get),
            Route("GET", f"{_SECRETS}/{{name}}/versions", self._versions),
            Route("GET", f"{_SECRETS}/{{name}}/{{version}}", self._get),
            Route("PATCH", f"{_SECRETS}/{{name}}/{{version}}", self._update),
            *(
                Route(method, f"{_SECRETS}{tail}", self._not_served)
                for method, tail in (("DELETE", "/{name}"), ("POST", "/{name}/backup"))
            ),
        )

    def forget(self, vault: str) -> None:
        """Drop all that a vault of this name held."""
        mine = _address(vault, "").lower()
        for one in self._kept.all:
            if str(one["id"]).lower().startswith(mine):
                self._kept.delete(one["id"])

    async def _not_served(self, call: Call) -> Answer:
        raise not_served(f"{call.path} of a key vault")

    async def _set(self, call: Call) -> Answer:
        vault = self._enter(call, "set")
        value = call.body.get("value")
        if not isinstance(value, str):
            raise ArmError(400, "BadParameter", "Property  has invalid value")
        second = int(time.time())
        attributes = {"enabled": True, **_attributes(call.body), "created": second}
        version = uuid.uuid4().hex
        document = {
            "id": _address(vault.id.name, call.parameters["name"], version),
            "sealed": self._services.sealer.seal(value),
            "attributes": {**attributes, "updated": second, "recoveryLevel": "Recoverable"},
            "tags": call.body.get("tags") or {},
            "contentType": call.body.get("contentType"),
        }
        self._kept.put(document)
        return Answer(200, self._shown(document, call))

    async def _get(self, call: Call) -> Answer:
        vault = self._enter(call, "get")
        document = self._find(vault, call)
        if not document["attributes"]["enabled"]:
            message = "Operation get is not allowed on a disabled secret."
            raise Forbidden("SecretDisabled", message)
        return Answer(200, self._shown(document, call))

    async def _update(self, call: Call) -> Answer:
        vault = self._enter(call, "set")
        document = self._find(vault, call)
        attributes = {**document["attributes"], **_attributes(call.body)}
        self._kept.put({**document, "attributes": {**attributes, "updated": int(time.time())}})
        return Answer(200, self._listed(self._find(vault, call), call, with_version=True))

    async def _list(self, call: Call) -> Answer:
        vault = self._enter(call, "list")
        newest = {_name(one): one for one in self._of(vault)}
        listed = [self._listed(one, call, with_version=False) for one in newest.values()]
        return Answer(200, {"value": listed, "nextLink": None})

    async def _versions(self, call: Call) -> Answer:
        vault = self._enter(call, "list")
        versions = [one for one in self._of(vault) if same(_name(one), call.parameters["name"])]
        listed = [self._listed(one, call, with_version=True) for one in versions]
        return Answer(200, {"value": listed, "nextLink": None})

    # -- who may ---------------------------------------------------------------------------------

    def _enter(self, call: Call, verb: str) -> Record:
        """The vault, for a caller who may do this there.

        Raises Unanswered without one: its name leads nowhere in Azure.
        """
        name = call.parameters["vault"]
        store = self._services.manager.store
        vault = next((one for one in store.of_type(_VAULTS) if same(one.id.name, name)), None)
        if vault is None:
            raise Unanswered
        identity = self._authenticated(call)
        if not call.query.get("api-version", "").startswith("7."):
            message = "The specified version () is not recognized. Consider using the latest one."
            raise ArmError(400, "BadParameter", message)
        refuse_client(vault)
        refuse_caller(vault, identity, verb, call.parameters.get("name", ""))
        return vault

    def _authenticated(self, call: Call) -> Mapping[str, Any]:
        """Who asks, by a token for key vaults."""
        audience = f"{call.base}/{DATA_PLANE}"
        scheme, _, token = call.authorization.partition(" ")
        try:
            if scheme.lower() != "bearer" or not token:
                raise InvalidToken(
                    "Unauthorized", "AKV10000: Request is missing a Bearer or PoP token."
                )
            claims: Mapping[str, Any] = self._services.tokens.check(
                token.strip(), call.base, audience
            )
        except InvalidToken as refusal:
            message = refusal.message
            if refusal.code == "InvalidAuthenticationTokenAudience":
                message = f"AKV10022: Invalid audience. Expected {audience}, found another one."
            challenge = (
                f'Bearer authorization="{call.base}/{self._services.tenant}", resource="{audience}"'
            )
            raise ArmError(
                401, "Unauthorized", message, headers={"WWW-Authenticate": challenge}
            ) from refusal
        return claims

    # -- documents -------------------------------------------------------------------------------

    def _of(self, vault: Record) -> list[dict[str, Any]]:
        """The versions of all secrets of a vault as it was made, the oldest first."""
        mine = _address(vault.id.name, "").lower()
        return [one for one in self._kept.all if str(one["id"]).lower().startswith(mine)]

    def _find(self, vault: Record, call: Call) -> dict[str, Any]:
        name, version = call.parameters["name"], call.parameters.get("version", "")
        for one in self._of(vault)[::-1]:
            if same(_name(one), name) and (not version or one["id"].endswith(f"/{version}")):
                return one
        asked = f"{name}/{version}" if version else name
        raise ArmError(
            404,
            "SecretNotFound",
            f"A secret with (name/id) {asked} was not found in this key vault. If you recently "
            "deleted this secret you may be able to recover it using the correct recovery command."
            " For help resolving this issue, please see "
            "https://go.microsoft.com/fwlink/?linkid=2125182",
        )

    def _shown(self, document: Mapping[str, Any], call: Call) -> dict[str, Any]:
        value = self._services.sealer.open(document["sealed"])
        return {"value": value, **self._listed(document, call, with_version=True)}

    def _listed(
        self, document: Mapping[str, Any], call: Call, *, with_version: bool
    ) -> dict[str, Any]:
        path = str(document["id"]) if with_version else str(document["id"]).rpartition("/")[0]
        shown: dict[str, Any] = {
            "id": f"{call.base}{path}",
            "attributes": document["attributes"],
        }
        if document["contentType"]:
            shown["contentType"] = document["contentType"]
        return {**shown, "tags": document["tags"]}


def _address(vault: str, name: str, version: str = "") -> str:
    tail = f"/{version}" if version else ""
    return f"/{DATA_PLANE}/{vault}/secrets/{name}{tail}"


def _attributes(body: Mapping[str, Any]) -> dict[str, Any]:
    given = body.get("attributes") or {}
    return {name: value for name, value in given.items() if name in _OF_CLIENTS}


def _name(document: Mapping[str, Any]) -> str:
    return str(document["id"]).split("/")[-2]
