"""The emulator's subscriptions, their tenant, and the one service principal that may use them."""

from __future__ import annotations

import re
import secrets
import uuid
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.emulator.files import damaged, read_json, write_json

SUBSCRIPTION = "b5a4e5a0-0000-4000-8000-000000000001"
SHARED_SUBSCRIPTION = "b5a4e5a0-0000-4000-8000-000000000002"
"""A second one, for what teams keep apart: a gallery that several environments share."""
TENANT = "b5a4e5a0-0000-4000-8000-0000000000ff"
"""All three are the same on every machine: definitions of a local environment can be shared."""

_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a client needs besides addresses; all but the secret are GUIDs."""

    tenant: str
    subscription: str
    client_id: str
    object_id: str
    client_secret: str = field(repr=False)

    @property
    def subscriptions(self) -> tuple[str, ...]:
        """All that the service principal may use, the one that clients are told first."""
        return (self.subscription, SHARED_SUBSCRIPTION)


def credentials(path: Path) -> Credentials:
    """The credentials kept in a private JSON file, made on first use. Raises FileError."""
    kept = read_json(path, Credentials)
    if kept is None:
        client_id, object_id = str(uuid.uuid4()), str(uuid.uuid4())
        kept = Credentials(TENANT, SUBSCRIPTION, client_id, object_id, secrets.token_urlsafe(32))
        write_json(path, kept)
    for name in ("tenant", "subscription", "client_id", "object_id"):
        if not _GUID.fullmatch(getattr(kept, name)):
            raise damaged(path, f"{name} is no GUID in lower case")
    if not (kept.client_secret.isascii() and kept.client_secret.isprintable()):
        raise damaged(path, "client_secret is not printable")
    return kept
