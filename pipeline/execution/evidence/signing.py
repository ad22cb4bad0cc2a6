"""Who signs an envelope: a private key in a file, or one that stays in Key Vault."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, TypeAlias

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from pipeline.advice import Advice, Shell
from pipeline.errors import StateFileError
from pipeline.execution.evidence.keys import keyid_of
from pipeline.execution.evidence.vault_key import VaultKey
from pipeline.execution.run.session import Session
from pipeline.planning.evidence.envelope import Envelope, Signature
from pipeline.state_files import naming, read_bytes

PASSPHRASE = "BAKESWAP_KEY_PASSPHRASE"  # noqa: S105 - the variable's name
"""The environment variable that holds the passphrase of an encrypted key."""

Private: TypeAlias = ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey


class Signer(Protocol):
    """What signs; `keyid` is of its public key."""

    @property
    def keyid(self) -> str:
        """SHA-256 of the public key's SubjectPublicKeyInfo."""
        ...

    @property
    def kind(self) -> str:
        """What it is, in words: `Ed25519`."""
        ...

    def sign(self, signed: bytes) -> bytes:
        """A signature over these bytes, as verifiers want it: of ECDSA in DER."""
        ...


@dataclass(frozen=True, slots=True)
class FileKey:
    """A private key that was read from a file."""

    key: Private = field(repr=False)

    @property
    def keyid(self) -> str:
        """Of its public key."""
        return keyid_of(self.key.public_key())

    @property
    def kind(self) -> str:
        """Ed25519, or ECDSA on P-256."""
        is_ed = isinstance(self.key, ed25519.Ed25519PrivateKey)
        return "Ed25519" if is_ed else "ECDSA on P-256"

    def sign(self, signed: bytes) -> bytes:
        """Ed25519, or ECDSA over SHA-256."""
        if isinstance(self.key, ed25519.Ed25519PrivateKey):
            return self.key.sign(signed)
        return self.key.sign(signed, ec.ECDSA(SHA256()))


def signer_of(session: Session) -> Signer | None:
    """What the environment signs with; None where it says nothing.

    Raises StateFileError for a file, AzureRefused, SignInFailed or Unreachable for Key Vault.
    """
    policy = session.environment.evidence
    if not policy.sign_with:
        return None
    if policy.signs_in_vault:
        return VaultKey.of(session.azure.clients, policy.sign_with)
    return read_private_key(session.project.root / policy.sign_with, session.output.hide)


def read_private_key(
    path: Path,
    hide: Callable[[str], None] = lambda secret: None,
    environ: Mapping[str, str] = os.environ,
) -> FileKey:
    """A PEM file that only its owner can read; raises StateFileError, which quotes nothing of it.

    `hide` is told the passphrase, so that no output will show it.
    """
    content = read_bytes(path)
    with naming(path):
        mode = path.stat().st_mode & 0o777
    if mode & 0o077:
        raise StateFileError(
            path,
            f"others can read this private key (mode {mode:04o})",
            advice=(Advice("keep it to yourself", Shell(f"chmod 600 {path}")),),
        )
    passphrase = environ.get(PASSPHRASE, "")
    if passphrase:
        hide(passphrase)
    key = _loaded(path, content, passphrase)
    if isinstance(key, ec.EllipticCurvePrivateKey) and not isinstance(key.curve, ec.SECP256R1):
        raise StateFileError(path, f"an ECDSA key on {key.curve.name}; it must be on P-256")
    if not isinstance(key, Private):
        raise StateFileError(path, "a private key of another kind than Ed25519 and ECDSA P-256")
    return FileKey(key)


def _loaded(path: Path, content: bytes, passphrase: str) -> object:
    is_encrypted = b"ENCRYPTED" in content
    if is_encrypted and not passphrase:
        raise StateFileError(path, f"is encrypted: set {PASSPHRASE} to its passphrase")
    try:
        return load_pem_private_key(content, passphrase.encode() if is_encrypted else None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        told = f"; or {PASSPHRASE} is not its passphrase" if is_encrypted else ""
        problem = f"not a private key: PEM (PKCS #8) expected{told}"
    raise StateFileError(path, problem)


def sealed(payload: bytes, signer: Signer | None) -> bytes:
    """An envelope around a statement, signed where there is somebody to sign it; as it is kept."""
    envelope = Envelope(payload)
    if signer is not None:
        signature = Signature(signer.keyid, signer.sign(envelope.signed))
        envelope = Envelope(payload, (signature,))
    return envelope.written()
