"""Which secrets of which key vaults a bake reads: addresses, and never a value."""

from __future__ import annotations

from dataclasses import dataclass, field

from pipeline.definition.given import VaultSecret
from pipeline.definition.model import Environment, Image
from pipeline.definition.vault_rules import PLACE
from pipeline.errors import DefinitionError, Mistake


@dataclass(frozen=True, slots=True)
class SecretReference:
    """What a variable of a template is given, as it will be read."""

    variable: str
    vault: str
    name: str
    address: str
    """Of the secret, or of the one version that is meant."""
    audience: str
    """Whom a token must be for that the vault takes."""
    at: str = field(default="", compare=False)
    """Where it is written: `images/web/image.hcl:6`."""

    def __str__(self) -> str:
        return f"{self.variable} from secret {self.name} of key vault {self.vault}"


def secret_references(image: Image, environment: Environment) -> tuple[SecretReference, ...]:
    """What an image's variables are given from key vaults in an environment.

    Raises DefinitionError where nobody names the vault, or the cloud's address of vaults.
    """
    mistakes: list[Mistake] = []
    found: list[SecretReference] = []
    vaults = environment.cloud.vaults
    for one in image.secrets:
        vault = one.vault or environment.key_vault
        if not vault:
            what = f"no vault is named here or in environment {environment.name}"
            mistakes.append(_mistake(one, what, 'add key_vault = "NAME" there'))
        elif not vaults:
            what = f"the cloud of environment {environment.name} has no address of key vaults"
            right = f'add key_vaults = "https://{PLACE}.SUFFIX" to it'
            mistakes.append(_mistake(one, what, right))
        else:
            base = vaults.replace(PLACE, vault)
            version = f"/{one.version}" if one.version else ""
            address = f"{base}/secrets/{one.name}{version}"
            found.append(
                SecretReference(one.variable, vault, one.name, address, audience(vaults), one.at)
            )
    if mistakes:
        raise DefinitionError(tuple(mistakes))
    return tuple(found)


def _mistake(secret: VaultSecret, what: str, right: str) -> Mistake:
    file, _, line = secret.at.rpartition(":")
    return Mistake(file, int(line), f'secret "{secret.variable}": {what}', right)


def audience(vaults: str) -> str:
    """Of tokens for a cloud's key vaults: `https://vault.azure.net`, without a vault's name.

    "The resource for ALL tokens that want to access a Key Vault" (Key Vault's REST error codes).
    """
    return vaults.replace(f"{PLACE}.", "").removesuffix(f"/{PLACE}")
