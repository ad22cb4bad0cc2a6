"""Subscriptions and what is above resource groups: regions, providers, resources."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from pipeline.emulator.arm.answers import Answer
from pipeline.emulator.arm.errors import ArmError
from pipeline.emulator.arm.kinds import Registry
from pipeline.emulator.arm.providers import Call, Route
from pipeline.emulator.arm.regions import REGIONS
from pipeline.emulator.arm.store import Record

_API_VERSIONS = ("2026-04-01", "2025-04-01", "2024-11-01", "2023-09-01", "2022-09-01", "2021-04-01")
"""What a provider's listing names; any well-formed api-version is accepted."""

_CONDITION = re.compile(r"\s*(\w+)\s+eq\s+'((?:[^']|'')*)'\s*", re.IGNORECASE)


class Subscriptions:
    """Read-only views of the subscriptions."""

    def __init__(self, registry: Registry, tenant: str, subscriptions: tuple[str, ...]) -> None:
        self._registry = registry
        self._tenant = tenant
        self._ids = subscriptions

    @property
    def routes(self) -> tuple[Route, ...]:
        """The routes above and beside resource groups."""
        one = "/subscriptions/{subscription}"
        return (
            Route("GET", "/tenants", self._tenants),
            Route("GET", "/subscriptions", self._subscriptions),
            Route("GET", one, self._get),
            Route("GET", f"{one}/locations", self._locations),
            Route("GET", f"{one}/providers", self._providers),
            Route("GET", f"{one}/providers/{{namespace}}", self._provider),
            Route("POST", f"{one}/providers/{{namespace}}/register", self._register),
            Route("POST", f"{one}/providers/{{namespace}}/unregister", self._unregister),
            Route("GET", f"{one}/resourcegroups", self._groups),
            Route("GET", f"{one}/resources", self._resources),
            Route("GET", f"{one}/resourcegroups/{{group}}/resources", self._resources),
        )

    async def _tenants(self, _: Call) -> Answer:
        return _list([{"id": f"/tenants/{self._tenant}", "tenantId": self._tenant}])

    async def _subscriptions(self, _: Call) -> Answer:
        return _list([self._subscription(one) for one in self._ids])

    async def _get(self, call: Call) -> Answer:
        return Answer(200, self._subscription(_subscription_of(call)))

    async def _locations(self, call: Call) -> Answer:
        subscription = _subscription_of(call)
        return _list([_location(subscription, *region) for region in REGIONS.items()])

    async def _providers(self, call: Call) -> Answer:
        subscription = _subscription_of(call)
        return _list([self._registered(subscription, name) for name in self._namespaces()])

    async def _provider(self, call: Call) -> Answer:
        name = call.parameters["namespace"]
        return Answer(200, self._registered(_subscription_of(call), name))

    async def _register(self, call: Call) -> Answer:
        self._registry.allowances.register(call.parameters["namespace"], registered=True)
        return await self._provider(call)

    async def _unregister(self, call: Call) -> Answer:
        self._registry.allowances.register(call.parameters["namespace"], registered=False)
        return await self._provider(call)

    async def _groups(self, call: Call) -> Answer:
        groups = (
            record.document for record in self._registry.store.groups() if _is_of(call, record)
        )
        return _list(_filtered(groups, call.query))

    async def _resources(self, call: Call) -> Answer:
        group = call.parameters.get("group")
        if group is not None:
            self._registry.require_group(_subscription_of(call), group)
        expand = call.query.get("$expand", "").lower()
        records = (
            _brief(record, expand)
            for record in self._registry.store.everything()
            if not record.id.is_group
            and _is_of(call, record)
            and self._registry.kind(record.id.type).tracked
            and (group is None or record.id.resource_group.lower() == group.lower())
        )
        return _list(_filtered(records, call.query))

    def _subscription(self, identifier: str) -> dict[str, Any]:
        is_first = identifier == self._ids[0]
        return {
            "id": f"/subscriptions/{identifier}",
            "subscriptionId": identifier,
            "tenantId": self._tenant,
            "displayName": "bakeswap emulator" if is_first else "bakeswap emulator, shared",
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
        return sorted({kind.type.split("/")[0] for kind in self._registry.kinds.values()})

    def _registered(self, subscription: str, namespace: str) -> dict[str, Any]:
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
            for kind in self._registry.kinds.values()
            if kind.type.startswith(f"{known}/")
        )
        is_registered = self._registry.allowances.is_registered(known)
        return {
            "id": f"/subscriptions/{subscription}/providers/{known}",
            "namespace": known,
            "registrationState": "Registered" if is_registered else "NotRegistered",
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


def _subscription_of(call: Call) -> str:
    """The subscription of a path, as its id is written in answers."""
    return call.parameters["subscription"].lower()


def _is_of(call: Call, record: Record) -> bool:
    return record.id.subscription.lower() == _subscription_of(call)


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


def _brief(record: Record, expand: str) -> dict[str, Any]:
    """A resource as listings show it: without `properties`, children with their parents' names.

    Of what `$expand` can ask for, only the provisioning state is kept here, and no times.
    """
    keys = ("id", "type", "location", "tags", "sku", "zones", "identity")
    brief = {key: record.document[key] for key in keys if key in record.document}
    brief["name"] = "/".join(name for _, name in record.id.segments)
    brief["resourceGroup"] = record.id.resource_group
    if "provisioningstate" in expand:
        brief["provisioningState"] = record.properties.get("provisioningState", "Succeeded")
    return brief


def _filtered(values: Iterator[dict[str, Any]], query: Mapping[str, str]) -> list[dict[str, Any]]:
    conditions = _conditions(query.get("$filter", ""))
    kept = [value for value in values if _fits(value, conditions)]
    for value in kept:
        value.pop("resourceGroup", None)
    top = query.get("$top", "")
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
