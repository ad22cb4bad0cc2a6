"""The steps of taking a version back, or giving it free again: values without behaviour."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class RevokeVersion:
    """Write on a version that it was revoked, and take it out of `latest`, in one write."""

    image: str
    version: str
    by: str
    why: str

    def __str__(self) -> str:
        return f"mark {self.image} {self.version} revoked, out of `latest`: {self.why}"


@dataclass(frozen=True, slots=True)
class RestoreVersion:
    """Take that back; `latest` can resolve to the version again if its check passed."""

    image: str
    version: str
    is_eligible: bool

    def __str__(self) -> str:
        again = "`latest` can resolve to it" if self.is_eligible else "it stays out of `latest`"
        return f"mark {self.image} {self.version} revoked no more: {again}"


RevokeStep: TypeAlias = RevokeVersion | RestoreVersion
"""Plans of `revoke`."""
