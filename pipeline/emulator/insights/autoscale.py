"""`Microsoft.Insights/autoscaleSettings`: kept as they are given; nothing is scaled by them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipeline.emulator.arm.errors import ArmError, invalid_parameter
from pipeline.emulator.arm.ids import ResourceId, same
from pipeline.emulator.arm.kinds import Kind
from pipeline.emulator.arm.store import Record

_MOST_PROFILES = 20


class AutoscaleSettings(Kind):
    """One setting for each target; it stays when its target is deleted (azure-powershell#3774)."""

    type = "Microsoft.Insights/autoscaleSettings"
    deleted_at_once = True

    def accept(
        self, identifier: ResourceId, body: dict[str, Any], existing: Record | None
    ) -> Record:
        """A setting; its target cannot be another one later."""
        record = super().accept(identifier, body, existing)
        properties = record.properties
        profiles = properties.get("profiles") or []
        target = str(properties.get("targetResourceUri") or "")
        if not target or not 0 < len(profiles) <= _MOST_PROFILES:
            raise invalid_parameter(
                "properties", f"A target and 1 to {_MOST_PROFILES} profiles must be given."
            )
        properties.setdefault("enabled", False)
        properties.setdefault("name", identifier.name)
        if existing and not same(existing.properties["targetResourceUri"], target):
            raise _other_target(existing)
        self._refuse_second(identifier, target)
        return record

    def present(self, record: Record, query: Mapping[str, str]) -> dict[str, Any]:
        """Settings have no provisioning state."""
        record.properties.pop("provisioningState", None)
        return record.document

    def _refuse_second(self, identifier: ResourceId, target: str) -> None:
        """409, as reported (terraform-provider-azurerm#12035); the code and words are not."""
        for other in self.registry.store.of_type(self.type):
            if other.id != identifier and same(other.properties["targetResourceUri"], target):
                raise ArmError(
                    409, "Conflict", f"The resource '{target}' has the setting '{other.id}'."
                )


def _other_target(existing: Record) -> ArmError:
    """The sentence is Azure's (azure-docs#28175), the code is not verified."""
    return ArmError(
        400,
        "BadRequest",
        f"The autoscale setting '{existing.id.name}' under resource group "
        f"'{existing.id.resource_group}' is referencing target resource "
        f"'{existing.properties['targetResourceUri']}'. The target resource reference is "
        "immutable. If you want to change it, please create a new autoscale setting with a "
        "different name.",
    )
