"""`evidence.show`, `evidence.verify` and `evidence.export`: what is known of a version."""

from __future__ import annotations

from pathlib import Path

from pipeline.advice import Advice, build_image
from pipeline.errors import UsageError
from pipeline.execution.azure.versions import image_versions
from pipeline.execution.evidence.exporting import export
from pipeline.execution.evidence.foreign import read_file
from pipeline.execution.evidence.reading import evidence_of
from pipeline.execution.run.session import Session, remember_versions
from pipeline.planning.evidence import attestation, policy
from pipeline.planning.evidence.policy import Evidence, refuse_broken
from pipeline.planning.versions import ImageVersion, newest


def show(session: Session, image: str, version: str = "") -> None:
    """Print what there is, and what is wrong with it; that is no failure."""
    found = _found(session, image, version)
    rules = session.environment.evidence
    session.output.report(policy.table(found, rules), policy.document(found, rules))


def verify(session: Session, what: str, version: str = "", keys: tuple[str, ...] = ()) -> None:
    """Refused unless the evidence holds: of a version, or in a file that some tool wrote.

    `what` is an image, or the path of an envelope; `keys` are public keys besides those of the
    environment.
    """
    if Path(what).is_file() or "/" in what or what.endswith(".json"):
        _verify_file(session, Path(what), keys)
        return
    found = _found(session, what, version)
    rules = session.environment.evidence
    session.output.report(policy.table(found, rules), policy.document(found, rules))
    refuse_broken(found, rules)


def export_to(session: Session, image: str, version: str = "", folder: str = "") -> None:
    """Write the envelope and all documents into a folder, with a page on how to verify them."""
    found = _found(session, image, version)
    refuse_broken(found, session.environment.evidence)
    target = Path(folder or f"evidence-{image}-{found.version}")
    names = export(session, found, target)
    session.output.report(
        f"{len(names)} files in {target}", {"folder": str(target), "files": list(names)}
    )


def _verify_file(session: Session, path: Path, keys: tuple[str, ...]) -> None:
    read = read_file(session, path, keys)
    session.output.report(attestation.table(read), attestation.document(read))
    attestation.refuse_unverified(read)


def _found(session: Session, image: str, version: str) -> Evidence:
    return evidence_of(session, session.image(image).name, _version(session, image, version))


def _version(session: Session, image: str, name: str) -> ImageVersion:
    """A version by name, the newest that passed its check by default; UsageError without one."""
    versions = image_versions(session.azure, session.image(image).name)
    remember_versions(session, image, versions)
    if not name:
        found = newest(one for one in versions if one.is_eligible)
    else:
        found = next((one for one in versions if one.name == name), None)
    if found is None:
        what = f"no {image} {name}" if name else f"no version of {image} that passed its check"
        raise UsageError(
            f"the gallery {session.environment.gallery.name} has {what}",
            advice=(Advice("build one", build_image(image)),),
        )
    return found
