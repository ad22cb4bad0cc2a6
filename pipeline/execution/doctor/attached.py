"""Looking at what bakes and evidence need besides resources: nothing is signed or written."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Final

from pipeline.advice import Advice, Shell
from pipeline.definition.evidence import EvidencePolicy
from pipeline.errors import (
    AzureRefused,
    DefinitionError,
    PipelineError,
    SignInFailed,
    StateFileError,
    Unreachable,
)
from pipeline.execution.azure.blobs import Container
from pipeline.execution.azure.side_by_side import side_by_side
from pipeline.execution.azure.vault import read_secrets
from pipeline.execution.evidence.keys import keyid_of, read_public_key
from pipeline.execution.evidence.signing import signer_of
from pipeline.execution.run.session import Session
from pipeline.planning.build.vault import SecretReference, secret_references
from pipeline.planning.doctor.looked import Check, Looked
from pipeline.state_files import naming

_ERRORS: Final = (AzureRefused, SignInFailed, StateFileError, Unreachable)


def look_here(session: Session) -> tuple[Looked, ...]:
    """What is in files of this machine."""
    policy = session.environment.evidence
    looks = []
    if policy.sign_with and not policy.signs_in_vault:
        looks.append(partial(_key, session))
    if not policy.is_container:
        looks.append(partial(_folder, session))
    return tuple(look() for look in looks)


def look_in_azure(session: Session) -> tuple[Looked, ...]:
    """What key vaults and storage accounts hold, once somebody has signed in; side by side."""
    policy = session.environment.evidence
    looks = [*_secrets(session)]
    if policy.signs_in_vault:
        looks.append(partial(_key, session))
    if policy.is_container:
        looks.append(partial(_container, session))
    return tuple(side_by_side(looks))


def _secrets(session: Session) -> Iterator[Callable[[], Looked]]:
    for image in session.project.images:
        try:
            references = secret_references(image, session.environment)
        except DefinitionError as error:
            yield partial(_looked, error, "secret", f"secrets of {image.name}")
            continue
        yield from (partial(_secret, session, one) for one in references)


def _secret(session: Session, reference: SecretReference) -> Looked:
    try:
        read_secrets(session.azure.clients, (reference,))
    except _ERRORS as error:
        return _looked(error, "secret", str(reference))
    return Looked("secret", f"{reference}: it can be read")


def _key(session: Session) -> Looked:
    policy, root = session.environment.evidence, session.project.root
    what, is_needed = policy.sign_with, policy.is_required
    path = root / policy.sign_with
    try:
        if not policy.signs_in_vault and _is_missing(path):
            making = Advice("make one", Shell(f"openssl genpkey -algorithm ed25519 -out {path}"))
            problem = "there is no such file"
            return Looked("signing key", what, problem, (making,), is_needed)
        signer = signer_of(session)
        known = [keyid_of(read_public_key(root, name).key) for name in policy.signed_by]
    except _ERRORS as error:
        return _looked(error, "signing key", what, is_needed=is_needed)
    assert signer is not None  # noqa: S101 - the environment names one
    if known and signer.keyid not in known:
        problem = "no key of signed_by is its public one: what it signs would be refused"
        return Looked("signing key", what, problem, (_publish(policy, path),), is_needed)
    return Looked("signing key", f"{what}: {signer.kind}, and it can be read")


def _publish(policy: EvidencePolicy, path: Path) -> Advice:
    """How its public key is written to where the environment looks for one."""
    file = policy.signed_by[0]
    if policy.signs_in_vault:
        command = f"az keyvault key download --id {policy.sign_with} --encoding PEM --file {file}"
    else:
        command = f"openssl pkey -in {path} -pubout -out {file}"
    return Advice("write its public key", Shell(command))


def _folder(session: Session) -> Looked:
    """Whether documents can be written there; it is made with the first one."""
    policy = session.environment.evidence
    root = session.project.root / policy.store
    try:
        nearest = next(one for one in (root, *root.parents) if not _is_missing(one))
    except StateFileError as error:
        return _looked(error, "evidence store", policy.store, is_needed=policy.is_required)
    if not nearest.is_dir():
        problem, wish, command = f"{nearest} is no folder", "look at it", f"ls -ld {nearest}"
    elif not os.access(nearest, os.W_OK | os.X_OK):
        problem = f"{nearest} may not be written"
        wish, command = "let yourself write it", f"chmod u+rwx {nearest}"
    else:
        return Looked("evidence store", f"{policy.store} can be written")
    advice = (Advice(wish, Shell(command)),)
    return Looked("evidence store", policy.store, problem, advice, policy.is_required)


def _is_missing(path: Path) -> bool:
    with naming(path):
        return not (path.is_symlink() or path.exists())


def _container(session: Session) -> Looked:
    policy = session.environment.evidence
    container = Container(session.azure.clients, policy.store)
    try:
        readable = container.is_readable()
    except _ERRORS as error:
        return _looked(error, "evidence store", policy.store, is_needed=policy.is_required)
    if not readable:
        account, _, name = policy.store.removeprefix("https://").partition("/")
        command = (
            f"az storage container create --account-name {account.partition('.')[0]}"
            f" --name {name.rpartition('/')[2]} --auth-mode login"
        )
        problem = "it is not there yet; the first check makes it, if it may"
        making = (Advice("make it", Shell(command)),)
        return Looked("evidence store", policy.store, problem, making, is_needed=False)
    try:
        container.refuse_unwritable()
    except _ERRORS as error:
        what = f"{policy.store}: it can be read, and not written: none can be recorded there"
        return _looked(error, "evidence store", what, is_needed=False)
    return Looked("evidence store", f"{policy.store} can be read and written")


def _looked(error: PipelineError, check: Check, what: str, *, is_needed: bool = True) -> Looked:
    problem = " ".join(str(error).split())
    return Looked(check, what, problem, error.advice, is_needed)
