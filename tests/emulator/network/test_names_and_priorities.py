"""What there is once only: a priority of a direction, a gallery's name in a subscription."""

from __future__ import annotations

from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError
from azure.mgmt.compute import ComputeManagementClient
from azure.mgmt.network import NetworkManagementClient

from tests.conftest import Emulator

HERE: Any = {"location": "westeurope"}


def rule(name: str, priority: int, direction: str = "Inbound") -> Any:
    """A security rule."""
    properties = {
        "priority": priority,
        "direction": direction,
        "access": "Allow",
        "protocol": "Tcp",
        "sourceAddressPrefix": "*",
        "sourcePortRange": "*",
        "destinationAddressPrefix": "*",
        "destinationPortRange": "80",
    }
    return {"name": name, "properties": properties}


def test_two_rules_of_a_direction_have_two_priorities(
    group: str, network: NetworkManagementClient
) -> None:
    groups, rules = network.network_security_groups, network.security_rules
    both = HERE | {"properties": {"securityRules": [rule("http", 200), rule("https", 200)]}}

    with pytest.raises(HttpResponseError) as refused:
        groups.begin_create_or_update(group, "nsg", both)

    error = refused.value.error
    assert error is not None
    assert (refused.value.status_code, error.code) == (400, "SecurityRuleConflict")
    assert str(error.message) == (
        "Security rule https conflicts with rule http. Rules cannot have the same Priority and "
        "Direction."
    )
    fine = HERE | {"properties": {"securityRules": [rule("in", 200), rule("out", 200, "Outbound")]}}
    groups.begin_create_or_update(group, "nsg", fine).result()
    with pytest.raises(HttpResponseError, match="Security rule later conflicts with rule in"):
        rules.begin_create_or_update(group, "nsg", "later", rule("later", 200))
    rules.begin_create_or_update(group, "nsg", "in", rule("in", 200)).result()


def test_a_subscription_has_one_gallery_of_a_name(
    group: str, compute: ComputeManagementClient, emulator: Emulator
) -> None:
    name = f"only_{group.replace('-', '_')}"
    compute.galleries.begin_create_or_update(group, name, HERE).result()
    other = f"{group}-other"
    assert emulator.call("PUT", f"/resourceGroups/{other}", HERE).status == 201
    try:
        with pytest.raises(HttpResponseError) as refused:
            compute.galleries.begin_create_or_update(other, name.upper(), HERE)
    finally:
        emulator.call("DELETE", f"/resourceGroups/{other}")

    assert str(refused.value.error and refused.value.error.message) == (
        f"The gallery name '{name.upper()}' is not unique within the subscription "
        f"'{emulator.subscription}'. Please pick another gallery name."
    )
    compute.galleries.begin_create_or_update(group, name, HERE).result()
