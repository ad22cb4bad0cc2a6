"""Deleting the evidence of versions that are gone: what no other version refers to.

Before a version is deleted a note of its envelope is kept in the store. Whichever run comes next,
on whatever machine, finds it and goes on; the note goes last.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from pipeline.errors import AzureRefused, Overtaken, Refused, SignInFailed, Unreachable
from pipeline.execution.azure.resources import Azure
from pipeline.execution.azure.side_by_side import side_by_side
from pipeline.execution.azure.versions import image_versions
from pipeline.execution.evidence.store import Store, path_of
from pipeline.execution.evidence.stores import store_of
from pipeline.execution.run.session import Session
from pipeline.execution.run.work import Work
from pipeline.planning.ages import lasting
from pipeline.planning.evidence.canonical import is_digest
from pipeline.planning.evidence.pruning import FOLDER, SAFE_AGE, Note, going, named_in, note_in
from pipeline.planning.names import Tag, gallery_id, image_version_id
from pipeline.planning.prune.steps import DeleteEvidence, DeleteImageVersion


def left_evidence(session: Session, image: str) -> tuple[DeleteEvidence, ...]:
    """What runs that died have left: versions of an image that are gone, and their evidence is not.

    Raises StateFileError, AzureRefused, SignInFailed or Unreachable.
    """
    if not session.environment.evidence.goes_with_versions:
        return ()
    store, environment = store_of(session), session.environment
    found = (note_in(store.read(name) or b"") for name in store.names(FOLDER))
    return tuple(
        DeleteEvidence(one.resource, image, one.digest, environment.evidence.store)
        for one in found
        if one
        and one.resource == image_version_id(environment, image, one.resource.name)
        and session.azure.get(one.resource) is None
    )


def note_evidence(step: DeleteImageVersion, session: Session) -> None:
    """Write down what goes with a version, before nobody knows it any more."""
    if step.evidence:
        note = Note(step.resource, step.evidence)
        store_of(session).write(note.name, note.written())


def delete_evidence(step: DeleteEvidence, work: Work) -> None:
    """The documents of a version that is gone, the envelope and then the note last.

    Where something cannot be known all of it stays, and the step tells why: the next run finds it.
    """
    session, note = work.session, Note(step.resource, step.digest)
    store = store_of(session)
    try:
        if work.azure.get(step.resource) is not None:
            work.seen = "kept: the version is there again"
            return
        envelope = store.get(step.digest)
        named = named_in(envelope) if envelope is not None else frozenset()
        wanted = going(step.digest, named, _referred(session))
    except (AzureRefused, Overtaken, Refused, SignInFailed, Unreachable, ValueError) as error:
        work.seen = f"kept: {' '.join(str(error).split())}"
        return
    for digest in wanted:
        work.still_waiting()
        if not store.delete(path_of(digest), SAFE_AGE):
            break  # the envelope is the last: it names the others
    else:
        store.delete(note.name, 0.0)
        if envelope is None:
            work.seen = "nothing of it is in the store"
            return
        shared = len({*named, step.digest}) - len(wanted)
        kept = f", {shared} kept for other versions" if shared else ""
        plural = "" if len(wanted) == 1 else "s"
        work.seen = f"{len(wanted)} document{plural} deleted{kept}"
        return
    work.seen = f"kept: written less than {lasting(SAFE_AGE)} ago; a later prune deletes it"


def _referred(session: Session) -> frozenset[str]:
    """The digests that any version refers to, of all images and environments with this store.

    Overtaken where one cannot be read, or where a definition with mistakes may share the store.
    """
    for faulty in session.project.of("environment"):
        raise Overtaken(f"what {faulty.name} refers to is not known: its definition has mistakes")
    store = store_of(session)
    digests: set[str] = set()
    seen = set()
    for environment in session.project.environments:
        gallery = (environment.cloud.resource_manager, gallery_id(environment))
        if environment.evidence.store == session.environment.evidence.store and gallery not in seen:
            seen.add(gallery)
            digests |= {*_tagged(session.azure_of(environment))}
    found = side_by_side([partial(_documents, store, digest) for digest in sorted(digests)])
    return frozenset(digests).union(*found)


def _tagged(azure: Azure) -> Iterator[str]:
    """The envelopes that the tags of all versions of a gallery name."""
    for definition in azure.list_inside(gallery_id(azure.environment), "images"):
        for version in image_versions(azure, str(definition["name"])):
            digest = version.tags.get(Tag.EVIDENCE, "")
            if is_digest(digest):
                yield digest


def _documents(store: Store, digest: str) -> frozenset[str]:
    """What an envelope names; nothing where it is in another store, or nowhere."""
    envelope = store.get(digest)
    try:
        return named_in(envelope) if envelope is not None else frozenset()
    except ValueError as error:
        raise Overtaken(f"{store}: the evidence {digest} of a version: {error}") from error
