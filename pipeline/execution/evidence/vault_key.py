"""A private key that never leaves Key Vault: it is sent a digest, and answers a signature.

Owns azure-keyvault-keys, an extra of the package. ES256 answers r and s side by side, 32 bytes
each (RFC 7518, section 3.4); verifiers of DSSE want them in DER.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from pipeline.advice import Advice, Shell
from pipeline.errors import AzureRefused, Unreachable
from pipeline.execution.azure.clients import Clients
from pipeline.execution.azure.refusals import refusals_about

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
        vault, _, named = address.partition("/keys/")
        name, _, version = named.partition("/")
        options = clients.of_other_services()
        with refusals_about(address):
            key = KeyClient(vault, clients.credential, **options).get_key(name, version or None)
        client = partial(CryptographyClient, key, clients.credential, **options)
        return cls.read(address, key.key, client())

    @classmethod
    def read(cls, address: str, key: Any, cryptography: Any) -> VaultKey:
        """From a JSON web key; AzureRefused for one that is not ECDSA on P-256."""
        if str(key.kty) not in {"EC", "EC-HSM"} or str(key.crv) != "P-256":
            raise AzureRefused(
                address, "UnsupportedKey", f"a key of type {key.kty}; it must be EC on P-256"
            )
        x, y = (int.from_bytes(number, "big") for number in (key.x, key.y))
        return cls(address, x, y, cryptography)

    @property
    def keyid(self) -> str:
        """SHA-256 of the public key's SubjectPublicKeyInfo."""
        public = ec.EllipticCurvePublicNumbers(self.x, self.y, ec.SECP256R1()).public_key()
        encoded = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return hashlib.sha256(encoded).hexdigest()

    def sign(self, signed: bytes) -> bytes:
        """A signature in DER over these bytes; only their SHA-256 is sent."""
        from azure.keyvault.keys.crypto import (  # noqa: PLC0415 - an extra, slow to import
            SignatureAlgorithm,
        )

        with refusals_about(self.address):
            answer = self.cryptography.sign(
                SignatureAlgorithm.es256, hashlib.sha256(signed).digest()
            )
        r, s = answer.signature[:HALF], answer.signature[HALF:]
        return encode_dss_signature(int.from_bytes(r, "big"), int.from_bytes(s, "big"))
