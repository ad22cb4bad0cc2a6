"""Reading the block `evidence` of an environment."""

from __future__ import annotations

import re
from pathlib import Path
from typing import cast

from pipeline.definition.evidence import (
    DEFAULT_STORE,
    KEPT,
    REQUIREMENTS,
    EvidencePolicy,
    Keep,
    Requirement,
    is_address,
)
from pipeline.definition.files import has_file
from pipeline.definition.reading import Section
from pipeline.definition.rules import Rule, one_of

# Names: https://learn.microsoft.com/rest/api/storageservices/naming-and-referencing-containers--blobs--and-metadata
_CONTAINER = re.compile(
    r"https://[\w.-]+(?::\d+)?(?:/[a-z0-9]{3,24})?/[a-z0-9](?:-?[a-z0-9]){2,62}"
)
# https://learn.microsoft.com/azure/key-vault/general/about-keys-secrets-certificates
_KEY = re.compile(r"https://[\w.-]+(?::\d+)?/keys/[A-Za-z0-9-]{1,127}(?:/[0-9a-f]{32})?")

STORE = Rule(
    "a store of evidence",
    "a folder, or the address of a blob container:"
    ' "https://ACCOUNT.blob.core.windows.net/CONTAINER"',
    DEFAULT_STORE,
    lambda text: bool(_CONTAINER.fullmatch(text) if is_address(text) else text.strip()),
)
SIGNER = Rule(
    "a private key",
    "a PEM file, or the address of a key:"
    ' "https://VAULT.vault.azure.net/keys/NAME", with or without a version',
    "keys/release.pem",
    lambda text: bool(_KEY.fullmatch(text) if is_address(text) else text.strip()),
)
PUBLIC_KEY = Rule(
    "a public key",
    'a PEM file in the project: "keys/release.pub"',
    "keys/release.pub",
    lambda text: bool(text.strip()) and not is_address(text),
)
KEEP = one_of("how long evidence is kept", *KEPT)
REQUIRED = one_of("a part of the evidence", *REQUIREMENTS)


def read_evidence(root: Path, section: Section) -> EvidencePolicy:
    """What is required of the evidence in an environment, and of which keys."""
    required: list[Requirement] = []
    for name, line in section.texts("required", REQUIRED):
        if name in required:
            section.mistake(line, f'required: "{name}" is listed twice', "keep one")
        elif name:
            required.append(cast(Requirement, name))
    signers = tuple(name for name, _ in section.texts("signed_by", PUBLIC_KEY) if name)
    policy = EvidencePolicy(
        store=section.text("store", STORE, default=DEFAULT_STORE),
        sign_with=section.text("sign_with", SIGNER, default=""),
        required=tuple(required),
        signed_by=signers,
        keep=cast(Keep, section.text("keep", KEEP, default=KEPT[0])),
    )
    for key in signers:
        if not has_file(root / key):
            what = f'signed_by: there is no file "{key}"'
            section.mistake(section.line_of("signed_by"), what, "write the public key there")
    return policy
