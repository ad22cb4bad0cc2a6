"""Network security groups. Their rules are kept, not enforced: everything here is loopback."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipeline.emulator.arm.errors import ArmError
from pipeline.emulator.arm.ids import ResourceId
from pipeline.emulator.arm.store import Record
from pipeline.emulator.network import references
from pipeline.emulator.network.common import InlineKind, InUseKind, children, same_name
from pipeline.emulator.network.default_rules import default_rules


class NetworkSecurityGroups(InUseKind):
    """`networkSecurityGroups`, with the rules inside."""

    type = "Microsoft.Network/networkSecurityGroups"

    def accept(
        self, identifier: ResourceId, body: dict[str, Any], existing: Record | None
    ) -> Record:
        """The group and its rules."""
        record = self.envelope(identifier, body, existing)
        properties = self.properties(body, existing)
        given = properties.get("securityRules")
        properties["securityRules"] = children(record.id, "securityRules", given)
        _refuse_conflicts(properties["securityRules"])
        record.document["properties"] = properties
        return record

    def in_use(self, identifier: ResourceId) -> ArmError | None:
        """400 as reported (the sentence names all users)."""
        users = references.security_group_users(self.registry.store, str(identifier))
        if not users:
            return None
        return ArmError(
            400,
            "InUseNetworkSecurityGroupCannotBeDeleted",
            f"Network security group {identifier} cannot be deleted because it is in use by the "
            f"following resources: {', '.join(users)}. In order to delete the Network security "
            "group, remove the association with the resource(s). To learn how to do this, see "
            "aka.ms/deletensg.",
        )

    def users(self, identifier: ResourceId) -> list[ResourceId]:
        """Subnets, interfaces and scale sets behind it."""
        used_by = references.security_group_users(self.registry.store, str(identifier))
        return [ResourceId.parse(user) for user in used_by]

    def stamp(self, document: dict[str, Any], etag: str) -> None:
        """The group's etag is its rules' too."""
        document["etag"] = etag
        for rule in document["properties"]["securityRules"]:
            rule["etag"] = etag

    def present(self, record: Record, query: Mapping[str, str]) -> dict[str, Any]:
        """With the rules' states and the resources that use the group."""
        for rule in record.properties["securityRules"]:
            rule["type"] = SecurityRules.type
            rule["properties"].setdefault("provisioningState", "Succeeded")
        record.properties["defaultSecurityRules"] = default_rules(record)
        by_type: dict[str, list[dict[str, str]]] = {}
        for user in self.users(record.id):
            by_type.setdefault(user.type.lower(), []).append({"id": str(user)})
        names = {"subnets": "virtualnetworks/subnets", "networkInterfaces": "networkinterfaces"}
        for name, kind in names.items():
            if used := by_type.get(f"microsoft.network/{kind}"):
                record.properties[name] = used
        return record.document


class SecurityRules(InlineKind):
    """`networkSecurityGroups/securityRules`."""

    type = "Microsoft.Network/networkSecurityGroups/securityRules"
    array = "securityRules"

    def accept(
        self, identifier: ResourceId, body: dict[str, Any], existing: Record | None
    ) -> Record:
        """The rule, at a priority of its own."""
        record = super().accept(identifier, body, existing)
        listed = (one.document for one in self.listing(identifier.parent or identifier))
        others = [one for one in listed if not same_name(one["name"], record.id.name)]
        _refuse_conflicts([*others, record.document])
        return record


def _refuse_conflicts(rules: list[dict[str, Any]]) -> None:
    """Two rules of a direction have two priorities (the sentence as reported by az users)."""
    taken: dict[tuple[str, str], str] = {}
    for rule in rules:
        properties = rule.get("properties") or {}
        place = str(properties.get("direction")).lower(), str(properties.get("priority"))
        first = taken.setdefault(place, rule["name"])
        if first != rule["name"]:
            raise ArmError(
                400,
                "SecurityRuleConflict",
                f"Security rule {rule['name']} conflicts with rule {first}. Rules cannot have the "
                "same Priority and Direction.",
            )
