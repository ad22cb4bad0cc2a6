"""What a PUT may send back of a GET's body: everything but what only Azure writes.

A PUT replaces the resource, so that everything unknown must pass through.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

_READ_ONLY = frozenset({"etag", "type", "provisioningState", "resourceGuid"})
"""Written by Azure alone, on a resource and on its children."""

_BACK_REFERENCES = {
    "frontendIPConfigurations": (
        "loadBalancingRules",
        "outboundRules",
        "inboundNatRules",
        "inboundNatPools",
    ),
    "backendAddressPools": (
        "backendIPConfigurations",
        "loadBalancingRules",
        "outboundRule",
        "outboundRules",
        "inboundNatRules",
    ),
    "probes": ("loadBalancingRules",),
    "inboundNatRules": ("backendIPConfiguration",),
    "subnets": (
        "ipConfigurations",
        "ipConfigurationProfiles",
        "privateEndpoints",
        "resourceNavigationLinks",
        "serviceAssociationLinks",
        "purpose",
    ),
}
"""Children and what Azure alone writes into them."""

_OWN_REFERENCES = {
    "microsoft.network/networksecuritygroups": (
        "defaultSecurityRules",
        "networkInterfaces",
        "subnets",
        "flowLogs",
    ),
    "microsoft.network/virtualnetworks": ("defaultPublicNatGateway", "flowLogs"),
    "microsoft.network/natgateways": ("subnets",),
    "microsoft.network/publicipaddresses": ("ipConfiguration",),
    "microsoft.network/privatednszones": (
        "maxNumberOfRecordSets",
        "maxNumberOfVirtualNetworkLinks",
        "maxNumberOfVirtualNetworkLinksWithRegistration",
        "numberOfRecordSets",
        "numberOfVirtualNetworkLinks",
        "numberOfVirtualNetworkLinksWithRegistration",
        "internalId",
    ),
}
"""Resources, and what Azure alone writes into them: who uses them, what they have by default."""

_ADDRESSES = "loadBalancerBackendAddresses"
_BY_INTERFACE = ("networkInterfaceIPConfiguration", "inboundNatRulesPortMapping")


def writable(body: Mapping[str, Any]) -> dict[str, Any]:
    """A GET's body without what only Azure writes: what a PUT may send back."""
    wanted = copy.deepcopy(dict(body))
    wanted.pop("name", None)  # the address of the request has it; a child's name is its own
    _strip(wanted, _OWN_REFERENCES.get(str(body.get("type")).lower(), ()))
    for kind, children in wanted.get("properties", {}).items():
        for child in _mappings(children):
            _strip(child, _BACK_REFERENCES.get(kind, ()))
            if kind == "backendAddressPools":
                _strip_members(child.get("properties") or {})
    return wanted


def _strip(resource: dict[str, Any], others: tuple[str, ...]) -> None:
    for name in _READ_ONLY:
        resource.pop(name, None)
    properties = resource.get("properties")
    if isinstance(properties, dict):
        for name in (*_READ_ONLY, *others):
            properties.pop(name, None)


def _strip_members(pool: dict[str, Any]) -> None:
    """Interfaces say themselves which pool they are in: their entries here are but an echo."""
    members = _mappings(pool.get(_ADDRESSES))
    for member in members:
        member.pop("id", None)  # no model has it, and Azure answers it
        _strip(member, _BY_INTERFACE)
    kept = [member for member in members if member.get("properties")]
    pool.pop(_ADDRESSES, None)
    if kept:
        pool[_ADDRESSES] = kept


def _mappings(value: Any) -> list[dict[str, Any]]:
    """The mappings in a list; nothing of what is no list."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
