"""What a key vault's refusal means for us, and the command that fixes it.

Codes: https://learn.microsoft.com/azure/key-vault/general/rest-error-codes; the inner ones as
reported (azure-sdk-for-js#24756, Terraform_AKS#2; of keys: TROUBLESHOOTING of the SDKs).
"""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import Final, Literal, TypeAlias
from urllib.parse import urlsplit

from pipeline.advice import Advice, AdviceList, Shell
from pipeline.definition.vault_rules import VAULT
from pipeline.errors import Unreachable

Kind: TypeAlias = Literal["secret", "key"]

READER_OF_SECRETS: Final = "Key Vault Secrets User"
"""The smallest built-in role that reads the values of secrets."""
USER_OF_KEYS: Final = "Key Vault Crypto User"
"""The smallest built-in role that reads keys and signs with them."""

_WALLED = frozenset({"ForbiddenByFirewall", "ForbiddenByConnection"})
_BY_RIGHTS = frozenset({"", "ForbiddenByPolicy", "ForbiddenByRbac"})
_ROLES: Final[dict[Kind, str]] = {"secret": READER_OF_SECRETS, "key": USER_OF_KEYS}
_PERMISSIONS: Final[dict[Kind, str]] = {"secret": "get", "key": "get sign"}


@dataclass(frozen=True, slots=True)
class Wanted:
    """A secret that is read, or a key that signs."""

    kind: Kind
    vault: str
    name: str
    who: str
    """Who asks: `the identity that bakes`."""
    outcome: str
    """What is true now: `nothing was baked`."""

    def explained(self, status: int, inner: str) -> tuple[str, AdviceList]:
        """What a refusal means, that nothing was changed, and the command to go on."""
        told = f"--vault-name {self.vault} --name {self.name}"
        if inner.endswith("Disabled"):
            enable = f"az keyvault {self.kind} set-attributes {told} --enabled true"
            return self._says(f"the {self.kind} is disabled", "enable it", enable)
        if inner in _WALLED:
            command = f"az keyvault network-rule add --name {self.vault} --ip-address ADDRESS"
            why = "the vault's firewall does not let this machine in"
            return self._says(why, "let its address in", command)
        if status == HTTPStatus.NOT_FOUND:
            command = f"az keyvault {self.kind} list --vault-name {self.vault} -o table"
            why = f"the vault has no such {self.kind} or version"
            return self._says(why, "list what it has", command)
        if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN} and inner in _BY_RIGHTS:
            role, permissions = _ROLES[self.kind], _PERMISSIONS[self.kind].split()
            listed = " and ".join(f"`{one}`" for one in permissions)
            verb = "read" if self.kind == "secret" else "use"
            why = (
                f"{self.who} may not {verb} it: it needs the role {role} on the vault or the"
                f" {self.kind}, or {listed} of {self.kind}s in an access policy"
                " (docs/permissions.md)"
            )
            command = (
                f'az role assignment create --role "{role}" --assignee CLIENT-ID --scope'
                f" $(az keyvault show --name {self.vault} --query id -o tsv)"
            )
            return self._says(why, "assign the role", command)
        return self.outcome, ()

    def _says(self, why: str, wish: str, command: str) -> tuple[str, AdviceList]:
        return f"{why}; {self.outcome}", (Advice(wish, Shell(command)),)


def silent_vault(silence: Unreachable, vault: str, outcome: str) -> Unreachable:
    """The same silence, with what it may mean; `outcome` says where the vault is named, too."""
    return Unreachable(
        f"{silence}\nNo vault of the name {vault} may be there, or none that this machine reaches;"
        f" {outcome}",
        nothing_listens=silence.nothing_listens,
        advice=(Advice("list the vaults", Shell("az keyvault list -o table")),),
    )


def vault_of(address: str) -> str:
    """The name of a vault, by the address of what it holds; `VAULT` where that has no name."""
    name = (urlsplit(address).hostname or "").partition(".")[0]
    return name if VAULT.accepts(name) else "VAULT"
