"""What a PUT may send back of a GET's body: everything but what only Azure writes.

A PUT replaces the resource, so that everything unknown must pass through.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

_READ_ONLY = frozenset({"etag", "type", "provisioningState", "resourceGuid"})

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
}
"""Children and what Azure alone writes into them."""


def writable(body: Mapping[str, Any]) -> dict[str, Any]:
    """A GET's body without what only Azure writes: what a PUT may send back."""
    wanted = {key: value for key, value in copy.deepcopy(dict(body)).items() if key != "etag"}
    properties = wanted["properties"]
    for name in _READ_ONLY:
        properties.pop(name, None)
    for kind, value in properties.items():
        if isinstance(value, list):
            for child in value:
                _strip(child, _BACK_REFERENCES.get(kind, ()))
    return wanted


def _strip(child: Any, back_references: tuple[str, ...]) -> None:
    if not isinstance(child, dict):
        return
    for name in _READ_ONLY:
        child.pop(name, None)
    inner = child.get("properties")
    if isinstance(inner, dict):
        for name in (*_READ_ONLY, *back_references):
            inner.pop(name, None)
