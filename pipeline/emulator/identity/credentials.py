"""The emulator's one subscription, its tenant, and the one service principal that may use it."""

from __future__ import annotations

import json
import secrets
import uuid
from dataclasses import asdict, dataclass, field
from pathlib import Path

from pipeline.emulator.private import write_private


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
        tenant, subscription, client_id, object_id = (str(uuid.uuid4()) for _ in range(4))
        made = Credentials(tenant, subscription, client_id, object_id, secrets.token_urlsafe(32))
        write_private(path, json.dumps(asdict(made), indent=2).encode())
    return Credentials(**json.loads(path.read_text()))
