"""The resource provider Microsoft.PolicyInsights, and the policies of Microsoft.Authorization.

Definitions with `deny` on what every resource has (type, name, location, tags), their assignments,
and the question whether a resource would be denied. They take effect at once; Azure takes minutes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipeline.emulator.arm.answers import Answer
from pipeline.emulator.arm.errors import invalid_content
from pipeline.emulator.arm.policies import ASSIGNMENTS, DEFINITIONS, Denial, Policies
from pipeline.emulator.arm.providers import Call, Provider, Route, Services

_AUTHORIZATION = "{scope}/providers/Microsoft.Authorization"
_CHECK = "{scope}/providers/Microsoft.PolicyInsights/checkPolicyRestrictions"


def provider(services: Services) -> Provider:
    """Policies for one emulator."""
    policies = services.manager.policies
    routes = (
        *_kept(policies, DEFINITIONS),
        *_kept(policies, ASSIGNMENTS),
        Route("POST", _CHECK, Question(policies).answer),
    )
    return Provider(namespace="Microsoft.PolicyInsights", kinds=(), routes=routes)


def _kept(policies: Policies, kind: str) -> tuple[Route, ...]:
    kept = Kept(policies, kind)
    path = f"{_AUTHORIZATION}/{kind}"
    return (
        Route("GET", path, kept.list),
        Route("GET", f"{path}/{{name}}", kept.get),
        Route("PUT", f"{path}/{{name}}", kept.put),
        Route("DELETE", f"{path}/{{name}}", kept.delete),
    )


class Kept:
    """`policyDefinitions` or `policyAssignments` of a scope."""

    def __init__(self, policies: Policies, kind: str) -> None:
        self._policies = policies
        self._kind = kind

    async def list(self, call: Call) -> Answer:
        """Those of a scope; of assignments also those of what is above it."""
        found = self._policies.of(self._kind, call.parameters["scope"])
        return Answer(200, {"value": found})

    async def get(self, call: Call) -> Answer:
        """One; ArmError without it."""
        return Answer(200, self._policies.get(self._kind, **_place(call)))

    async def put(self, call: Call) -> Answer:
        """201, as Azure answers also where there was one."""
        return Answer(201, self._policies.put(self._kind, **_place(call), body=call.body))

    async def delete(self, call: Call) -> Answer:
        """200 with what is gone, or 204."""
        gone = self._policies.delete(self._kind, **_place(call))
        return Answer(200, gone) if gone else Answer(204)


class Question:
    """`POST …/checkPolicyRestrictions` (api-version 2022-03-01)."""

    def __init__(self, policies: Policies) -> None:
        self._policies = policies

    async def answer(self, call: Call) -> Answer:
        """Which policies would deny the content as it is given; fields are not restricted."""
        details = call.body.get("resourceDetails")
        content = details.get("resourceContent") if isinstance(details, Mapping) else None
        if not isinstance(content, Mapping):
            raise invalid_content("resourceDetails.resourceContent is required")
        denials = self._policies.denials(call.parameters["scope"], content)
        evaluations = [_evaluation(denial) for denial in denials]
        content_result = {"policyEvaluations": evaluations} if evaluations else {}
        return Answer(200, {"fieldRestrictions": [], "contentEvaluationResult": content_result})


def _evaluation(denial: Denial) -> dict[str, Any]:
    return {
        "policyInfo": {
            "policyDefinitionId": denial.definition["id"],
            "policyAssignmentId": denial.assignment["id"],
        },
        "evaluationResult": "NonCompliant",
        "effectDetails": {"policyEffect": "Deny"},
        "evaluationDetails": {"evaluatedExpressions": []},
    }


def _place(call: Call) -> dict[str, str]:
    return {"scope": call.parameters["scope"], "name": call.parameters["name"]}
