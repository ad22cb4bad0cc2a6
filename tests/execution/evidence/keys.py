"""Keys of tests: made on the spot, and thrown away."""

from __future__ import annotations

from pathlib import Path
from typing import TypeAlias

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

AnyKey: TypeAlias = ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


def p256() -> ec.EllipticCurvePrivateKey:
    """ECDSA on P-256."""
    return ec.generate_private_key(ec.SECP256R1())


def ed() -> ed25519.Ed25519PrivateKey:
    """Ed25519."""
    return ed25519.Ed25519PrivateKey.generate()


def write_private(path: Path, key: AnyKey, passphrase: str = "", mode: int = 0o600) -> Path:
    """A private key as OpenSSL writes it."""
    hidden: KeySerializationEncryption = NoEncryption()
    if passphrase:
        hidden = BestAvailableEncryption(passphrase.encode())
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, hidden))
    path.chmod(mode)
    return path


def write_public(path: Path, key: AnyKey) -> Path:
    """Its public key."""
    path.parent.mkdir(parents=True, exist_ok=True)
    public = key.public_key()
    path.write_bytes(public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    return path
