"""Passwords of administrators of Windows, each for one use."""

from __future__ import annotations

import secrets
import string
from typing import Final

LENGTH: Final = 32
"""Azure takes 12 to 123 characters for Windows (`osProfile.adminPassword` in the ARM reference)."""

_KINDS = (string.ascii_lowercase, string.ascii_uppercase, string.digits)
"""Three of Azure's four kinds, of which it wants three; no shell gives one a meaning."""


def new_password() -> str:
    """One that nobody has met; who keeps it nowhere has a machine that nobody signs in to."""
    letters = [secrets.choice(kind) for kind in _KINDS]
    letters += [secrets.choice("".join(_KINDS)) for _ in range(LENGTH - len(_KINDS))]
    secrets.SystemRandom().shuffle(letters)
    return "".join(letters)
