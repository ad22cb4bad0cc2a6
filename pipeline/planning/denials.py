"""What Azure Policy would deny, as it answers when it is asked before anything is made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pipeline.advice import Advice, Shell
from pipeline.definition.operating_system import OperatingSystem

_NOBODYS_KEY = "ssh-rsa AAAA"
_NOBODYS_WORD = "not-a-password"
_ASSIGNMENTS = "/providers/Microsoft.Authorization/policyAssignments/"


def nobodys(system: OperatingSystem) -> str:
    """The administrator's credential in a body that is only asked about: a key, or a password."""
    return _NOBODYS_WORD if system.is_windows else _NOBODYS_KEY


@dataclass(frozen=True, slots=True)
class Denial:
    """A policy that would deny what is to be made; the id of its assignment."""

    assignment: str

    def of(self, what: str) -> str:
        """The sentence about something that is to be made."""
        scope, _, name = self.assignment.rpartition(_ASSIGNMENTS)
        return f"{name} of {scope} would deny {what} (RequestDisallowedByPolicy)"

    @property
    def advice(self) -> Advice:
        """Where to read what it asks for."""
        scope, _, name = self.assignment.rpartition(_ASSIGNMENTS)
        show = Shell(f"az policy assignment show --name {name} --scope {scope}")
        return Advice("see what it asks for", show)


def denials(answer: Mapping[str, Any]) -> tuple[Denial, ...]:
    """The policies that deny, out of the answer of `checkPolicyRestrictions`.

    It lists those that the content does not comply with; only `deny` is asked for.
    """
    result = answer.get("contentEvaluationResult") or {}
    return tuple(
        Denial(str(one["policyInfo"]["policyAssignmentId"]))
        for one in result.get("policyEvaluations") or ()
        if one.get("evaluationResult") == "NonCompliant"
    )
