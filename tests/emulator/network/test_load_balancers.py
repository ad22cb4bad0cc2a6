"""A load balancer is written as a whole, and answers as Azure's does."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest

from tests.emulator.network.world import (
    BALANCER,
    Body,
    World,
    balancer,
    play,
    pool_id,
    pools_of,
    production_and_staging,
    rule,
)

ARRAYS = (
    "frontendIPConfigurations",
    "backendAddressPools",
    "loadBalancingRules",
    "probes",
    "inboundNatRules",
    "outboundRules",
    "inboundNatPools",
)


def swapped(document: Body, *, plural: bool = True) -> Body:
    """What a careful client sends to swap: the GET's body with the rules' pools exchanged."""
    body = copy.deepcopy(document)
    first, second = (each["properties"] for each in body["properties"]["loadBalancingRules"])
    pool, other = first["backendAddressPool"]["id"], second["backendAddressPool"]["id"]
    for properties, wanted in ((first, other), (second, pool)):
        properties["backendAddressPool"] = {"id": wanted}
        if plural:
            properties["backendAddressPools"] = [{"id": wanted}]
    return body


def test_a_get_always_carries_all_arrays(tmp_path: Path) -> None:
    async def scenario(world: World) -> None:
        await world.put(BALANCER, {"location": "westeurope", "properties": {}})
        properties = world.get(BALANCER)["properties"]
        assert {name: properties[name] for name in ARRAYS} == {name: [] for name in ARRAYS}

    play(tmp_path, scenario)


def test_fields_nobody_here_knows_survive_and_absent_children_go(tmp_path: Path) -> None:
    async def scenario(world: World) -> None:
        body = production_and_staging()
        body["properties"]["loadBalancingRules"][0]["properties"]["enableConnectionTracking"] = True
        body["properties"]["scope"] = "Public"
        body["extendedLocation"] = {"name": "x", "type": "EdgeZone"}
        shown = await world.put(BALANCER, body)
        assert shown["properties"]["scope"] == "Public"
        assert shown["properties"]["loadBalancingRules"][0]["properties"][
            "enableConnectionTracking"
        ]
        shown["properties"]["loadBalancingRules"].pop()
        after = await world.put(BALANCER, shown)
        assert [each["name"] for each in after["properties"]["loadBalancingRules"]] == [
            "production"
        ]
        assert after["properties"]["resourceGuid"] == shown["properties"]["resourceGuid"]

    play(tmp_path, scenario)


def test_a_put_of_what_a_get_returned_changes_nothing_but_etags(tmp_path: Path) -> None:
    async def scenario(world: World) -> None:
        first = await world.put(BALANCER, production_and_staging())
        scale_set = world.make_scale_set("web", "blue")
        world.make_instance(scale_set, 0, "blue")
        first = world.get(BALANCER)
        second = await world.put(BALANCER, copy.deepcopy(first))
        assert without_etags(first) == without_etags(second)
        assert first["etag"] != second["etag"]

    play(tmp_path, scenario)


def without_etags(value: object) -> object:
    """The same document with every etag left out."""
    if isinstance(value, dict):
        return {name: without_etags(each) for name, each in value.items() if name != "etag"}
    return [without_etags(each) for each in value] if isinstance(value, list) else value


def test_a_rule_shows_its_pool_under_both_names(tmp_path: Path) -> None:
    async def scenario(world: World) -> None:
        plural = rule("production", 8080, None, backendAddressPools=[{"id": pool_id("blue")}])
        shown = await world.put(BALANCER, balancer(plural, rule("staging", 8081, "green")))
        for each, name in zip(
            shown["properties"]["loadBalancingRules"], ("blue", "green"), strict=True
        ):
            assert each["properties"]["backendAddressPool"] == {"id": pool_id(name)}
            assert each["properties"]["backendAddressPools"] == [{"id": pool_id(name)}]

    play(tmp_path, scenario)


def test_a_pool_changed_under_one_name_only_is_refused_in_azures_spelling(tmp_path: Path) -> None:
    async def scenario(world: World) -> None:
        shown = await world.put(BALANCER, production_and_staging())
        refusal = await world.refusal(world.begin(BALANCER, swapped(shown, plural=False)))
        assert refusal.status == 400
        assert refusal.code == (
            "LoadBalancingRuleBackendAdressPoolAndBackendAddressPools"
            "CannotBeSetAtTheSameTimeWithDifferentValue"
        )
        assert refusal.message == (
            "BackendAddressPool and BackendAddressPools[] in LoadBalancingRule production cannot "
            "be set at the same time with different value."
        )
        assert pools_of(world.get(BALANCER)) == {"production": "blue", "staging": "green"}

    play(tmp_path, scenario)


def test_all_rules_swap_in_one_put(tmp_path: Path) -> None:
    async def scenario(world: World) -> None:
        shown = await world.put(BALANCER, production_and_staging())
        after = await world.put(BALANCER, swapped(shown), if_match=shown["etag"])
        assert pools_of(after) == {"production": "green", "staging": "blue"}

    play(tmp_path, scenario)


def test_two_rules_of_one_backend_port_must_not_share_a_pool(tmp_path: Path) -> None:
    async def scenario(world: World) -> None:
        await world.put(BALANCER, production_and_staging())
        refusal = await world.refusal(
            world.begin(BALANCER, production_and_staging("green", "green"))
        )
        rules = f"{BALANCER}/loadBalancingRules"
        assert (refusal.status, refusal.code) == (400, "RulesUseSameBackendPortProtocolAndPool")
        assert refusal.message == (
            f"Load balancing rules {rules}/production and {rules}/staging with floating IP "
            "disabled use the same protocol Tcp and backend port 8080, and must not be used with "
            f"the same backend address pool {pool_id('green')}."
        )

    play(tmp_path, scenario)


def test_every_child_carries_the_etag_and_it_changes_on_each_write(tmp_path: Path) -> None:
    async def scenario(world: World) -> None:
        first = await world.begin(BALANCER, production_and_staging())
        assert "ETag" not in first.headers
        etag = first.body["etag"]
        assert etag.startswith('W/"')
        children = [child for name in ARRAYS for child in first.body["properties"][name]]
        assert {child["etag"] for child in children} == {etag}
        assert world.get(BALANCER)["etag"] == etag
        second = await world.put(BALANCER, production_and_staging())
        assert second["etag"] != etag

    play(tmp_path, scenario)


def test_without_members_the_first_answer_is_final_and_with_members_all_is_updating(
    tmp_path: Path,
) -> None:
    async def scenario(world: World) -> None:
        first = await world.begin(BALANCER, production_and_staging())
        assert (first.status, first.operation) == (201, None)
        assert first.body["properties"]["provisioningState"] == "Succeeded"
        world.make_instance(world.make_scale_set("web", "blue"), 0, "blue")
        second = await world.begin(BALANCER, production_and_staging())
        assert second.status == 200
        assert second.operation is not None
        properties = second.body["properties"]
        children = [child["properties"] for name in ARRAYS for child in properties[name]]
        assert {child["provisioningState"] for child in [*children, properties]} == {"Updating"}
        await world.manager.settle(second)
        after = world.get(BALANCER)
        assert after["properties"]["provisioningState"] == "Succeeded"
        assert after["etag"] != second.body["etag"]

    play(tmp_path, scenario)


def test_a_stale_etag_is_refused_and_a_fresh_one_is_not(tmp_path: Path) -> None:
    async def scenario(world: World) -> None:
        stale = (await world.put(BALANCER, production_and_staging()))["etag"]
        fresh = (await world.put(BALANCER, production_and_staging()))["etag"]
        refusal = await world.refusal(
            world.begin(BALANCER, production_and_staging("green", "blue"), if_match=stale)
        )
        assert (refusal.status, refusal.code) == (412, "PreconditionFailed")
        assert f"if-match header {stale} does not match etag {fresh}" in refusal.message
        assert pools_of(world.get(BALANCER))["production"] == "blue"
        await world.put(BALANCER, production_and_staging("green", "blue"), if_match=fresh)

    play(tmp_path, scenario)


def test_a_second_put_while_one_runs_is_told_to_come_again(tmp_path: Path) -> None:
    async def scenario(world: World) -> None:
        await world.put(BALANCER, production_and_staging())
        world.make_instance(world.make_scale_set("web", "blue"), 0, "blue")
        world.still.gate.clear()
        first = await world.begin(BALANCER, production_and_staging())
        for path in (BALANCER, pool_id("third")):
            refusal = await world.refusal(world.begin(path, production_and_staging()))
            assert (refusal.status, refusal.code) == (429, "RetryableError")
            assert refusal.details[0].code == "RetryableErrorDueToAnotherOperation"
            assert int(refusal.headers["Retry-After"]) > 0
        world.still.gate.set()
        await world.manager.settle(first)
        await world.put(BALANCER, production_and_staging())

    play(tmp_path, scenario)


@pytest.mark.parametrize(
    ("name", "array"),
    [("frontendIPConfiguration", "frontendIPConfigurations"), ("probe", "probes")],
)
def test_a_rule_that_points_at_a_missing_child_is_refused(
    tmp_path: Path, name: str, array: str
) -> None:
    async def scenario(world: World) -> None:
        missing = f"{BALANCER}/{array}/missing"
        bad = rule("production", 8080, "blue", **{name: {"id": missing}})
        refusal = await world.refusal(world.begin(BALANCER, balancer(bad)))
        assert (refusal.status, refusal.code) == (400, "InvalidResourceReference")
        assert missing in refusal.message

    play(tmp_path, scenario)


def test_a_rule_whose_pool_left_the_body_is_refused(tmp_path: Path) -> None:
    async def scenario(world: World) -> None:
        body = production_and_staging()
        body["properties"]["backendAddressPools"].pop()
        refusal = await world.refusal(world.begin(BALANCER, body))
        assert refusal.code == "InvalidResourceReference"
        assert pool_id("green") in refusal.message

    play(tmp_path, scenario)


@pytest.mark.parametrize("by_model", [True, False])
def test_a_pool_that_a_scale_set_is_in_cannot_be_removed(tmp_path: Path, by_model: bool) -> None:
    async def scenario(world: World) -> None:
        await world.put(BALANCER, balancer())
        scale_set = world.make_scale_set("web", *(["blue"] if by_model else []))
        if not by_model:
            world.make_instance(scale_set, 3, "blue")
        without = balancer(backendAddressPools=[{"name": "green"}])
        for refused in (world.begin(BALANCER, without), world.delete(pool_id("blue"))):
            refusal = await world.refusal(refused)
            assert refusal.status == 400
            assert refusal.message == (
                "Cannot remove backend address pool blue from load balancer since it is in use by "
                f"virtual machine scale set {scale_set}."
            )
        await world.put(BALANCER, balancer(backendAddressPools=[{"name": "blue"}]))

    play(tmp_path, scenario)


def test_a_load_balancer_that_a_scale_set_uses_cannot_be_deleted(tmp_path: Path) -> None:
    async def scenario(world: World) -> None:
        await world.put(BALANCER, production_and_staging())
        scale_set = world.make_scale_set("web", "blue", probe="http")
        refusal = await world.refusal(world.delete(BALANCER))
        assert (refusal.status, refusal.code) == (400, "LoadBalancerInUseByVirtualMachineScaleSet")
        assert refusal.message == (
            f"Cannot delete load balancer {BALANCER} since its child resources blue, http are in "
            f"use by virtual machine scale set {scale_set}."
        )

    play(tmp_path, scenario)


def test_a_probe_that_is_a_scale_sets_health_keeps_a_rule(tmp_path: Path) -> None:
    async def scenario(world: World) -> None:
        shown = await world.put(BALANCER, production_and_staging())
        scale_set = world.make_scale_set("web", "blue", probe="http")
        await world.put(BALANCER, swapped(shown))
        refusal = await world.refusal(world.begin(BALANCER, balancer()))
        assert (refusal.status, refusal.code) == (400, "CannotRemoveRuleUsedByProbeUsedByVMSS")
        assert f"{BALANCER}/loadBalancingRules/production cannot be removed" in refusal.message
        assert scale_set in refusal.message

    play(tmp_path, scenario)


def test_a_scale_set_in_two_pools_keeps_their_rules_apart(tmp_path: Path) -> None:
    async def scenario(world: World) -> None:
        await world.put(BALANCER, balancer(rule("production", 8080, "blue")))
        scale_set = world.make_scale_set("web", "blue", "green")
        world.make_instance(scale_set, 0, "blue", "green")
        refusal = await world.refusal(world.begin(BALANCER, production_and_staging()))
        assert refusal.code == (
            "RulesOfSameLoadBalancerTypeUseSameBackendPortProtocolAndVmssIPConfig"
        )
        assert f"vmss: {scale_set}" in refusal.message
        assert "ipConfiguration: ipconfig" in refusal.message
        other_port = rule("staging", 8081, "green", backendPort=9090)
        await world.put(BALANCER, balancer(rule("production", 8080, "blue"), other_port))

    play(tmp_path, scenario)


def test_a_put_while_a_member_is_being_deleted_is_told_to_come_again(tmp_path: Path) -> None:
    async def scenario(world: World) -> None:
        await world.put(BALANCER, production_and_staging())
        instance = world.make_instance(world.make_scale_set("web", "blue"), 0, "blue")
        world.set_state(instance, "Deleting")
        refusal = await world.refusal(world.begin(BALANCER, production_and_staging()))
        assert (refusal.status, refusal.code) == (429, "RetryableError")
        assert refusal.details[0].code == "ReferencedResourceNotProvisioned"
        world.store.delete(instance)
        await world.put(BALANCER, production_and_staging())

    play(tmp_path, scenario)


def test_members_and_back_references_are_shown_and_never_taken_from_a_body(tmp_path: Path) -> None:
    async def scenario(world: World) -> None:
        await world.put(BALANCER, production_and_staging())
        instance = world.make_instance(world.make_scale_set("web", "blue"), 0, "blue")
        shown = world.get(BALANCER)
        blue, green = shown["properties"]["backendAddressPools"]
        configuration = f"{instance}/networkInterfaces/nic/ipConfigurations/ipconfig"
        assert blue["properties"]["backendIPConfigurations"] == [{"id": configuration}]
        production = {"id": f"{BALANCER}/loadBalancingRules/production"}
        assert blue["properties"]["loadBalancingRules"] == [production]
        assert "backendIPConfigurations" not in green["properties"]
        assert world.get(pool_id("blue")) == blue
        green["properties"]["backendIPConfigurations"] = [{"id": configuration}]
        after = await world.put(BALANCER, shown)
        assert (
            "backendIPConfigurations"
            not in after["properties"]["backendAddressPools"][1]["properties"]
        )

    play(tmp_path, scenario)


def test_children_are_read_one_by_one_and_as_lists(tmp_path: Path) -> None:
    async def scenario(world: World) -> None:
        shown = await world.put(BALANCER, production_and_staging())
        for array in ("loadBalancingRules", "probes", "frontendIPConfigurations"):
            children = shown["properties"][array]
            assert world.names(BALANCER, array) == [child["name"] for child in children]
            assert world.get(f"{BALANCER}/{array.upper()}/{children[0]['name']}") == children[0]
            refusal = await world.refusal(world.begin(f"{BALANCER}/{array}/new", {}))
            assert refusal.code == "NotServedByEmulator"

    play(tmp_path, scenario)


def test_an_empty_pool_is_made_and_removed_by_its_own_path(tmp_path: Path) -> None:
    async def scenario(world: World) -> None:
        before = await world.put(BALANCER, production_and_staging())
        made = await world.begin(pool_id("third"), {"name": "third"})
        assert made.status == 201
        assert world.names(BALANCER, "backendAddressPools") == ["blue", "green", "third"]
        assert world.get(BALANCER)["etag"] == made.body["etag"] != before["etag"]
        await world.delete(pool_id("third"))
        assert world.names(BALANCER, "backendAddressPools") == ["blue", "green"]
        refusal = await world.refusal(world.delete(pool_id("blue")))
        assert refusal.code == "CannotDeleteResource"

    play(tmp_path, scenario)


def test_a_pool_with_members_is_not_filled_or_emptied_by_its_own_path(tmp_path: Path) -> None:
    async def scenario(world: World) -> None:
        await world.put(BALANCER, production_and_staging())
        world.make_instance(world.make_scale_set("web", "blue"), 0, "blue")
        refusal = await world.refusal(world.begin(pool_id("blue"), {"name": "blue"}))
        assert (refusal.status, refusal.code) == (
            400,
            "ModificationOfNICIpConfigBackendPoolNotSupported",
        )
        assert refusal.message.startswith(
            f"Operation on backend pool {pool_id('blue')} not allowed"
        )
        await world.put(pool_id("blue"), world.get(pool_id("blue")))
        stranger = {"properties": {"ipAddress": "10.0.0.4"}, "name": "a"}
        by_address = {"properties": {"loadBalancerBackendAddresses": [stranger]}}
        refusal = await world.refusal(world.begin(pool_id("green"), by_address))
        assert refusal.code == "NotServedByEmulator"

    play(tmp_path, scenario)


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"protocol": "Udp"}, "Udp"),
        ({"protocol": "All", "frontendPort": 0, "backendPort": 0}, "All"),
        ({"frontendPort": 0, "backendPort": 0}, "high availability ports"),
        ({"enableFloatingIP": True}, "floating IP"),
    ],
)
def test_rules_that_are_not_carried_are_refused_by_name(
    tmp_path: Path, change: Body, word: str
) -> None:
    async def scenario(world: World) -> None:
        bad = rule("production", 8080, "blue", **change)
        refusal = await world.refusal(world.begin(BALANCER, balancer(bad)))
        assert refusal.code == "NotServedByEmulator"
        assert word in refusal.message

    play(tmp_path, scenario)


def test_nat_pools_are_refused_by_name(tmp_path: Path) -> None:
    async def scenario(world: World) -> None:
        body = balancer(inboundNatPools=[{"name": "ssh", "properties": {}}])
        refusal = await world.refusal(world.begin(BALANCER, body))
        assert "'inboundNatPools'" in refusal.message

    play(tmp_path, scenario)


def test_numbers_and_enums_arrive_as_templates_write_them(tmp_path: Path) -> None:
    async def scenario(world: World) -> None:
        loose = rule("production", 8080, "blue", frontendPort="8080", protocol="tcp")
        shown = await world.put(BALANCER, balancer(loose))
        properties = shown["properties"]["loadBalancingRules"][0]["properties"]
        assert (properties["frontendPort"], properties["protocol"]) == (8080, "Tcp")
        bad = rule("production", 8080, "blue", frontendPort="http")
        refusal = await world.refusal(world.begin(BALANCER, balancer(bad)))
        assert (refusal.code, refusal.target) == ("InvalidParameter", "frontendPort")

    play(tmp_path, scenario)


def test_two_rules_cannot_listen_at_one_port(tmp_path: Path) -> None:
    async def scenario(world: World) -> None:
        body = balancer(rule("one", 8080, "blue"), rule("two", 8080, "green"))
        refusal = await world.refusal(world.begin(BALANCER, body))
        assert refusal.status == 400
        assert "same frontend port" in refusal.message

    play(tmp_path, scenario)


def test_outbound_rules_need_a_frontend_each(tmp_path: Path) -> None:
    async def scenario(world: World) -> None:
        front = {"id": f"{BALANCER}/frontendIPConfigurations/front"}

        def outbound(name: str, pool: str) -> Body:
            properties = {
                "frontendIPConfigurations": [front],
                "backendAddressPool": {"id": pool_id(pool)},
                "protocol": "All",
            }
            return {"name": name, "properties": properties}

        one = outbound("one", "blue")
        shown = await world.put(BALANCER, balancer(outboundRules=[one]))
        frontend = shown["properties"]["frontendIPConfigurations"][0]["properties"]
        assert frontend["outboundRules"] == [{"id": f"{BALANCER}/outboundRules/one"}]
        both = balancer(outboundRules=[one, outbound("two", "green")])
        refusal = await world.refusal(world.begin(BALANCER, both))
        assert refusal.code.startswith("MoreThanOneOutboundRuleUsingSameFrontend")

    play(tmp_path, scenario)


def test_a_private_frontend_keeps_its_loopback_address(tmp_path: Path) -> None:
    async def scenario(world: World) -> None:
        shown = await world.put(BALANCER, production_and_staging())
        front = shown["properties"]["frontendIPConfigurations"][0]["properties"]
        assert front["privateIPAddress"].startswith("127.96.")
        after = await world.put(BALANCER, production_and_staging("green", "blue"))
        again = after["properties"]["frontendIPConfigurations"][0]["properties"]
        assert again["privateIPAddress"] == front["privateIPAddress"]

    play(tmp_path, scenario)


def test_a_name_azure_would_not_take_is_refused(tmp_path: Path) -> None:
    async def scenario(world: World) -> None:
        for body in (
            balancer(backendAddressPools=[{"name": "-blue"}]),
            balancer(backendAddressPools=[{"name": "a"}, {"name": "A"}]),
        ):
            refusal = await world.refusal(world.begin(BALANCER, body))
            assert refusal.code in {"InvalidResourceName", "DuplicateResourceName"}

    play(tmp_path, scenario)
