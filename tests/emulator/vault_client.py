"""A key vault of the emulator, made and asked as clients do."""

from __future__ import annotations

import base64
import itertools
import json
from dataclasses import dataclass, field
from typing import Any

from tests.conftest import Emulator, Reply

_numbers = itertools.count(1)

SECRETS = ["get", "list", "set"]


@dataclass(frozen=True, slots=True)
class Vault:
    """One vault of a name of its own: those of vaults are worldwide."""

    emulator: Emulator
    group: str
    name: str = field(default_factory=lambda: f"shop-{next(_numbers)}")

    @property
    def address(self) -> str:
        """Of the vault, without the emulator's own."""
        whole = str(self.emulator.facts["key_vaults"]).format(vault=self.name)
        return whole.removeprefix(self.emulator.base)

    @property
    def own_address(self) -> str:
        """As the vault is asked by whoever knows no path: `https://127.0.0.1:40123`."""
        uri = self.emulator.call("GET", self.resource).body["properties"]["vaultUri"]
        return str(uri).rstrip("/")

    @property
    def audience(self) -> str:
        """Whom tokens for vaults are for."""
        return str(self.emulator.facts["key_vaults"]).removesuffix("/{vault}")

    def make(self, **properties: Any) -> Reply:
        """PUT of the vault; with RBAC, unless something else is said."""
        given = {
            "tenantId": self.emulator.facts["tenant"],
            "sku": {"family": "A", "name": "standard"},
            "enableRbacAuthorization": True,
            **properties,
        }
        body = {"location": "westeurope", "properties": given}
        return self.emulator.call("PUT", self.resource, body)

    @property
    def resource(self) -> str:
        """The vault's id, below the subscription."""
        return f"/resourceGroups/{self.group}/providers/Microsoft.KeyVault/vaults/{self.name}"

    def token(self) -> str:
        """One that vaults take."""
        return self.emulator.credential().get_token(f"{self.audience}/.default").token

    def ask(self, method: str, path: str, body: Any = None, *, token: str | None = None) -> Reply:
        """A request of the data plane: `/secrets/db`."""
        sent = self.token() if token is None else token
        whole = f"{self.address}{path}?api-version=7.4"
        return self.emulator.call(method, whole, body, token=sent)

    def allow(self, **permissions: list[str]) -> None:
        """Access policies instead of RBAC: the caller may do just this: `keys=["get"]`."""
        claims = self.token().split(".")[1]
        caller = str(json.loads(base64.urlsafe_b64decode(claims + "==="))["oid"])
        tenant = self.emulator.facts["tenant"]
        policy = {"tenantId": tenant, "objectId": caller, "permissions": permissions}
        answer = self.make(enableRbacAuthorization=False, accessPolicies=[policy])
        assert answer.status == 200, answer.body

    def set(self, name: str, value: str, **attributes: Any) -> str:
        """A new version of a secret; answers which."""
        answer = self.ask("PUT", f"/secrets/{name}", {"value": value, "attributes": attributes})
        assert answer.status == 200, answer.body
        return str(answer.body["id"]).rpartition("/")[2]


def vault_in(emulator: Emulator, group: str, **properties: Any) -> Vault:
    """A new vault in a resource group, made where there is none."""
    emulator.call("PUT", f"/resourceGroups/{group}", {"location": "westeurope"})
    vault = Vault(emulator, group)
    assert vault.make(**properties).status == 201
    return vault
