"""Attestations in files, as Packer and other tools write them: read by the same verifier."""

from __future__ import annotations

from pathlib import Path

from pipeline.errors import StateFileError
from pipeline.execution.evidence.keys import read_public_key, verified
from pipeline.execution.run.session import Session
from pipeline.planning.evidence import envelope as envelopes
from pipeline.planning.evidence import statement as statements
from pipeline.planning.evidence.attestation import Attestation
from pipeline.state_files import read_bytes


def read_file(session: Session, path: Path, keys: tuple[str, ...]) -> Attestation:
    """What a file says, and which key signed it: of those named, else of the environment's.

    Raises StateFileError for a file that is no attestation, and for a key that cannot be read.
    """
    content = read_bytes(path)
    try:
        envelope = envelopes.reading(content)
        statement = statements.reading(envelope.payload)
    except ValueError as error:
        raise StateFileError(path, str(error)) from error
    named = [read_public_key(Path.cwd(), key) for key in keys]
    trusted = session.environment.evidence.signed_by if not keys else ()
    named += [read_public_key(session.project.root, key) for key in trusted]
    known = tuple(key.name for key in named)
    return Attestation(str(path), statement, verified(envelope, named), known)
