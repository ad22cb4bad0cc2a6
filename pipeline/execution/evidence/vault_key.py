"""A private key that never leaves Key Vault: it is sent a digest, and answers a signature.

Owns azure-keyvault-keys, an extra of the package. ES256 answers r and s side by side, 32 bytes
each (RFC 7518, section 3.4); verifiers of DSSE want them in DER.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from pipeline.advice import Advice, Shell
from pipeline.errors import AzureRefused, Unreachable
from pipeline.execution.azure.clients import Clients
from pipeline.execution.azure.refusals import refusals_about
from pipeline.execution.azure.vault_credential import VaultCredential, options_of
from pipeline.execution.azure.vault_refusals import Wanted, silent_vault, vault_of

KEYS = "/keys/"
"""Between the address of a vault and the name of a key."""
HALF = 32
"""Bytes of r, and of s, on P-256."""


@dataclass(frozen=True, slots=True)
class VaultKey:
    """An ECDSA key on P-256, by its address."""

    address: str
    x: int
    y: int
    cryptography: Any = field(repr=False)
    """The SDK's CryptographyClient of one version of the key."""

    @classmethod
    def of(cls, clients: Clients, address: str) -> VaultKey:
        """The key at an address, its newest version unless that names one.

        Raises AzureRefused, SignInFailed or Unreachable.
        """
        try:
            from azure.keyvault.keys import KeyClient  # noqa: PLC0415 - an extra, slow to import
            from azure.keyvault.keys.crypto import (  # noqa: PLC0415 - the same
                CryptographyClient,
            )
        except ImportError as error:
            command = "pip install 'bakeswap[evidence]'"
            raise Unreachable(
                f"{address}: the library that signs with Key Vault is not installed",
                advice=(Advice("install it", Shell(command)),),
            ) from error
        vault, _, named = address.partition(KEYS)
        name, _, version = named.partition("/")
        credential, options = VaultCredential(clients, address), options_of(clients)
        with _refusals(address):
            key = KeyClient(vault, credential, **options).get_key(name, version or None)
        _refuse_outside_its_time(address, key.properties)
        return cls.read(address, key.key, CryptographyClient(key, credential, **options))

    @classmethod
    def read(cls, address: str, key: Any, cryptography: Any) -> VaultKey:
        """From a JSON web key; AzureRefused for one that is not ECDSA on P-256."""
        kind, curve = (str(getattr(one, "value", one)) for one in (key.kty, key.crv))
        if kind not in {"EC", "EC-HSM"} or curve != "P-256":
            on = f" on {curve}" if key.crv else ""
            problem = f"a key of type {kind}{on}; it must be EC on P-256"
            where = f"--vault-name {vault_of(address)} --name NAME"
            command = Shell(f"az keyvault key create --kty EC --curve P-256 {where}")
            making = Advice("make another", command)
            raise AzureRefused(address, "UnsupportedKey", problem, advice=(making,))
        x, y = (int.from_bytes(number, "big") for number in (key.x, key.y))
        return cls(address, x, y, cryptography)

    @property
    def keyid(self) -> str:
        """SHA-256 of the public key's SubjectPublicKeyInfo."""
        public = ec.EllipticCurvePublicNumbers(self.x, self.y, ec.SECP256R1()).public_key()
        encoded = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return hashlib.sha256(encoded).hexdigest()

    @property
    def kind(self) -> str:
        """It is enabled, too, and may be used today: others are refused when they are read."""
        return "ECDSA on P-256, enabled"

    def sign(self, signed: bytes) -> bytes:
        """A signature in DER over these bytes; only their SHA-256 is sent."""
        from azure.keyvault.keys.crypto import (  # noqa: PLC0415 - an extra, slow to import
            SignatureAlgorithm,
        )

        with _refusals(self.address):
            answer = self.cryptography.sign(
                SignatureAlgorithm.es256, hashlib.sha256(signed).digest()
            )
        r, s = answer.signature[:HALF], answer.signature[HALF:]
        return encode_dss_signature(int.from_bytes(r, "big"), int.from_bytes(s, "big"))


def _refuse_outside_its_time(address: str, properties: Any) -> None:
    """Key Vault lets such a key be read, and signs nothing with it ("About keys")."""
    now, begins, ends = datetime.now(UTC), properties.not_before, properties.expires_on
    told = f"--id {address}"
    if ends is not None and now >= ends:
        command = f"az keyvault key set-attributes {told} --expires DATE"
        wish, problem = "let it be valid longer", f"it expired at {ends.isoformat()}"
    elif begins is not None and now < begins:
        command = f"az keyvault key set-attributes {told} --not-before DATE"
        wish, problem = "let it be valid now", f"it is not valid before {begins.isoformat()}"
    else:
        return
    advice = (Advice(wish, Shell(command)),)
    raise AzureRefused(address, "KeyNotUsable", f"{problem}; nothing was signed", advice=advice)


@contextmanager
def _refusals(address: str) -> Iterator[None]:
    """What the SDK raises, with what it means for us."""
    name = address.partition(KEYS)[2].partition("/")[0]
    wanted = Wanted(
        *("key", vault_of(address), name), "the identity that checks", "nothing was signed"
    )
    try:
        with refusals_about(address):
            yield
    except AzureRefused as refusal:
        error = getattr(refusal.__cause__, "error", None)
        inner = str((getattr(error, "innererror", None) or {}).get("code") or "")
        why, advice = wanted.explained(refusal.status, inner)
        code, sentence = inner or refusal.code, f"{refusal.sentence}\n{why}"
        raise AzureRefused(
            address, code, sentence, status=refusal.status, advice=advice
        ) from refusal
    except Unreachable as silence:
        raise silent_vault(silence, wanted.vault, wanted.outcome) from silence
