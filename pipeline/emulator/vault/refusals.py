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


def disabled(one: str, verb: str) -> Forbidden:
    """What is asked of a secret or a key that is disabled."""
    message = f"Operation {verb} is not allowed on a disabled {one}."
    return Forbidden(f"{one.title()}Disabled", message)


def bad_parameter(message: str) -> ArmError:
    """400 of the data plane."""
    return ArmError(400, "BadParameter", message)
