"""How long this process can go on signing in.

A federated assertion in a file is a proof with an end of its own: on a CI runner nobody writes a
new one (azure-identity's WorkloadIdentityCredential reads the file anew every ten minutes).
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Mapping
from pathlib import Path

from pipeline.definition.model import Cloud
from pipeline.errors import StateFileError
from pipeline.planning.preflight.facts import Credential
from pipeline.state_files import read_bytes

ASSERTION = "AZURE_FEDERATED_TOKEN_FILE"
_WITH = ("AZURE_CLIENT_ID", "AZURE_TENANT_ID", ASSERTION)
"""What WorkloadIdentityCredential needs."""
_FIRST = "AZURE_CLIENT_SECRET"
"""With it, EnvironmentCredential comes before that."""


def credential(
    cloud: Cloud, expires: float, now: float, environ: Mapping[str, str] = os.environ
) -> Credential:
    """Of a token that ends at `expires`; both in seconds since 1970."""
    by_assertion = all(environ.get(name) for name in _WITH) and not environ.get(_FIRST)
    if cloud.credential is not None or not by_assertion:
        return Credential(expires - now)
    path = environ[ASSERTION]
    end = assertion_end(Path(path))
    return Credential(expires - now, path, None if end is None else end - now)


def assertion_end(path: Path) -> float | None:
    """The claim `exp` of a JSON Web Token in a file; None where it cannot be read."""
    try:
        payload = read_bytes(path).split(b".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + b"=" * (-len(payload) % 4)))
        return float(claims["exp"])
    except (StateFileError, ValueError, LookupError, TypeError):
        return None
