"""The data plane of keys: create, import, get, list, versions, update, sign and verify.

Only public parts are answered; private ones are sealed, so that no file of the emulator shows them.
Codes: TROUBLESHOOTING of the SDKs' keyvault-keys. An expired key, or one that is not valid yet,
signs nothing and verifies all the same ("About keys", time-controlled operations); what Azure says
then was not seen, and is worded after its `Operation get is not allowed on a expired secret.`
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from pipeline.emulator.arm.answers import Answer
from pipeline.emulator.arm.errors import not_served
from pipeline.emulator.arm.providers import Call, Route, Services
from pipeline.emulator.vault import key_material
from pipeline.emulator.vault.collections import Collection, paged
from pipeline.emulator.vault.refusals import Forbidden, bad_parameter, disabled

_OPERATIONS = {
    "EC": ["sign", "verify"],
    "RSA": ["encrypt", "decrypt", "sign", "verify", "wrapKey", "unwrapKey"],
}
"""What a key may be used for where nobody says it."""

_NOT_SERVED = (
    ("DELETE", "keys/{name}"),
    ("POST", "keys/restore"),
    *(("POST", f"keys/{{name}}/{verb}") for verb in ("backup", "rotate")),
    *(
        ("POST", f"keys/{{name}}/{{version}}/{verb}")
        for verb in ("encrypt", "decrypt", "wrapkey", "unwrapkey", "release")
    ),
    *((method, "keys/{name}/rotationpolicy") for method in ("GET", "PUT")),
    *(("GET", f"deletedkeys{tail}") for tail in ("", "/{name}")),
    ("DELETE", "deletedkeys/{name}"),
    ("POST", "deletedkeys/{name}/recover"),
)


class Keys:
    """All keys of all vaults."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._keys = Collection("keys", services)
        self.forget = self._keys.forget

    @property
    def routes(self) -> tuple[Route, ...]:
        """What is served of `{vault}/keys`, and what is refused by name."""
        path = self._keys.path
        above = path.removesuffix("keys")
        refused = (Route(method, above + tail, self._keys.refuse) for method, tail in _NOT_SERVED)
        return (
            *refused,
            Route("GET", path, self._list),
            Route("POST", f"{path}/{{name}}/create", self._create),
            Route("PUT", f"{path}/{{name}}", self._import),
            Route("GET", f"{path}/{{name}}", self._get),
            Route("PATCH", f"{path}/{{name}}", self._update),
            Route("GET", f"{path}/{{name}}/versions", self._versions),
            Route("GET", f"{path}/{{name}}/{{version}}", self._get),
            Route("PATCH", f"{path}/{{name}}/{{version}}", self._update),
            *(
                Route("POST", f"{path}/{{name}}{version}/{verb}", answer)
                for version in ("", "/{version}")  # a client that knows none leaves it out
                for verb, answer in (("sign", self._sign), ("verify", self._verify))
            ),
        )

    async def _create(self, call: Call) -> Answer:
        vault = self._keys.enter(call, "create")
        _refuse_options(call.body)
        return self._kept(call, key_material.generated(call.body), vault)

    async def _import(self, call: Call) -> Answer:
        vault = self._keys.enter(call, "import")
        _refuse_options(call.body)
        key = call.body.get("key")
        if not isinstance(key, dict):
            raise bad_parameter("Property  has invalid value")
        return self._kept(call, key_material.imported(key), vault, key.get("key_ops"))

    def _kept(
        self, call: Call, private: key_material.Private, vault: Any, operations: Any = None
    ) -> Answer:
        public = key_material.public_part(private)
        allowed = operations or call.body.get("key_ops") or _OPERATIONS[public["kty"]]
        sealed = self._services.sealer.seal(key_material.written(private))
        document = self._keys.add(vault, call, sealed=sealed, key={**public, "key_ops": allowed})
        return Answer(200, self._shown(document))

    async def _get(self, call: Call) -> Answer:
        vault = self._keys.enter(call, "get")
        document = self._keys.find(vault, call)
        if not document["attributes"]["enabled"]:
            raise disabled(self._keys.one, "get")
        return Answer(200, self._shown(document))

    async def _update(self, call: Call) -> Answer:
        vault = self._keys.enter(call, "update")
        _refuse_options(call.body)
        document = self._keys.find(vault, call)
        allowed = call.body.get("key_ops") or document["key"]["key_ops"]
        tags = call.body.get("tags", document["tags"])
        key = {**document["key"], "key_ops": allowed}
        return Answer(200, self._shown(self._keys.change(document, call, key=key, tags=tags)))

    async def _list(self, call: Call) -> Answer:
        vault = self._keys.enter(call, "list")
        return paged([self._listed(one, with_version=False) for one in self._keys.newest(vault)])

    async def _versions(self, call: Call) -> Answer:
        vault = self._keys.enter(call, "list")
        return paged([self._listed(one) for one in self._keys.versions(vault, call)])

    async def _sign(self, call: Call) -> Answer:
        document = self._usable(call, "sign")
        _refuse_outside_its_time(document["attributes"])
        private, identifier = self._private(document), self._keys.identifier(document)
        algorithm, value = _text(call, "alg"), _text(call, "value")
        signature = key_material.sign(private, identifier, algorithm, value)
        return Answer(200, {"kid": identifier, "value": signature})

    async def _verify(self, call: Call) -> Answer:
        document = self._usable(call, "verify")
        private, identifier = self._private(document), self._keys.identifier(document)
        algorithm, digest, signature = (_text(call, name) for name in ("alg", "digest", "value"))
        return Answer(
            200,
            {"value": key_material.verify(private, identifier, algorithm, digest, signature)},
        )

    def _usable(self, call: Call, verb: str) -> dict[str, Any]:
        """The key that a call names, for a caller and a use that are allowed."""
        document = self._keys.find(self._keys.enter(call, verb), call)
        if not document["attributes"]["enabled"]:
            raise disabled(self._keys.one, verb)
        if verb not in document["key"]["key_ops"]:
            message = f"Operation {verb} is not permitted on this key."
            raise Forbidden("KeyOperationForbidden", message)
        return document

    def _private(self, document: Mapping[str, Any]) -> key_material.Private:
        return key_material.read(self._services.sealer.open(document["sealed"]))

    def _shown(self, document: Mapping[str, Any]) -> dict[str, Any]:
        key = {"kid": self._keys.identifier(document), **document["key"]}
        return {"key": key, "attributes": document["attributes"], "tags": document["tags"]}

    def _listed(self, document: Mapping[str, Any], *, with_version: bool = True) -> dict[str, Any]:
        return {
            "kid": self._keys.identifier(document, with_version=with_version),
            "attributes": document["attributes"],
            "tags": document["tags"],
        }


def _refuse_options(body: Mapping[str, Any]) -> None:
    """By name what would matter and is not served."""
    if body.get("Hsm"):
        raise not_served("keys in hardware")
    if body.get("release_policy") or (body.get("attributes") or {}).get("exportable"):
        raise not_served("keys that can be released")


def _refuse_outside_its_time(attributes: Mapping[str, Any]) -> None:
    """What makes a signature that counts from today on; verifying is no such thing."""
    moment = time.time()
    if attributes.get("nbf") and moment < float(attributes["nbf"]):
        message = "Operation sign is not allowed on a not yet valid key."
        raise Forbidden("KeyNotYetValid", message)
    if attributes.get("exp") and moment >= float(attributes["exp"]):
        raise Forbidden("KeyExpired", "Operation sign is not allowed on a expired key.")


def _text(call: Call, name: str) -> str:
    value = call.body.get(name)
    if not isinstance(value, str):
        raise bad_parameter("Property  has invalid value")
    return value
