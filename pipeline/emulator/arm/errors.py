"""Refusals in ARM's error shape: `{"error": {"code", "message", "target", "details"}}`.

Codes and sentences are Azure's own where they are known (recorded traffic and public reports).
"""

from __future__ import annotations

from typing import Any


class ArmError(Exception):
    """A refusal as Azure words it. Raised by providers, turned into an answer at the edge.

    As the outcome of an operation only `code` and `message` are shown, under `status: Failed`.
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        target: str | None = None,
        details: tuple[ArmError, ...] = (),
        headers: dict[str, str] | None = None,
        is_flat: bool = False,
    ) -> None:
        super().__init__(f"{code}: {message}")
        self.status = status
        self.code = code
        self.message = message
        self.target = target
        self.details = details
        self.headers = headers or {}
        self.is_flat = is_flat

    @classmethod
    def from_error(cls, status: int, inner: dict[str, Any]) -> ArmError:
        """The refusal in a stored `error` object."""
        details = tuple(cls.from_error(status, detail) for detail in inner.get("details", ()))
        return cls(
            status, inner["code"], inner["message"], target=inner.get("target"), details=details
        )

    def body(self) -> dict[str, Any]:
        """The body of the answer; some services leave out the `error` around it."""
        return self.error() if self.is_flat else {"error": self.error()}

    def error(self) -> dict[str, Any]:
        """The inner `error` object."""
        inner: dict[str, Any] = {"code": self.code, "message": self.message}
        if self.target is not None:
            inner["target"] = self.target
        if self.details:
            inner["details"] = [detail.error() for detail in self.details]
        return inner


class Unanswered(Exception):
    """Nobody is there to answer: in Azure the address leads nowhere."""


def resource_not_found(type_and_name: str, resource_group: str) -> ArmError:
    """404 as ARM itself words it (recorded in many azure-cli cassettes)."""
    return ArmError(
        404,
        "ResourceNotFound",
        f"The Resource '{type_and_name}' under resource group '{resource_group}' was not found. "
        "For more details please go to https://aka.ms/ARMResourceNotFoundFix",
        headers={"x-ms-failure-cause": "gateway"},
    )


def resource_group_not_found(name: str) -> ArmError:
    """404 for anything inside a resource group that is not there."""
    return ArmError(404, "ResourceGroupNotFound", f"Resource group '{name}' could not be found.")


def resource_group_being_deleted(name: str) -> ArmError:
    """409 for a write inside a resource group that is being deleted."""
    return ArmError(
        409,
        "ResourceGroupBeingDeleted",
        f"The resource group '{name}' is in deprovisioning state and cannot perform this "
        "operation.",
    )


def subscription_not_found(identifier: str) -> ArmError:
    """404 for any subscription but the emulator's."""
    return ArmError(
        404, "SubscriptionNotFound", f"The subscription '{identifier}' could not be found."
    )


def precondition_failed(message: str) -> ArmError:
    """412. Both codes are reported for Azure; which one is the outer one is uncertain."""
    inner = ArmError(412, "PreconditionFailedEtagMismatch", message)
    return ArmError(412, "PreconditionFailed", message, details=(inner,))


def not_served(what: str) -> ArmError:
    """The emulator refuses by name what it does not serve, rather than accept it quietly."""
    return ArmError(501, "NotServedByEmulator", f"The emulator does not serve {what}.")


def invalid_content(reason: str) -> ArmError:
    """400 for a body that cannot be read."""
    return ArmError(
        400,
        "InvalidRequestContent",
        f"The request content was invalid and could not be deserialized: '{reason}'.",
    )


def invalid_parameter(target: str, message: str) -> ArmError:
    """400 for a value that Azure would refuse."""
    return ArmError(400, "InvalidParameter", message, target=target)


def invalid_reference(referenced: str, referrer: str) -> ArmError:
    """400 for a reference to something that is not there."""
    return ArmError(
        400,
        "InvalidResourceReference",
        f"Resource {referenced} referenced by resource {referrer} was not found. Please make sure "
        "that the referenced resource exists, and that both resources are in the same region.",
    )
