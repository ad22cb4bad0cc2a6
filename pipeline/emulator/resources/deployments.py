"""Template deployments: validated, carried out in dependency order, and shown."""

from __future__ import annotations

import hashlib
import json
import re
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

from pipeline.emulator.arm.errors import ArmError, invalid_content
from pipeline.emulator.arm.ids import ResourceId
from pipeline.emulator.arm.kinds import Action, Kind
from pipeline.emulator.arm.manager import ResourceManager
from pipeline.emulator.arm.operations import now
from pipeline.emulator.arm.store import Internals, Record
from pipeline.emulator.resources.expressions import TemplateError, resolve
from pipeline.emulator.resources.rollout import Outcome, roll_out
from pipeline.emulator.resources.template import Plan, plan


@dataclass(frozen=True, kw_only=True)
class DeploymentInternals(Internals):
    """`request` is kept while it is carried out, and no longer: it may hold secrets."""

    request: Mapping[str, Any] | None = field(default=None, repr=False)
    operations: tuple[Mapping[str, Any], ...] = ()


class Deployments(Kind):
    """`Microsoft.Resources/deployments` of resource groups."""

    type: ClassVar[str] = "Microsoft.Resources/deployments"
    internals = DeploymentInternals
    tracked: ClassVar[bool] = False
    patchable: ClassVar[bool] = False
    creating_state: ClassVar[str] = "Accepted"
    updating_state: ClassVar[str] = "Accepted"
    waits_for_others: ClassVar[bool] = True

    def require(self, identifier: ResourceId) -> Record:
        """The record, or 404 as recorded (azure-cli, deployments)."""
        record = self.find(identifier)
        if record is None:
            name = identifier.name
            raise ArmError(404, "DeploymentNotFound", f"Deployment '{name}' could not be found.")
        return record

    def __init__(self, manager: ResourceManager) -> None:
        super().__init__(manager)
        self._manager = manager

    def accept(
        self, identifier: ResourceId, body: dict[str, Any], existing: Record | None
    ) -> Record:
        """A deployment whose template can be understood; a second PUT begins anew."""
        request = _request(body)
        record = self.envelope(identifier, body, existing)
        record.document["properties"] = self._shown(self._plan(record.id, request), request)
        if body.get("tags"):
            record.document["tags"] = body["tags"]
        record.internal = DeploymentInternals(request=request)
        return record

    def is_quick(self, record: Record) -> bool:
        """Never: a deployment takes as long as its resources take."""
        return False

    async def realize(self, identifier: ResourceId) -> None:
        """Make all resources. Raises ArmError `DeploymentFailed` with the reasons as details."""
        self._note(identifier, lambda record: record.properties.update(provisioningState="Running"))
        request = dict(self.require(identifier).internals(DeploymentInternals).request or {})
        began = time.monotonic()
        outcomes: list[Outcome] = []
        try:
            planned = self._plan(identifier, request)
            outcomes = await roll_out(
                self._manager, planned, lambda outcome: self._note_outcome(identifier, outcome)
            )
            _raise_failures(identifier, outcomes)
            made = [{"id": str(outcome.resource)} for outcome in outcomes]
            shown = {"outputs": self._outputs(planned), "outputResources": made}
        except ArmError as failure:
            self._finish(identifier, {"error": failure.error()}, time.monotonic() - began)
            raise
        self._finish(identifier, shown, time.monotonic() - began)

    def busy(self, identifier: ResourceId) -> Exception:
        """A deployment under way is not overwritten."""
        return ArmError(
            409,
            "DeploymentActive",
            f"Unable to edit or replace deployment '{identifier.name}': previous deployment is "
            "still active. Please see https://aka.ms/arm-deploy for usage details.",
        )

    @property
    def actions(self) -> Mapping[str, Action]:
        """`validate`, which needs no deployment to exist."""
        return {"validate": Action(self._validate, on_missing=True)}

    @property
    def views(self) -> Mapping[str, Callable[[Record], dict[str, Any]]]:
        """`operations`: what was made, and what became of it."""
        return {"operations": _operations}

    def _validate(self, identifier: ResourceId, body: dict[str, Any]) -> dict[str, Any]:
        request = _request(body)
        planned = self._plan(identifier, request)
        properties = self._shown(planned, request) | {
            "provisioningState": "Succeeded",
            "validatedResources": [{"id": str(resource.id)} for resource in planned.resources],
        }
        name = identifier.name
        return {"id": str(identifier), "name": name, "type": self.type, "properties": properties}

    def _plan(self, identifier: ResourceId, request: dict[str, Any]) -> Plan:
        group = self.registry.require_group(identifier.subscription, identifier.resource_group)
        planned = plan(request, group.document, identifier.name)
        for resource in planned.resources:
            self.registry.kind(resource.id.type)
        return planned

    def _outputs(self, planned: Plan) -> dict[str, Any]:
        functions = {**planned.functions, "reference": self._reference(planned)}
        try:
            return {
                _lower_camel(name): {
                    "type": str(output.get("type", "String")).capitalize(),
                    "value": resolve(output.get("value"), functions),
                }
                for name, output in planned.outputs.items()
            }
        except TemplateError as error:
            message = f"Unable to evaluate the template outputs: '{error}'."
            raise ArmError(400, "DeploymentOutputEvaluationFailed", message) from error

    def _reference(self, planned: Plan) -> Callable[..., Any]:
        """`reference(name or id[, api-version[, 'Full']])`, in outputs."""

        def reference(which: str, _: str = "", full: str = "") -> Any:
            named = [resource.id for resource in planned.resources if resource.id.name == which]
            identifier = named[0] if named else ResourceId.parse(which)
            answer = self._manager.get(self._manager.canonical(identifier), {})
            return answer.body if full.lower() == "full" else answer.body["properties"]

        return reference

    @staticmethod
    def _shown(planned: Plan, request: dict[str, Any]) -> dict[str, Any]:
        template = json.dumps(request["template"], sort_keys=True).encode()
        return {
            "templateHash": str(int.from_bytes(hashlib.sha256(template).digest()[:8])),
            "parameters": {
                parameter.name: parameter.shown() for parameter in planned.parameters.values()
            },
            "mode": "Incremental",
            "timestamp": now(),
            "duration": "PT0S",
            "correlationId": str(uuid.uuid4()),
            "dependencies": [
                {
                    "id": str(resource.id),
                    "resourceType": resource.id.type,
                    "resourceName": resource.id.name,
                    "dependsOn": [{"id": str(need)} for need in resource.needs],
                }
                for resource in planned.resources
                if resource.needs
            ],
        }

    def _note(self, identifier: ResourceId, change: Callable[[Record], None]) -> None:
        record = self.find(identifier)
        if record is not None:
            change(record)
            self.save(record)

    def _note_outcome(self, identifier: ResourceId, outcome: Outcome) -> None:
        shown = outcome.shown(identifier)

        def change(record: Record) -> None:
            internals = record.internals(DeploymentInternals)
            kept = (item for item in internals.operations if item["id"] != shown["id"])
            record.internal = replace(internals, operations=(*kept, shown))

        self._note(identifier, change)

    def _finish(self, identifier: ResourceId, shown: dict[str, Any], seconds: float) -> None:
        def change(record: Record) -> None:
            record.properties.update(shown, timestamp=now(), duration=f"PT{seconds:.7f}S")
            record.internal = replace(record.internals(DeploymentInternals), request=None)

        self._note(identifier, change)


def _operations(record: Record) -> dict[str, Any]:
    return {"value": list(record.internals(DeploymentInternals).operations)}


def _request(body: dict[str, Any]) -> dict[str, Any]:
    properties = body.get("properties")
    if not isinstance(properties, dict):
        raise invalid_content("properties is required")
    return properties


def _raise_failures(identifier: ResourceId, outcomes: list[Outcome]) -> None:
    failures = tuple(outcome.failure for outcome in outcomes if outcome.failure is not None)
    if failures:
        raise ArmError(
            409,
            "DeploymentFailed",
            "At least one resource deployment operation failed. Please list deployment operations "
            "for details. Please see https://aka.ms/arm-deployment-operations for usage details.",
            target=str(identifier),
            details=failures,
        )


def _lower_camel(name: str) -> str:
    """An output's name as ARM answers it: az's templates say `VMSS`, its documentation `vmss`."""
    capitals = re.match(r"[A-Z]+(?=[A-Z][a-z]|[^A-Za-z]|$)|[A-Z]", name)
    return name[: capitals.end()].lower() + name[capitals.end() :] if capitals else name
