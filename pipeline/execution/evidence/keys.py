"""Public keys, and what they verify.

A key's id is the SHA-256 of its SubjectPublicKeyInfo. Ids in envelopes are hints: Packer's are of
the PEM text, and nobody signs them. So each key is tried on each signature.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_public_key,
)

from pipeline.errors import StateFileError
from pipeline.planning.evidence.canonical import digest_of
from pipeline.planning.evidence.envelope import Envelope
from pipeline.planning.evidence.policy import Signed
from pipeline.state_files import read_bytes

Public: TypeAlias = ed25519.Ed25519PublicKey | ec.EllipticCurvePublicKey | rsa.RSAPublicKey


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A key that is trusted, by the name that it is written with."""

    name: str
    key: Public

    def verifies(self, signature: bytes, signed: bytes) -> bool:
        """Whether its private key made the signature over just these bytes."""
        try:
            match self.key:
                case ed25519.Ed25519PublicKey():
                    self.key.verify(signature, signed)
                case ec.EllipticCurvePublicKey():
                    self.key.verify(signature, signed, ec.ECDSA(SHA256()))
                case rsa.RSAPublicKey():  # Packer signs with such keys, too
                    self.key.verify(signature, signed, padding.PKCS1v15(), SHA256())
        except InvalidSignature:
            return False
        return True


def read_public_key(root: Path, name: str) -> PublicKey:
    """A PEM file, relative to the project's folder; raises StateFileError."""
    path = root / name
    try:
        key = load_pem_public_key(read_bytes(path))
    except (ValueError, UnsupportedAlgorithm) as error:
        raise StateFileError(path, "not a public key: PEM (SubjectPublicKeyInfo) expected") from (
            error
        )
    if not isinstance(key, Public):
        raise StateFileError(path, "a public key of another kind than Ed25519, ECDSA and RSA")
    return PublicKey(name, key)


def keyid_of(key: Public) -> str:
    """SHA-256 of the SubjectPublicKeyInfo."""
    return digest_of(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))


def verified(envelope: Envelope, keys: Iterable[PublicKey]) -> tuple[Signed, ...]:
    """Each signature of the envelope, with the key that made it where that is one of these."""
    known, signed = tuple(keys), envelope.signed
    return tuple(
        Signed(one.keyid, next((key.name for key in known if key.verifies(one.value, signed)), ""))
        for one in envelope.signatures
    )
