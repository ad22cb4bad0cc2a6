"""What lies above resource groups: the subscription, its regions, providers and resources."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from pipeline.emulator.arm.answers import Answer
from pipeline.emulator.arm.errors import ArmError
from pipeline.emulator.arm.manager import ResourceManager
from pipeline.emulator.arm.regions import REGIONS
from pipeline.emulator.arm.store import Record
from pipeline.emulator.edge.exchange import Exchange
from pipeline.emulator.identity.credentials import Credentials

_API_VERSIONS = ("2026-04-01", "2025-04-01", "2024-11-01", "2023-09-01", "2022-09-01", "2021-04-01")
"""What a provider's listing names; any well-formed api-version is accepted."""

_CONDITION = re.compile(r"\s*(\w+)\s+eq\s+'((?:[^']|'')*)'\s*", re.IGNORECASE)


class Subscriptions:
    """Read-only views of the one subscription."""

    def __init__(self, manager: ResourceManager, credentials: Credentials) -> None:
        self._manager = manager
        self._credentials = credentials

    def require(self, subscription: str) -> None:
        """Refuse any subscription but the emulator's own."""
        if subscription.lower() != self._credentials.subscription:
            raise ArmError(
                404,
                "SubscriptionNotFound",
                f"The subscription '{subscription}' could not be found.",
            )

    def answer(self, exchange: Exchange) -> Answer | None:  # noqa: PLR0911 - a table of routes
        """The answer, or None when the path is none of these."""
        match exchange.method, exchange.words:
            case "GET", ["tenants"]:
                tenant = self._credentials.tenant
                return _list([{"id": f"/tenants/{tenant}", "tenantId": tenant}])
            case "GET", ["subscriptions"]:
                return _list([self._subscription()])
            case "GET", ["subscriptions", _]:
                return Answer(200, self._subscription())
            case "GET", ["subscriptions", subscription, "locations"]:
                return _list([_location(subscription, *region) for region in REGIONS.items()])
            case "GET", ["subscriptions", _, "providers"]:
                return _list([self._provider(name) for name in self._namespaces()])
            case "GET", ["subscriptions", _, "providers", namespace]:
                return Answer(200, self._provider(namespace))
            case "POST", ["subscriptions", _, "providers", namespace, "register"]:
                return Answer(200, self._provider(namespace))
            case "GET", ["subscriptions", _, "resourcegroups"]:
                return self._groups(exchange)
            case "GET", ["subscriptions", _, "resources"]:
                return self._resources(exchange, None)
            case "GET", ["subscriptions", _, "resourcegroups", group, "resources"]:
                return self._resources(exchange, group)
        return None

    def _subscription(self) -> dict[str, Any]:
        identifier = self._credentials.subscription
        return {
            "id": f"/subscriptions/{identifier}",
            "subscriptionId": identifier,
            "tenantId": self._credentials.tenant,
            "displayName": "bakeswap emulator",
            "state": "Enabled",
            "subscriptionPolicies": {
                "locationPlacementId": "Public_2014-09-01",
                "quotaId": "PayAsYouGo_2014-09-01",
                "spendingLimit": "Off",
            },
            "authorizationSource": "RoleBased",
            "managedByTenants": [],
        }

    def _namespaces(self) -> list[str]:
        return sorted({kind.type.split("/")[0] for kind in self._manager.kinds.values()})

    def _provider(self, namespace: str) -> dict[str, Any]:
        known = next(
            (name for name in self._namespaces() if name.lower() == namespace.lower()), None
        )
        if known is None:
            raise ArmError(
                404,
                "InvalidResourceNamespace",
                f"The resource namespace '{namespace}' is invalid.",
            )
        types = (
            kind.type.split("/", 1)[1]
            for kind in self._manager.kinds.values()
            if kind.type.startswith(f"{known}/")
        )
        return {
            "id": f"/subscriptions/{self._credentials.subscription}/providers/{known}",
            "namespace": known,
            "registrationState": "Registered",
            "registrationPolicy": "RegistrationRequired",
            "resourceTypes": [
                {
                    "resourceType": type_name,
                    "locations": list(REGIONS.values()),
                    "apiVersions": list(_API_VERSIONS),
                    "capabilities": "SupportsTags, SupportsLocation",
                }
                for type_name in types
            ],
        }

    def _groups(self, exchange: Exchange) -> Answer:
        groups = (
            record.document
            for record in self._manager.store.of_type("Microsoft.Resources/resourceGroups")
        )
        return _list(_filtered(groups, exchange))

    def _resources(self, exchange: Exchange, group: str | None) -> Answer:
        if group is not None:
            self._manager.require_group(self._credentials.subscription, group)
        records = (
            _brief(record)
            for record in self._manager.store.everything()
            if not record.id.is_group
            and self._manager.kind(record.id.type).tracked
            and (group is None or record.id.resource_group.lower() == group)
        )
        return _list(_filtered(records, exchange))


def _list(values: list[dict[str, Any]]) -> Answer:
    return Answer(200, {"value": values})


def _location(subscription: str, name: str, display_name: str) -> dict[str, Any]:
    return {
        "id": f"/subscriptions/{subscription}/locations/{name}",
        "name": name,
        "type": "Region",
        "displayName": display_name,
        "regionalDisplayName": display_name,
        "metadata": {"regionType": "Physical", "regionCategory": "Recommended"},
    }


def _brief(record: Record) -> dict[str, Any]:
    """A resource as listings show it: without `properties`, children with their parents' names."""
    keys = ("id", "type", "location", "tags", "sku", "zones", "identity")
    brief = {key: record.document[key] for key in keys if key in record.document}
    brief["name"] = "/".join(name for _, name in record.id.segments)
    brief["resourceGroup"] = record.id.resource_group
    return brief


def _filtered(values: Iterator[dict[str, Any]], exchange: Exchange) -> list[dict[str, Any]]:
    conditions = _conditions(exchange.query.get("$filter", ""))
    kept = [value for value in values if _fits(value, conditions)]
    for value in kept:
        value.pop("resourceGroup", None)
    top = exchange.query.get("$top", "")
    return kept[: int(top)] if top.isdecimal() else kept


def _conditions(text: str) -> dict[str, str]:
    conditions: dict[str, str] = {}
    if not text.strip():
        return conditions
    for part in re.split(r"\s+and\s+", text, flags=re.IGNORECASE):
        match = _CONDITION.fullmatch(part)
        if match is None or match[1].lower() not in _FILTERS:
            raise ArmError(
                400, "InvalidFilterInQueryString", f"Invalid $filter '{text}' specified."
            )
        conditions[match[1].lower()] = match[2].replace("''", "'").lower()
    return conditions


def _fits(value: dict[str, Any], conditions: dict[str, str]) -> bool:
    tags = {name.lower(): str(text).lower() for name, text in (value.get("tags") or {}).items()}
    tag = conditions.get("tagname")
    if tag is not None and tag not in tags:
        return False
    if "tagvalue" in conditions and tags.get(tag or "") != conditions["tagvalue"]:
        return False
    return all(
        str(value.get(_FILTERS[name], "")).lower() == wanted
        for name, wanted in conditions.items()
        if _FILTERS[name]
    )


_FILTERS = {
    "name": "name",
    "resourcegroup": "resourceGroup",
    "resourcetype": "type",
    "location": "location",
    "tagname": "",
    "tagvalue": "",
}
"""Which field of a listed resource each filter compares; tags are compared apart."""
