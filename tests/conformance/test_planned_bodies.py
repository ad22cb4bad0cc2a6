"""Every body that planning makes fits the models of Azure."""

from __future__ import annotations

from typing import Any

import pytest

from pipeline.planning.writable import writable
from tests.conformance.checker import check_body
from tests.planning.goldens import GOLDENS, answer
from tests.planning.test_bodies import NOT_IN_THE_MODELS

POOLS = "Microsoft.Network/loadBalancers/backendAddressPools"
OTHERS = {
    "claims-zone": "PrivateZone",
    "claims-zone-tagged": "PrivateZone",
    "record-set": "RecordSet",
}
"""Goldens whose type no locked package knows, and its model."""


def model_of_golden(name: str) -> tuple[str, str]:
    """The package and the name of the model of a golden body."""
    if name in OTHERS:
        return "others", OTHERS[name]
    model: type[Any] = GOLDENS[name].model
    return model.__module__.split(".")[-3], model.__name__


@pytest.mark.parametrize("name", GOLDENS)
def test_a_planned_body_fits_its_model(name: str) -> None:
    package, model = model_of_golden(name)

    found = check_body(package, model, GOLDENS[name].make(), "request")

    assert [str(each) for each in found if not _passes_through(each.path)] == []


def _passes_through(path: str) -> bool:
    """Whether a property is one that an answer of the future holds: it must be sent back."""
    return path.rpartition(".")[2] in NOT_IN_THE_MODELS


def test_a_load_balancer_with_members_of_every_kind_is_sent_back_clean() -> None:
    there = answer("load-balancer")
    there["properties"]["backendAddressPools"][0]["properties"]["loadBalancerBackendAddresses"] = [
        {
            "id": "/pool/loadBalancerBackendAddresses/one",
            "etag": 'W/"1"',
            "type": f"{POOLS}/loadBalancerBackendAddresses",
            "name": "one",
            "properties": {
                "provisioningState": "Succeeded",
                "networkInterfaceIPConfiguration": {"id": "/an/interface"},
                **decision,
            },
        }
        for decision in ({}, {"adminState": "Down"}, {"ipAddress": "10.0.0.4"})
    ]

    found = check_body("network", "LoadBalancer", writable(there), "request")

    assert [str(each) for each in found if not _passes_through(each.path)] == []
