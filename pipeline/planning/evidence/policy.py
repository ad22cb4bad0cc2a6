"""Whether a version's evidence is what an environment requires, and what is wrong with it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypeAlias

from pipeline.advice import Advice, check_image, evidence_show
from pipeline.definition.evidence import EvidencePolicy, Requirement
from pipeline.errors import Refused
from pipeline.planning.evidence.documents import (
    CHECKS,
    DESCRIPTOR,
    ENVELOPE_FILE,
    OF_REQUIREMENT,
    SBOM,
)
from pipeline.planning.evidence.statement import Named, Statement
from pipeline.planning.names import Tag
from pipeline.planning.table import Table

DESCRIBED: Final = (Tag.FINGERPRINT, Tag.BASE)
"""The tags of a version that its descriptor has, too."""

State: TypeAlias = Literal["kept", "missing", "changed"]


@dataclass(frozen=True, slots=True)
class Seen:
    """A document of the evidence as the store has it now."""

    named: Named
    state: State
    actual: str = ""
    """The digest of what is there instead."""
    content: bytes = field(default=b"", repr=False)

    @property
    def fault(self) -> str:
        """What is wrong with it; "" when nothing is."""
        if self.state == "missing":
            return f"{self.named.name} is not in the store (sha256 {self.named.digest})"
        if self.state == "changed":
            return (
                f"{self.named.name} was changed: it has sha256 {self.actual}, not"
                f" {self.named.digest}"
            )
        return ""


@dataclass(frozen=True, slots=True)
class Signed:
    """A signature of the envelope: `by` is the file of the key that made it, "" for no known."""

    keyid: str
    by: str = ""


@dataclass(frozen=True, slots=True)
class Evidence:
    """A version's evidence as it was found; what it says is true of the version is `problems`."""

    image: str
    version: str
    resource: str
    tags: Mapping[str, str]
    store: str = ""
    envelope: Seen | None = None
    """None for a version without the tag."""
    statement: Statement | None = None
    unreadable: str = ""
    """Why the envelope says nothing; "" when it does."""
    signatures: tuple[Signed, ...] = ()
    documents: tuple[Seen, ...] = ()

    @property
    def digest(self) -> str:
        """Of the envelope, as the version's tag has it; "" without one."""
        return self.envelope.named.digest if self.envelope else ""

    @property
    def signers(self) -> tuple[str, ...]:
        """The known keys that signed it."""
        return tuple(one.by for one in self.signatures if one.by)

    def seen(self, name: str) -> Seen | None:
        """A document by its name."""
        return next((one for one in self.documents if one.named.name == name), None)


def problems(found: Evidence, policy: EvidencePolicy) -> tuple[str, ...]:
    """What is wrong, and what the policy lacks; () when it is what it should be."""
    if found.envelope is None:
        lacking = ", ".join(policy.required)
        return (f"it has no evidence{f' (required: {lacking})' if lacking else ''}",)
    if found.envelope.fault:
        return (found.envelope.fault,)
    if found.statement is None:
        return (found.unreadable,)
    return (
        *_unsigned(found, policy),
        *_about_another(found, found.statement),
        *_broken(found),
        *(fault for name in policy.required for fault in _lacking(found, name)),
    )


def refuse_without_evidence(found: Evidence | None, policy: EvidencePolicy) -> None:
    """Refuse a version whose evidence is not what the environment requires; None: not asked."""
    if found is None or not (wrong := problems(found, policy)):
        return
    what = f"{found.image} {found.version}"
    raise Refused(
        f"{what} cannot be promoted: its evidence does not hold\n"
        + "\n".join(f"  {one}" for one in wrong),
        advice=(
            Advice("see what there is", evidence_show(found.image, found.version)),
            Advice("record it anew", check_image(found.image, found.version)),
        ),
    )


def refuse_broken(found: Evidence, policy: EvidencePolicy) -> None:
    """Refuse evidence that does not hold, whoever asks; what is required or not."""
    if wrong := problems(found, policy):
        raise Refused(
            f"the evidence of {found.image} {found.version} does not hold: {wrong[0]}",
            advice=(Advice("record it anew", check_image(found.image, found.version)),),
        )


