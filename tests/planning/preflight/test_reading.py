"""What Azure lists, and what of it counts for one region, one subnet and incoming TCP."""

from __future__ import annotations

from typing import Any

import pytest

from pipeline.planning.hardware import size
from pipeline.planning.names import network_id
from pipeline.planning.preflight import reading
from pipeline.planning.preflight.facts import Space
from tests.planning.swap.examples import ENVIRONMENT

SUBNET = network_id(ENVIRONMENT, "virtualNetworks", "shop").child("subnets", "machines")


def restricted(kind: str, *where: str) -> dict[str, Any]:
    """A size as `Microsoft.Compute/skus` lists it, with one restriction."""
    restriction = {"type": kind, "values": list(where), "reasonCode": "NotAvailableForSubscription"}
    return {
        "resourceType": "virtualMachines",
        "name": "Standard_D2s_v5",
        "restrictions": [restriction],
    }


@pytest.mark.parametrize(
    ("restriction", "reason"),
    [
        (("Location", "westeurope"), "NotAvailableForSubscription"),
        (("Location", "West Europe"), "NotAvailableForSubscription"),
        (("Location",), "NotAvailableForSubscription"),
        (("Location", "northeurope"), ""),
        (("Zone", "westeurope"), ""),
    ],
)
def test_a_size_is_restricted_where_its_whole_region_is_closed(
    restriction: tuple[str, ...], reason: str
) -> None:
    found = size([restricted(*restriction)], "standard_d2s_v5", "westeurope")
    assert found
    assert found.restriction == reason


def test_the_space_of_a_subnet_is_its_own_line() -> None:
    other = {"id": f"{SUBNET}-2", "currentValue": 1.0, "limit": 11.0}
    own = {"id": str(SUBNET).upper(), "currentValue": 8.0, "limit": 251.0}
    assert reading.space([other, own], SUBNET) == Space(8, 251)
    assert reading.space([other], SUBNET) is None


def rule(name: str, protocol: str, direction: str) -> dict[str, Any]:
    """A security rule as Azure answers it."""
    properties = {
        "protocol": protocol,
        "direction": direction,
        "priority": 100,
        "access": "Allow",
        "sourceAddressPrefix": "*",
        "destinationAddressPrefix": "*",
        "destinationPortRange": "*",
    }
    return {"name": name, "properties": properties}


def test_of_a_security_group_the_rules_for_incoming_tcp_count() -> None:
    listed = [
        rule("all", "*", "Inbound"),
        rule("tcp", "Tcp", "inbound"),
        rule("udp", "Udp", "Inbound"),
        rule("out", "Tcp", "Outbound"),
    ]
    body = {"name": "machines", "properties": {"securityRules": listed}}
    names = [one.name for one in reading.security_group(body).rules]
    assert names[:2] == ["all", "tcp"]
    assert {"udp", "out"}.isdisjoint(names)
