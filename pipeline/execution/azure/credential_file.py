"""The credential file of a cloud: a service principal, as the emulator writes it.

`{"tenant": …, "client_id": …, "client_secret": …}`, all of them text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.errors import StateFileError
from pipeline.state_files import read_mapping

_TENANT = re.compile(r"[A-Za-z0-9.-]+")
"""A GUID or a domain: what azure-identity takes."""


@dataclass(frozen=True, slots=True)
class ServicePrincipal:
    """Who signs in, and what proves it."""

    tenant: str
    client_id: str
    secret: str = field(repr=False)


def read_service_principal(path: Path) -> ServicePrincipal:
    """The service principal in a file; raises StateFileError."""
    found = read_mapping(path)
    values = [found.get(key) for key in ("tenant", "client_id", "client_secret")]
    tenant, client, secret = (value if isinstance(value, str) else "" for value in values)
    if not (tenant and client and secret):
        raise StateFileError(path, "not a credential: tenant, client_id and client_secret expected")
    if not _TENANT.fullmatch(tenant):
        raise StateFileError(path, "not a credential: the tenant is neither a GUID nor a domain")
    return ServicePrincipal(tenant, client, secret)