def table(found: Evidence, policy: EvidencePolicy) -> Table:
    """What there is, for people."""
    rows = [
        (one.named.name, one.state, one.named.digest)
        for one in (*((found.envelope,) if found.envelope else ()), *found.documents)
    ]
    signed = [f"signed by {one.by or f'an unknown key, {one.keyid}'}" for one in found.signatures]
    notes = (
        f"{found.image} {found.version}: {found.resource}",
        *([f"kept in {found.store}"] if found.store else []),
        *([*_told(found.statement)] if found.statement else []),
        *(signed or (["not signed"] if found.statement else [])),
        *(f"FAILED {one}" for one in problems(found, policy)),
    )
    return Table(("DOCUMENT", "STATE", "SHA-256"), tuple(rows), notes)


def document(found: Evidence, policy: EvidencePolicy) -> dict[str, object]:
    """The same for programs, and for a page."""
    wrong = problems(found, policy)
    return {
        "image": found.image,
        "version": found.version,
        "resource": found.resource,
        "digest": found.digest,
        "store": found.store,
        "verdict": "failed" if wrong else "passed",
        "problems": list(wrong),
        "required": list(policy.required),
        "signatures": [{"keyid": one.keyid, "by": one.by} for one in found.signatures],
        "documents": [
            {
                "name": one.named.name,
                "media_type": one.named.media_type,
                "sha256": one.named.digest,
                "state": one.state,
            }
            for one in found.documents
        ],
        "statement": found.statement.written() if found.statement else None,
    }


def _unsigned(found: Evidence, policy: EvidencePolicy) -> Iterator[str]:
    if not policy.signed_by or set(found.signers) & set(policy.signed_by):
        return
    wanted = " or ".join(policy.signed_by)
    if not found.signatures:
        yield f"{ENVELOPE_FILE} is not signed; it must be by {wanted}"
    else:
        keys = ", ".join(one.keyid or "a key without an id" for one in found.signatures)
        yield (
            f"{ENVELOPE_FILE} has no valid signature by {wanted}: a byte of it was changed, or"
            f" another key signed it ({keys})"
        )


def _about_another(found: Evidence, statement: Statement) -> Iterator[str]:
    """The subject is this version with this descriptor, and the descriptor says what tags say."""
    names = [one.name for one in statement.subjects]
    mine = [one for one in statement.subjects if one.name.lower() == found.resource.lower()]
    if not mine:
        yield f"it is about another version: {', '.join(names) or 'none'}"
        return
    described = found.seen(DESCRIPTOR)
    if described is None or mine[0].digest != described.named.digest:
        yield f"the digest of its subject is not that of {DESCRIPTOR}"
        return
    said = _object(described.content)
    bill = found.seen(SBOM)
    expected = {
        "version": (found.resource.lower(), str(said.get("version", "")).lower()),
        **{tag: (found.tags.get(tag, ""), said.get(tag, "")) for tag in DESCRIBED},
        "sbom": (bill.named.digest if bill else "", said.get("sbom", "")),
    }
    for name, (actual, told) in expected.items():
        if described.state == "kept" and actual != told:
            yield f"{DESCRIPTOR} says {name} {told or 'nothing'}, the version {actual or 'nothing'}"


def _broken(found: Evidence) -> Iterator[str]:
    """A document that the statement names has to be there, whether it is required or not."""
    return (one.fault for one in found.documents if one.fault)


def _lacking(found: Evidence, requirement: Requirement) -> Iterator[str]:
    for name in OF_REQUIREMENT[requirement]:
        if found.seen(name) is None:
            yield f"{requirement} is required, and {name} was not recorded"
    checked = found.seen(CHECKS)
    if requirement == "checks" and checked is not None and checked.state == "kept":
        predicate = _object(checked.content).get("predicate")
        result = predicate.get("result") if isinstance(predicate, dict) else None
        if result != "PASSED":
            yield f"checks are required to pass, and {CHECKS} says {result or 'nothing'}"


def _object(content: bytes) -> dict[str, Any]:
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _told(statement: Statement) -> Iterator[str]:
    """What a provenance says of who, where and with what."""
    run, inner = ("runDetails", "builder", "version"), ("buildDefinition", "internalParameters")
    facts = {
        "baked by": statement.said(*inner, "bakedBy"),
        "baked with Packer": statement.said(*run, "packer"),
        "Azure plugin": statement.said(*run, "azure"),
        "checked by": statement.said(*inner, "checkedBy"),
        "recorded by bakeswap": statement.said(*run, "bakeswap"),
    }
    yield from (f"{name} {value}" for name, value in facts.items() if value)
