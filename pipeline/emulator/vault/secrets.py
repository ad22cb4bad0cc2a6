"""The data plane of secrets: set, get, list, versions, enabled or not (api-version 7.x).

Values are sealed, so that no file of the emulator shows them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipeline.emulator.arm.answers import Answer
from pipeline.emulator.arm.errors import ArmError
from pipeline.emulator.arm.providers import Call, Route, Services
from pipeline.emulator.vault.collections import Collection, paged
from pipeline.emulator.vault.refusals import disabled


class Secrets:
    """All secrets of all vaults."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._secrets = Collection("secrets", services)
        self.forget = self._secrets.forget

    @property
    def routes(self) -> tuple[Route, ...]:
        """What is served of `{vault}/secrets`; deleting and backing up are not."""
        path = self._secrets.path
        return (
            Route("GET", path, self._list),
            Route("PUT", f"{path}/{{name}}", self._set),
            Route("GET", f"{path}/{{name}}", self._get),
            Route("GET", f"{path}/{{name}}/versions", self._versions),
            Route("GET", f"{path}/{{name}}/{{version}}", self._get),
            Route("PATCH", f"{path}/{{name}}/{{version}}", self._update),
            *(
                Route(method, f"{path}{tail}", self._secrets.refuse)
                for method, tail in (("DELETE", "/{name}"), ("POST", "/{name}/backup"))
            ),
        )

    async def _set(self, call: Call) -> Answer:
        vault = self._secrets.enter(call, "set")
        value = call.body.get("value")
        if not isinstance(value, str):
            raise ArmError(400, "BadParameter", "Property  has invalid value")
        sealed, kind = self._services.sealer.seal(value), call.body.get("contentType")
        document = self._secrets.add(vault, call, sealed=sealed, contentType=kind)
        return Answer(200, self._shown(document))

    async def _get(self, call: Call) -> Answer:
        vault = self._secrets.enter(call, "get")
        document = self._secrets.find(vault, call)
        if not document["attributes"]["enabled"]:
            raise disabled(self._secrets.one, "get")
        return Answer(200, self._shown(document))

    async def _update(self, call: Call) -> Answer:
        vault = self._secrets.enter(call, "set")
        changed = self._secrets.change(self._secrets.find(vault, call), call)
        return Answer(200, self._listed(changed))

    async def _list(self, call: Call) -> Answer:
        vault = self._secrets.enter(call, "list")
        newest = self._secrets.newest(vault)
        return paged([self._listed(one, with_version=False) for one in newest])

    async def _versions(self, call: Call) -> Answer:
        vault = self._secrets.enter(call, "list")
        return paged([self._listed(one) for one in self._secrets.versions(vault, call)])

    def _shown(self, document: Mapping[str, Any]) -> dict[str, Any]:
        value = self._services.sealer.open(document["sealed"])
        return {"value": value, **self._listed(document)}

    def _listed(self, document: Mapping[str, Any], *, with_version: bool = True) -> dict[str, Any]:
        shown: dict[str, Any] = {
            "id": self._secrets.identifier(document, with_version=with_version),
            "attributes": document["attributes"],
        }
        if document["contentType"]:
            shown["contentType"] = document["contentType"]
        return {**shown, "tags": document["tags"]}
