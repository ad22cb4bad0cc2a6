"""Private keys as PEM files."""

from __future__ import annotations

from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from pipeline.emulator.files import damaged


def private_pem(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> bytes:
    """The key as a PEM file without a password."""
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def elliptic_key(file: Path, pem: bytes) -> ec.EllipticCurvePrivateKey:
    """The key in a PEM file. Raises FileError when it is none, or of another kind."""
    key = _private_key(file, pem)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise damaged(file, "another kind of key")
    return key


def rsa_key(file: Path, pem: bytes) -> rsa.RSAPrivateKey:
    """The same for an RSA key."""
    key = _private_key(file, pem)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise damaged(file, "another kind of key")
    return key


def _private_key(file: Path, pem: bytes) -> object:
    try:
        return serialization.load_pem_private_key(pem, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise damaged(file, "no private key") from error
