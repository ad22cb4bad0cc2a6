"""A load balancer is written as a whole, and answers as Azure's does."""

from __future__ import annotations

import copy

from tests.emulator.network.emulated_network import (
    BALANCER,
    EmulatedNetwork,
    balancer,
    pool_id,
    pools_of,
    production_and_staging,
    rule,
    swapped,
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


async def test_a_get_always_carries_all_arrays(arm: EmulatedNetwork) -> None:
    await arm.put(BALANCER, {"location": "westeurope", "properties": {}})
    properties = arm.get(BALANCER)["properties"]
    assert {name: properties[name] for name in ARRAYS} == {name: [] for name in ARRAYS}


async def test_unknown_fields_are_kept_and_absent_children_are_removed(
    arm: EmulatedNetwork,
) -> None:
    body = production_and_staging()
    body["properties"]["loadBalancingRules"][0]["properties"]["enableConnectionTracking"] = True
    body["properties"]["scope"] = "Public"
    body["extendedLocation"] = {"name": "x", "type": "EdgeZone"}
    shown = await arm.put(BALANCER, body)
    assert shown["properties"]["scope"] == "Public"
    assert shown["properties"]["loadBalancingRules"][0]["properties"]["enableConnectionTracking"]
    shown["properties"]["loadBalancingRules"].pop()
    after = await arm.put(BALANCER, shown)
    assert [each["name"] for each in after["properties"]["loadBalancingRules"]] == ["production"]
    assert after["properties"]["resourceGuid"] == shown["properties"]["resourceGuid"]


async def test_a_put_of_what_a_get_returned_changes_nothing_but_etags(arm: EmulatedNetwork) -> None:
    first = await arm.put(BALANCER, production_and_staging())
    scale_set = arm.make_scale_set("web", "blue")
    arm.make_instance(scale_set, 0, "blue")
    first = arm.get(BALANCER)
    second = await arm.put(BALANCER, copy.deepcopy(first))
    assert without_etags(first) == without_etags(second)
    assert first["etag"] != second["etag"]


def without_etags(value: object) -> object:
    """The same document with every etag left out."""
    if isinstance(value, dict):
        return {name: without_etags(each) for name, each in value.items() if name != "etag"}
    return [without_etags(each) for each in value] if isinstance(value, list) else value


async def test_a_rule_shows_its_pool_under_both_names(arm: EmulatedNetwork) -> None:
    plural = rule("production", 8080, None, backendAddressPools=[{"id": pool_id("blue")}])
    shown = await arm.put(BALANCER, balancer(plural, rule("staging", 8081, "green")))
    for each, name in zip(
        shown["properties"]["loadBalancingRules"], ("blue", "green"), strict=True
    ):
        assert each["properties"]["backendAddressPool"] == {"id": pool_id(name)}
        assert each["properties"]["backendAddressPools"] == [{"id": pool_id(name)}]


async def test_a_pool_changed_under_one_name_only_is_refused_in_azures_spelling(
    arm: EmulatedNetwork,
) -> None:
    shown = await arm.put(BALANCER, production_and_staging())
    refusal = await arm.refusal(arm.begin(BALANCER, swapped(shown, plural=False)))
    assert refusal.status == 400
    assert refusal.code == (
        "LoadBalancingRuleBackendAdressPoolAndBackendAddressPools"
        "CannotBeSetAtTheSameTimeWithDifferentValue"
    )
    assert refusal.message == (
        "BackendAddressPool and BackendAddressPools[] in LoadBalancingRule production cannot "
        "be set at the same time with different value."
    )
    assert pools_of(arm.get(BALANCER)) == {"production": "blue", "staging": "green"}


async def test_all_rules_swap_in_one_put(arm: EmulatedNetwork) -> None:
    shown = await arm.put(BALANCER, production_and_staging())
    after = await arm.put(BALANCER, swapped(shown), if_match=shown["etag"])
    assert pools_of(after) == {"production": "green", "staging": "blue"}


async def test_two_rules_of_one_backend_port_must_not_share_a_pool(arm: EmulatedNetwork) -> None:
    await arm.put(BALANCER, production_and_staging())
    refusal = await arm.refusal(arm.begin(BALANCER, production_and_staging("green", "green")))
    rules = f"{BALANCER}/loadBalancingRules"
    assert (refusal.status, refusal.code) == (400, "RulesUseSameBackendPortProtocolAndPool")
    assert refusal.message == (
        f"Load balancing rules {rules}/production and {rules}/staging with floating IP "
        "disabled use the same protocol Tcp and backend port 8080, and must not be used with "
        f"the same backend address pool {pool_id('green')}."
    )


async def test_every_child_carries_the_etag_and_it_changes_on_each_write(
    arm: EmulatedNetwork,
) -> None:
    first = await arm.begin(BALANCER, production_and_staging())
    assert "ETag" not in first.headers
    etag = first.body["etag"]
    assert etag.startswith('W/"')
    children = [child for name in ARRAYS for child in first.body["properties"][name]]
    assert {child["etag"] for child in children} == {etag}
    assert arm.get(BALANCER)["etag"] == etag
    second = await arm.put(BALANCER, production_and_staging())
    assert second["etag"] != etag


async def test_without_members_the_first_answer_is_final_and_with_members_all_is_updating(
    arm: EmulatedNetwork,
) -> None:
    first = await arm.begin(BALANCER, production_and_staging())
    assert (first.status, first.operation) == (201, None)
    assert first.body["properties"]["provisioningState"] == "Succeeded"
    arm.make_instance(arm.make_scale_set("web", "blue"), 0, "blue")
    second = await arm.begin(BALANCER, production_and_staging())
    assert second.status == 200
    assert second.operation is not None
    properties = second.body["properties"]
    children = [child["properties"] for name in ARRAYS for child in properties[name]]
    assert {child["provisioningState"] for child in [*children, properties]} == {"Updating"}
    await arm.manager.settle(second)
    after = arm.get(BALANCER)
    assert after["properties"]["provisioningState"] == "Succeeded"
    assert after["etag"] != second.body["etag"]


async def test_a_stale_etag_is_refused_and_a_fresh_one_is_not(arm: EmulatedNetwork) -> None:
    stale = (await arm.put(BALANCER, production_and_staging()))["etag"]
    fresh = (await arm.put(BALANCER, production_and_staging()))["etag"]
    refusal = await arm.refusal(
        arm.begin(BALANCER, production_and_staging("green", "blue"), if_match=stale)
    )
    assert (refusal.status, refusal.code) == (412, "PreconditionFailed")
    (detail,) = refusal.details
    assert detail.code == "PreconditionFailedEtagMismatch"
    assert f"if-match header {stale} does not match etag {fresh}" in detail.message
    assert pools_of(arm.get(BALANCER))["production"] == "blue"
    await arm.put(BALANCER, production_and_staging("green", "blue"), if_match=fresh)


async def test_a_second_put_while_one_runs_is_asked_to_retry(arm: EmulatedNetwork) -> None:
    await arm.put(BALANCER, production_and_staging())
    arm.make_instance(arm.make_scale_set("web", "blue"), 0, "blue")
    arm.idle_path.gate.clear()
    first = await arm.begin(BALANCER, production_and_staging())
    for path, body in ((BALANCER, production_and_staging()), (pool_id("third"), {})):
        refusal = await arm.refusal(arm.begin(path, body))
        assert (refusal.status, refusal.code) == (429, "RetryableError")
        assert refusal.details[0].code == "RetryableErrorDueToAnotherOperation"
        assert int(refusal.headers["Retry-After"]) > 0
    arm.idle_path.gate.set()
    await arm.manager.settle(first)
    await arm.put(BALANCER, production_and_staging())


async def test_members_and_back_references_are_shown_and_never_taken_from_a_body(
    arm: EmulatedNetwork,
) -> None:
    await arm.put(BALANCER, production_and_staging())
    instance = arm.make_instance(arm.make_scale_set("web", "blue"), 0, "blue")
    shown = arm.get(BALANCER)
    blue, green = shown["properties"]["backendAddressPools"]
    configuration = f"{instance}/networkInterfaces/nic/ipConfigurations/ipconfig"
    assert blue["properties"]["backendIPConfigurations"] == [{"id": configuration}]
    production = {"id": f"{BALANCER}/loadBalancingRules/production"}
    assert blue["properties"]["loadBalancingRules"] == [production]
    assert "backendIPConfigurations" not in green["properties"]
    assert arm.get(pool_id("blue")) == blue
    green["properties"]["backendIPConfigurations"] = [{"id": configuration}]
    after = await arm.put(BALANCER, shown)
    assert (
        "backendIPConfigurations" not in after["properties"]["backendAddressPools"][1]["properties"]
    )


async def test_children_are_read_one_by_one_and_as_lists(arm: EmulatedNetwork) -> None:
    shown = await arm.put(BALANCER, production_and_staging())
    for array in ("loadBalancingRules", "probes", "frontendIPConfigurations"):
        children = shown["properties"][array]
        assert arm.names(BALANCER, array) == [child["name"] for child in children]
        assert arm.get(f"{BALANCER}/{array.upper()}/{children[0]['name']}") == children[0]
        refusal = await arm.refusal(arm.begin(f"{BALANCER}/{array}/new", {}))
        assert refusal.code == "NotServedByEmulator"


async def test_an_empty_pool_is_made_and_removed_by_its_own_path(arm: EmulatedNetwork) -> None:
    before = await arm.put(BALANCER, production_and_staging())
    made = await arm.begin(pool_id("third"), {"name": "third"})
    assert made.status == 201
    assert arm.names(BALANCER, "backendAddressPools") == ["blue", "green", "third"]
    assert arm.get(BALANCER)["etag"] == made.body["etag"] != before["etag"]
    await arm.delete(pool_id("third"))
    assert arm.names(BALANCER, "backendAddressPools") == ["blue", "green"]
    refusal = await arm.refusal(arm.delete(pool_id("blue")))
    assert refusal.code == "CannotDeleteResource"


async def test_a_pool_with_members_is_not_filled_or_emptied_by_its_own_path(
    arm: EmulatedNetwork,
) -> None:
    await arm.put(BALANCER, production_and_staging())
    arm.make_instance(arm.make_scale_set("web", "blue"), 0, "blue")
    refusal = await arm.refusal(arm.begin(pool_id("blue"), {"name": "blue"}))
    assert (refusal.status, refusal.code) == (
        400,
        "ModificationOfNICIpConfigBackendPoolNotSupported",
    )
    assert refusal.message.startswith(f"Operation on backend pool {pool_id('blue')} not allowed")
    await arm.put(pool_id("blue"), arm.get(pool_id("blue")))
    stranger = {"properties": {"ipAddress": "10.0.0.4"}, "name": "a"}
    by_address = {"properties": {"loadBalancerBackendAddresses": [stranger]}}
    refusal = await arm.refusal(arm.begin(pool_id("green"), by_address))
    assert refusal.code == "NotServedByEmulator"


async def test_a_private_frontend_keeps_its_loopback_address(arm: EmulatedNetwork) -> None:
    shown = await arm.put(BALANCER, production_and_staging())
    front = shown["properties"]["frontendIPConfigurations"][0]["properties"]
    assert front["privateIPAddress"].startswith("127.96.")
    after = await arm.put(BALANCER, production_and_staging("green", "blue"))
    again = after["properties"]["frontendIPConfigurations"][0]["properties"]
    assert again["privateIPAddress"] == front["privateIPAddress"]


async def test_a_name_azure_would_not_take_is_refused(arm: EmulatedNetwork) -> None:
    for body in (
        balancer(backendAddressPools=[{"name": "-blue"}]),
        balancer(backendAddressPools=[{"name": "a"}, {"name": "A"}]),
    ):
        refusal = await arm.refusal(arm.begin(BALANCER, body))
        assert refusal.code in {"InvalidResourceName", "DuplicateResourceName"}
