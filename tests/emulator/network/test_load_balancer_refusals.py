"""What Azure refuses about a load balancer, and what the emulator does not carry."""

from __future__ import annotations

import pytest

from tests.emulator.network.emulated_network import (
    BALANCER,
    NETWORK,
    Body,
    EmulatedNetwork,
    balancer,
    pool_id,
    production_and_staging,
    rule,
    swapped,
)


@pytest.mark.parametrize(
    ("name", "array"),
    [("frontendIPConfiguration", "frontendIPConfigurations"), ("probe", "probes")],
)
async def test_a_rule_that_points_at_a_missing_child_is_refused(
    arm: EmulatedNetwork, name: str, array: str
) -> None:
    missing = f"{BALANCER}/{array}/missing"
    bad = rule("production", 8080, "blue", **{name: {"id": missing}})
    refusal = await arm.refusal(arm.begin(BALANCER, balancer(bad)))
    assert (refusal.status, refusal.code) == (400, "InvalidResourceReference")
    assert missing in refusal.message


async def test_a_rule_whose_pool_left_the_body_is_refused(arm: EmulatedNetwork) -> None:
    body = production_and_staging()
    body["properties"]["backendAddressPools"].pop()
    refusal = await arm.refusal(arm.begin(BALANCER, body))
    assert refusal.code == "InvalidResourceReference"
    assert pool_id("green") in refusal.message


@pytest.mark.parametrize("by_model", [True, False])
async def test_a_pool_that_a_scale_set_is_in_cannot_be_removed(
    arm: EmulatedNetwork, by_model: bool
) -> None:
    await arm.put(BALANCER, balancer())
    scale_set = arm.make_scale_set("web", *(["blue"] if by_model else []))
    if not by_model:
        arm.make_instance(scale_set, 3, "blue")
    without = balancer(backendAddressPools=[{"name": "green"}])
    for refused in (arm.begin(BALANCER, without), arm.delete(pool_id("blue"))):
        refusal = await arm.refusal(refused)
        assert refusal.status == 400
        assert refusal.message == (
            "Cannot remove backend address pool blue from load balancer since it is in use by "
            f"virtual machine scale set {scale_set}."
        )
    await arm.put(BALANCER, balancer(backendAddressPools=[{"name": "blue"}]))


async def test_a_load_balancer_that_a_scale_set_uses_cannot_be_deleted(
    arm: EmulatedNetwork,
) -> None:
    await arm.put(BALANCER, production_and_staging())
    scale_set = arm.make_scale_set("web", "blue", probe="http")
    refusal = await arm.refusal(arm.delete(BALANCER))
    assert (refusal.status, refusal.code) == (400, "LoadBalancerInUseByVirtualMachineScaleSet")
    assert refusal.message == (
        f"Cannot delete load balancer {BALANCER} since its child resources blue, http are in "
        f"use by virtual machine scale set {scale_set}."
    )


async def test_a_probe_that_is_a_scale_sets_health_keeps_a_rule(arm: EmulatedNetwork) -> None:
    shown = await arm.put(BALANCER, production_and_staging())
    scale_set = arm.make_scale_set("web", "blue", probe="http")
    await arm.put(BALANCER, swapped(shown))
    refusal = await arm.refusal(arm.begin(BALANCER, balancer()))
    assert (refusal.status, refusal.code) == (400, "CannotRemoveRuleUsedByProbeUsedByVMSS")
    assert f"{BALANCER}/loadBalancingRules/production cannot be removed" in refusal.message
    assert scale_set in refusal.message


async def test_a_scale_set_in_two_pools_keeps_their_rules_apart(arm: EmulatedNetwork) -> None:
    await arm.put(BALANCER, balancer(rule("production", 8080, "blue")))
    scale_set = arm.make_scale_set("web", "blue", "green")
    arm.make_instance(scale_set, 0, "blue", "green")
    refusal = await arm.refusal(arm.begin(BALANCER, production_and_staging()))
    assert refusal.code == ("RulesOfSameLoadBalancerTypeUseSameBackendPortProtocolAndVmssIPConfig")
    assert f"vmss: {scale_set}" in refusal.message
    assert "ipConfiguration: ipconfig" in refusal.message
    other_port = rule("staging", 8081, "green", backendPort=9090)
    await arm.put(BALANCER, balancer(rule("production", 8080, "blue"), other_port))


