"""Admin states of a pool's members: read from a body, and written with those of all others."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pipeline.arm import ResourceId
from pipeline.planning.swap import admin_state
from pipeline.planning.swap.backend import Member
from tests.planning.swap.examples import configuration_of, scale_set

FOUND = scale_set("1.0.0")


def pool(*members: dict[str, Any]) -> dict[str, Any]:
    """A pool with members, as a GET answers it."""
    return {"name": "web-1-0-0", "properties": {"loadBalancerBackendAddresses": list(members)}}


def member(number: str, state: str = "") -> dict[str, Any]:
    """An instance's interface."""
    inside = {"networkInterfaceIPConfiguration": {"id": configuration_of(FOUND, number)}}
    return {
        "name": f"m{number}",
        "properties": {**inside, **({"adminState": state} if state else {})},
    }


BY_ADDRESS = {"name": "other", "properties": {"ipAddress": "10.0.0.9", "adminState": "Down"}}


def test_who_is_down_is_told_by_instance_and_members_by_address_are_nobodys() -> None:
    found = pool(member("0"), member("1", "Down"), BY_ADDRESS)
    assert admin_state.taken_out(found) == (Member(FOUND.resource, "1"),)
    assert admin_state.taken_out({"name": "empty"}) == ()


def test_instances_are_known_by_their_interface_wherever_that_is() -> None:
    first, second = FOUND.instances
    assert admin_state.names_of(pool(member("0"), member("1")), FOUND.resource, (second,)) == {"m1"}
    nic = ResourceId.parse(
        "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/networkInterfaces/nic-a"
    )
    machine = replace(first, number="web_a", interfaces=(nic,))
    own = {"networkInterfaceIPConfiguration": {"id": f"{nic}/ipConfigurations/ip"}}
    found = pool({"name": "flexible", "properties": own}, BY_ADDRESS)
    assert admin_state.names_of(found, FOUND.resource, (machine,)) == {"flexible"}
    assert not admin_state.is_of("", FOUND.resource, (machine,))


def test_a_write_says_the_state_of_every_member() -> None:
    found = pool(member("0", "Up"), member("1"))
    assert admin_state.has_states(found, {"m1"}, is_out=False)
    assert not admin_state.has_states(found, {"m1"}, is_out=True)
    written = admin_state.with_states(found, {"m1"}, is_out=True)
    assert written["properties"]["loadBalancerBackendAddresses"] == [
        {"name": "m0", "properties": {"adminState": "Up"}},
        {"name": "m1", "properties": {"adminState": "Down"}},
    ]
