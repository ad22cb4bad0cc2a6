"""The step that records: documents into the store, one envelope that names them, its digest."""

from __future__ import annotations

from pipeline.advice import Advice, check_image
from pipeline.errors import (
    AzureRefused,
    PipelineError,
    SignInFailed,
    StateFileError,
    Unreachable,
)
from pipeline.execution.evidence.gathering import gathered
from pipeline.execution.evidence.signing import sealed, signer_of
from pipeline.execution.evidence.stores import store_of
from pipeline.execution.run.run import PROOFS
from pipeline.execution.run.work import Work
from pipeline.planning.build.steps import RecordEvidence
from pipeline.planning.evidence.canonical import digest_of
from pipeline.planning.evidence.documents import ENVELOPE_FILE, OF_REQUIREMENT, provenance


def record(step: RecordEvidence, work: Work) -> None:
    """Repeatable: what is kept is kept under its digest, and the run remembers the last one.

    Where the environment requires evidence, it raises what keeps it from being recorded; elsewhere
    it says so, and the version becomes eligible without.
    """
    try:
        _record(step, work)
    except (AzureRefused, SignInFailed, StateFileError, Unreachable) as error:
        if step.is_required:
            _explain(error, step)
            raise
        work.session.output.say(f"evidence: {error}")
        work.seen = "not recorded, and not required"


def _record(step: RecordEvidence, work: Work) -> None:
    session = work.session
    store, signer = store_of(session), signer_of(session)
    made, documents = gathered(step, work)
    for document in documents:
        work.still_waiting()
        store.put(document.content)
    envelope = sealed(provenance(made, documents), signer)
    work.run.evidence = store.put(envelope)
    proofs = {document.name: f"sha256 {digest_of(document.content)}" for document in documents}
    signed = f"signed with {step.sign_with}" if signer else "not signed"
    envelope_says = f"sha256 {work.run.evidence}, {signed}, in {store}"
    work.run.keep_for_page(PROOFS, {"proofs": {ENVELOPE_FILE: envelope_says, **proofs}})
    names = {document.name for document in documents}
    lacking = [
        name
        for name in session.environment.evidence.required
        if not names.issuperset(OF_REQUIREMENT[name])
    ]
    missing = f"; without what is required: {', '.join(lacking)}" if lacking else ""
    work.seen = f"{len(documents)} documents, sha256 {work.run.evidence}{missing}"


def _explain(error: PipelineError, step: RecordEvidence) -> None:
    name = f"{step.image} {step.version}"
    error.add_note(
        f"{name} passed its checks, and stays ineligible: this environment requires evidence,"
        " which could not be recorded."
    )
    error.advice += (Advice("check it again", check_image(step.image, step.version)),)