async def test_a_put_while_a_member_is_being_deleted_is_asked_to_retry(
    arm: EmulatedNetwork,
) -> None:
    await arm.put(BALANCER, production_and_staging())
    instance = arm.make_instance(arm.make_scale_set("web", "blue"), 0, "blue")
    arm.set_state(instance, "Deleting")
    refusal = await arm.refusal(arm.begin(BALANCER, production_and_staging()))
    assert (refusal.status, refusal.code) == (429, "RetryableError")
    assert refusal.details[0].code == "ReferencedResourceNotProvisioned"
    arm.store.delete(instance)
    await arm.put(BALANCER, production_and_staging())


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"protocol": "Udp"}, "Udp"),
        ({"protocol": "All", "frontendPort": 0, "backendPort": 0}, "All"),
        ({"frontendPort": 0, "backendPort": 0}, "high availability ports"),
        ({"enableFloatingIP": True}, "floating IP"),
    ],
)
async def test_rules_that_are_not_carried_are_refused_by_name(
    arm: EmulatedNetwork, change: Body, word: str
) -> None:
    bad = rule("production", 8080, "blue", **change)
    refusal = await arm.refusal(arm.begin(BALANCER, balancer(bad)))
    assert refusal.code == "NotServedByEmulator"
    assert word in refusal.message


async def test_a_load_balancer_is_public_or_internal(arm: EmulatedNetwork) -> None:
    mixed = production_and_staging()
    public = f"{NETWORK}/publicIPAddresses/one"
    mixed["properties"]["frontendIPConfigurations"].append(
        {"name": "other", "properties": {"publicIPAddress": {"id": public}}}
    )
    refusal = await arm.refusal(arm.begin(BALANCER, mixed))
    assert refusal.code == "LoadBalancerFrontendIPConfigurationsOfBothTypes"


async def test_numbers_and_enums_arrive_as_templates_write_them(arm: EmulatedNetwork) -> None:
    loose = rule("production", 8080, "blue", frontendPort="8080", protocol="tcp")
    shown = await arm.put(BALANCER, balancer(loose))
    properties = shown["properties"]["loadBalancingRules"][0]["properties"]
    assert (properties["frontendPort"], properties["protocol"]) == (8080, "Tcp")
    bad = rule("production", 8080, "blue", frontendPort="http")
    refusal = await arm.refusal(arm.begin(BALANCER, balancer(bad)))
    assert (refusal.code, refusal.details[0].code) == ("InvalidRequestFormat", "InvalidJson")
    assert "loadBalancingRules[0].properties.frontendPort" in refusal.details[0].message


async def test_two_rules_cannot_listen_at_one_port(arm: EmulatedNetwork) -> None:
    body = balancer(rule("one", 8080, "blue"), rule("two", 8080, "green"))
    refusal = await arm.refusal(arm.begin(BALANCER, body))
    assert refusal.status == 400
    assert "same frontend port" in refusal.message


def outbound(name: str, pool: str) -> Body:
    """An outbound rule of the one frontend."""
    properties = {
        "frontendIPConfigurations": [{"id": f"{BALANCER}/frontendIPConfigurations/front"}],
        "backendAddressPool": {"id": pool_id(pool)},
        "protocol": "All",
    }
    return {"name": name, "properties": properties}


async def test_outbound_rules_need_a_frontend_each(arm: EmulatedNetwork) -> None:
    one = outbound("one", "blue")
    shown = await arm.put(BALANCER, balancer(outboundRules=[one]))
    frontend = shown["properties"]["frontendIPConfigurations"][0]["properties"]
    assert frontend["outboundRules"] == [{"id": f"{BALANCER}/outboundRules/one"}]
    both = balancer(outboundRules=[one, outbound("two", "green")])
    refusal = await arm.refusal(arm.begin(BALANCER, both))
    assert refusal.code.startswith("MoreThanOneOutboundRuleUsingSameFrontend")
