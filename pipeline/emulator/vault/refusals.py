"""Refusals of the data plane: 403 with the reason in an inner error."""

from __future__ import annotations

from typing import Any

from pipeline.emulator.arm.errors import ArmError


class Forbidden(ArmError):
    """`{"error": {"code": "Forbidden", "message", "innererror": {"code"}}}`."""

    def __init__(self, inner: str, message: str) -> None:
        super().__init__(403, "Forbidden", message)
        self._inner = inner

    def error(self) -> dict[str, Any]:
        """With the inner error, by which clients tell one reason from another."""
        return {**super().error(), "innererror": {"code": self._inner}}
