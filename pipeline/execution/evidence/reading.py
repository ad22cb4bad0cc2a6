"""Reading evidence again: from a version's tag to the envelope, and to all that it names."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import partial

from pipeline.arm import ResourceId
from pipeline.errors import Refused
from pipeline.execution.azure.side_by_side import side_by_side
from pipeline.execution.evidence.keys import read_public_key, verified
from pipeline.execution.evidence.store import Store
from pipeline.execution.evidence.stores import store_of
from pipeline.execution.run.session import Session
from pipeline.planning.evidence import envelope as envelopes
from pipeline.planning.evidence import inventory as inventories
from pipeline.planning.evidence import statement as statements
from pipeline.planning.evidence.canonical import digest_of, is_digest
from pipeline.planning.evidence.documents import ENVELOPE_FILE, INVENTORY
from pipeline.planning.evidence.envelope import ENVELOPE
from pipeline.planning.evidence.inventory import Inventory
from pipeline.planning.evidence.policy import Evidence, Seen, refuse_without_evidence
from pipeline.planning.evidence.statement import Named
from pipeline.planning.names import Tag, image_version_id
from pipeline.planning.versions import ImageVersion


def evidence_of(session: Session, image: str, version: ImageVersion) -> Evidence:
    """A version's evidence as it is now, each document looked at.

    What is wrong with it is told by planning/evidence/policy.py. Raises StateFileError,
    AzureRefused, SignInFailed or Unreachable where the store or a key cannot be read.
    """
    store = store_of(session)
    found = Evidence(
        image=image,
        version=version.name,
        resource=str(_resource(session, image, version)),
        tags=dict(version.tags),
        store=str(store),
    )
    digest = version.tags.get(Tag.EVIDENCE, "")
    if not digest:
        return found
    kept = _seen(store, Named(ENVELOPE_FILE, ENVELOPE, digest))
    return _opened(session, store, found, kept)


def refuse_unproven(session: Session, image: str, version: ImageVersion | None) -> None:
    """Refuse to bring a version towards production without the evidence that is required of it.

    Where none is, no store is asked. Raises what `evidence_of` raises as well.
    """
    policy = session.environment.evidence
    if policy.is_required and version is not None:
        refuse_without_evidence(evidence_of(session, image, version), policy)


def inventory_of(session: Session, version: ImageVersion) -> Inventory | None:
    """What is installed in a version; None where nobody recorded it.

    Raises Refused where it was changed since, and what the store raises.
    """
    written = document_of(session, version, INVENTORY)
    try:
        return inventories.reading(json.loads(written)) if written is not None else None
    except (KeyError, TypeError, ValueError) as error:
        raise _unreadable(session, version, error) from error


def document_of(session: Session, version: ImageVersion, name: str) -> bytes | None:
    """A document of a version's evidence; None where nobody recorded it. Raises as above."""
    digest = version.tags.get(Tag.EVIDENCE, "")
    store = store_of(session)
    content = store.get(digest) if is_digest(digest) else None
    if content is None:
        return None
    try:
        statement = statements.reading(envelopes.reading(content).payload)
    except (KeyError, TypeError, ValueError) as error:
        raise _unreadable(session, version, error) from error
    named = [one for one in statement.byproducts if one.name == name]
    return store.get(named[0].digest) if named and is_digest(named[0].digest) else None


def _unreadable(session: Session, version: ImageVersion, error: Exception) -> Refused:
    digest = version.tags.get(Tag.EVIDENCE, "")
    return Refused(f"{store_of(session)}: the evidence {digest} of {version.name}: {error}")


def _opened(session: Session, store: Store, found: Evidence, kept: Seen) -> Evidence:
    policy, root = session.environment.evidence, session.project.root
    keys = [read_public_key(root, name) for name in policy.signed_by]
    opened = replace(found, envelope=kept)
    if kept.state != "kept":
        return opened
    try:
        envelope = envelopes.reading(kept.content)
        statement = statements.reading(envelope.payload)
    except ValueError as error:
        return replace(opened, unreadable=f"{ENVELOPE_FILE}: {error}")
    reads = [partial(_seen, store, one) for one in statement.byproducts]
    return replace(
        opened,
        statement=statement,
        signatures=verified(envelope, keys),
        documents=tuple(side_by_side(reads)),
    )


def _seen(store: Store, named: Named) -> Seen:
    content = store.fetch(named.digest) if is_digest(named.digest) else None
    if content is None:
        return Seen(named, "missing")
    actual = digest_of(content)
    return Seen(named, "kept" if actual == named.digest else "changed", actual, content)


def _resource(session: Session, image: str, version: ImageVersion) -> ResourceId:
    return image_version_id(session.environment, image, version.name)
