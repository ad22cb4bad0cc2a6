"""Tokens for key vaults alone, whatever an answer asks for.

The SDK of key vaults takes the audience of its token from the first answer of whatever it asked,
and wants the vault's host to be below it (`https://vault.azure.net`). That cannot hold where a
cloud has no domain for its vaults. So the SDK's own look is turned off, and this one is stricter.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from pipeline.errors import SignInFailed
from pipeline.execution.azure.clients import Clients
from pipeline.planning.build.vault import audience

_OF_ANY_RIGHT = "/.default"


class VaultCredential:
    """What signs us in, to one vault."""

    def __init__(self, clients: Clients, address: str) -> None:
        self._credential = clients.credential
        self._address = address
        self._audience = audience(clients.environment.cloud.vaults)

    def get_token(self, *scopes: str, **options: Any) -> Any:
        """A token as azure-core has them; SignInFailed for one that is not for this vault."""
        for scope in scopes:
            if not self._is_ours(scope):
                raise SignInFailed(
                    f"{self._address}: asked for a token for {scope.removesuffix(_OF_ANY_RIGHT)},"
                    " which is not the audience of this vault; none was sent"
                )
        return self._credential.get_token(*scopes, **options)

    def _is_ours(self, scope: str) -> bool:
        """Of the domain that the vault is in; or just that of the cloud's vaults, on their host."""
        asked, own = urlsplit(scope).hostname, urlsplit(self._address).hostname or ""
        if not asked:
            return False
        if own.endswith(f".{asked}"):
            return scope.startswith("https://")
        return own == asked and scope == f"{self._audience}{_OF_ANY_RIGHT}"


def options_of(clients: Clients) -> dict[str, Any]:
    """For clients of the SDK that sign in with a VaultCredential."""
    return {**clients.of_other_services(), "verify_challenge_resource": False}
