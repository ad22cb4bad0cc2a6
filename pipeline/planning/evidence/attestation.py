"""An attestation in a file, whoever wrote it: what it says, and whether it is to be believed.

Packer's post-processor `provenance` (1.16 and newer) writes a SLSA provenance, signed or not, and
a CycloneDX or SPDX statement; https://developer.hashicorp.com/packer/docs/post-processors/provenance
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pipeline.errors import Refused
from pipeline.planning.evidence.policy import Signed
from pipeline.planning.evidence.statement import Statement
from pipeline.planning.table import Table


@dataclass(frozen=True, slots=True)
class Attestation:
    """A statement out of a file, and who signed it."""

    file: str
    statement: Statement
    signatures: tuple[Signed, ...]
    keys: tuple[str, ...]
    """The public keys that were tried."""

    @property
    def fault(self) -> str:
        """Why it is not to be believed; "" when one of the keys signed it."""
        if any(one.by for one in self.signatures):
            return ""
        if not self.signatures:
            return f"{self.file} is not signed"
        if not self.keys:
            return f"{self.file}: there is no public key to verify it with: name one with --key"
        keys = ", ".join(one.keyid or "a key without an id" for one in self.signatures)
        return (
            f"{self.file} has no valid signature by {' or '.join(self.keys)}: a byte of it was"
            f" changed, or another key signed it ({keys})"
        )


def refuse_unverified(found: Attestation) -> None:
    """Refuse one that none of the keys signed."""
    if found.fault:
        raise Refused(found.fault)


def table(found: Attestation) -> Table:
    """What it says, for people."""
    rows = [(one.name, one.digest or "none") for one in found.statement.subjects]
    signed = (f"signed by {one.by or f'an unknown key, {one.keyid}'}" for one in found.signatures)
    return Table(("SUBJECT", "SHA-256"), tuple(rows), (*_facts(found.statement), *signed))


def document(found: Attestation) -> dict[str, object]:
    """The same for programs."""
    return {
        "file": found.file,
        "verdict": "failed" if found.fault else "passed",
        "problems": [found.fault] if found.fault else [],
        "signatures": [{"keyid": one.keyid, "by": one.by} for one in found.signatures],
        "statement": found.statement.written(),
    }


def _facts(statement: Statement) -> Iterator[str]:
    facts = {
        "predicate": statement.predicate_type,
        "build type": statement.said("buildDefinition", "buildType"),
        "builder": statement.said("runDetails", "builder", "id"),
        "Packer": statement.said("runDetails", "builder", "version", "packer"),
        "invocation": statement.said("runDetails", "metadata", "invocationId"),
    }
    yield from (f"{name} {value}" for name, value in facts.items() if value)
