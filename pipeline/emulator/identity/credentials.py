"""The emulator's one subscription, its tenant, and the one service principal that may use it."""

from __future__ import annotations

import json
import secrets
import uuid
from dataclasses import asdict, dataclass, field
from pathlib import Path

from pipeline.emulator.private import write_private

SUBSCRIPTION = "b5a4e5a0-0000-4000-8000-000000000001"
TENANT = "b5a4e5a0-0000-4000-8000-0000000000ff"
"""The same on every machine, so that definitions of a local environment can be kept and shared."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a client needs besides addresses; all but the secret are GUIDs."""

    tenant: str
    subscription: str
    client_id: str
    object_id: str
    client_secret: str = field(repr=False)


def credentials(path: Path) -> Credentials:
    """The credentials kept in a private JSON file, made on first use."""
    if not path.exists():
        client_id, object_id = str(uuid.uuid4()), str(uuid.uuid4())
        made = Credentials(TENANT, SUBSCRIPTION, client_id, object_id, secrets.token_urlsafe(32))
        write_private(path, json.dumps(asdict(made), indent=2).encode())
    return Credentials(**json.loads(path.read_text()))
