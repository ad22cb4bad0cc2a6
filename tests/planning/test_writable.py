"""What of a GET's body a PUT sends back."""

from __future__ import annotations

from typing import Any

from pipeline.planning.writable import writable

INTERFACE = {"networkInterfaceIPConfiguration": {"id": "/an/interface"}}


def pool_after(*members: Any) -> dict[str, Any]:
    """What is sent of a pool's properties with these members."""
    pool = {"name": "blue", "properties": {"loadBalancerBackendAddresses": list(members)}}
    sent = writable({"name": "shop", "properties": {"backendAddressPools": [pool]}})
    properties: dict[str, Any] = sent["properties"]["backendAddressPools"][0]["properties"]
    return properties


def test_members_that_say_themselves_where_they_belong_are_not_sent() -> None:
    assert pool_after({"name": "a", "properties": {**INTERFACE}}) == {}


def test_what_was_decided_about_a_member_is_kept() -> None:
    decided = {**INTERFACE, "adminState": "Down", "provisioningState": "Succeeded"}
    drained = {"name": "a", "id": "/a", "etag": "1", "type": "T", "properties": decided}

    assert pool_after(drained, {"name": "b", "properties": {**INTERFACE}}) == {
        "loadBalancerBackendAddresses": [{"name": "a", "properties": {"adminState": "Down"}}]
    }


def test_members_by_address_are_kept() -> None:
    member = {"name": "a", "properties": {"ipAddress": "10.0.0.4"}}

    assert pool_after(member) == {"loadBalancerBackendAddresses": [member]}


def test_a_network_keeps_its_subnets_and_a_security_group_does_not_send_who_uses_it() -> None:
    subnets = {"subnets": [{"name": "machines", "id": "/a/subnet"}]}
    group = {"type": "Microsoft.Network/networkSecurityGroups", "properties": {**subnets}}
    network = {"type": "Microsoft.Network/virtualNetworks", "properties": {**subnets}}

    assert writable(group)["properties"] == {}
    assert writable(network)["properties"] == subnets


def test_children_that_are_no_mappings_pass_through() -> None:
    body = {"properties": {"backendAddressPools": [{"name": "p"}], "zones": ["1"], "rules": None}}

    assert writable(body) == body


def test_the_answer_itself_stays_as_it_is() -> None:
    body = {"etag": "1", "properties": {"probes": [{"etag": "1", "name": "health"}]}}

    writable(body)

    assert body == {"etag": "1", "properties": {"probes": [{"etag": "1", "name": "health"}]}}
