"""Landing zones: only what is missing is planned, and where rules lead is never touched."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

import pytest

from pipeline.arm import ResourceId
from pipeline.definition.balancing import LoadBalancer, RulePair
from pipeline.definition.model import Gallery
from pipeline.errors import Refused
from pipeline.planning.landing_zone import bodies
from pipeline.planning.landing_zone.plan import plan_landing_zone
from pipeline.planning.landing_zone.steps import Complete, Create, LandingZoneStep
from pipeline.planning.landing_zone.wanted import wanted
from pipeline.planning.names import (
    gallery_id,
    image_definition_id,
    load_balancer_id,
    network_id,
    subnet_id,
    virtual_network_id,
)
from pipeline.planning.plan import Plan
from pipeline.planning.record_names import claims_zone_id
from tests.planning.swap.examples import ENVIRONMENT, IMAGE, LOAD_BALANCER, PROJECT

SHARED = replace(
    ENVIRONMENT,
    gallery=Gallery("images", managed=False, resource_group="platform", subscription="other"),
)
OWN = load_balancer_id(ENVIRONMENT, "shop")


def everything() -> dict[ResourceId, dict[str, Any]]:
    """Azure's answers when all is there."""
    return {
        resource.resource: {
            **copy.deepcopy(resource.body),
            "name": resource.resource.name,
            "etag": 'W/"7"',
            "properties": {
                **copy.deepcopy(resource.body["properties"]),
                "provisioningState": "Succeeded",
            },
        }
        for resource in wanted(PROJECT, ENVIRONMENT)
    }


def plan(existing: dict[ResourceId, dict[str, Any]]) -> Plan[LandingZoneStep]:
    """The plan in a resource group that is there."""
    return plan_landing_zone(PROJECT, ENVIRONMENT, True, existing)


def only_step(existing: dict[ResourceId, dict[str, Any]]) -> LandingZoneStep:
    """The one step of the plan."""
    (step,) = plan(existing).steps
    return step


def gallery_of_others(location: str = "westeurope") -> dict[ResourceId, dict[str, Any]]:
    """The gallery of somebody else, without anything in it."""
    return {gallery_id(SHARED): {"location": location, "properties": {}}}


def test_into_a_gallery_of_others_go_definitions_and_the_claims_on_builds() -> None:
    steps = plan_landing_zone(PROJECT, SHARED, False, gallery_of_others()).steps
    words = [str(step) for step in steps]
    assert words[-3:] == [
        "create the image definition web",
        "create the private DNS zone claims.bakeswap.internal for claims",
        "create the private DNS zone claims.bakeswap.internal for claims on builds, in platform",
    ]
    assert not any("gallery" in one for one in words)
    elsewhere = [step for step in steps if isinstance(step, Create)]
    assert [step.resource.subscription for step in (elsewhere[-3], elsewhere[-1])] == ["other"] * 2


def test_a_gallery_of_others_must_be_there_and_where_the_environment_bakes() -> None:
    with pytest.raises(Refused, match=r"galleries/images: does not exist, and environments\.hcl"):
        plan_landing_zone(PROJECT, SHARED, False, {})
    far = gallery_of_others("North Europe")
    with pytest.raises(Refused, match="is in northeurope, and so must be what is baked into it"):
        plan_landing_zone(PROJECT, SHARED, False, far)
    definition: dict[ResourceId, dict[str, Any]] = {
        image_definition_id(SHARED, "web"): {"properties": {}}
    }
    assert plan_landing_zone(PROJECT, SHARED, False, far | definition).steps


def test_the_plan_of_a_landing_zone() -> None:
    assert str(plan_landing_zone(PROJECT, ENVIRONMENT, False, {})) == (
        "Plan: create the environment production\n"
        "   1  create the resource group shop in westeurope\n"
        "   2  create the security group machines\n"
        "   3  create the public address nat-address\n"
        "   4  create the NAT gateway nat\n"
        "   5  create the virtual network net with the subnet machines\n"
        "   6  create the public address shop-production\n"
        "   7  create the public address shop-staging\n"
        "   8  create the load balancer shop for web\n"
        "   9  create the gallery images\n"
        "  10  create the image definition web\n"
        "  11  create the private DNS zone claims.bakeswap.internal for claims"
    )


def test_the_second_time_there_is_nothing_to_do() -> None:
    assert str(plan(everything())) == (
        "Plan: create the environment production: nothing to do, shop is complete"
    )


def test_what_is_being_made_is_the_same_step_again() -> None:
    existing = everything()
    created = plan({}).steps
    for body in existing.values():
        body["properties"]["provisioningState"] = "Updating"
    assert repr(plan(existing).steps) == repr(created)


def test_a_failed_resource_is_written_again_as_it_is() -> None:
    existing = everything()
    existing[OWN]["properties"]["provisioningState"] = "Failed"
    step = only_step(existing)
    assert isinstance(step, Complete)
    assert step.etag == 'W/"7"'
    assert str(step) == "complete the load balancer shop for web: its last write failed"


def _rules(body: dict[str, Any]) -> dict[str, Any]:
    return {rule["name"]: rule["properties"] for rule in body["properties"]["loadBalancingRules"]}


def test_a_missing_rule_is_added_and_the_others_keep_their_pools() -> None:
    existing = everything()
    rules = existing[OWN]["properties"]["loadBalancingRules"]
    green = {"id": str(OWN.child("backendAddressPools", "green"))}
    rules[0]["properties"]["backendAddressPool"] = green
    rules[0]["properties"]["backendAddressPools"] = [green]
    del rules[3]
    step = only_step(existing)
    assert isinstance(step, Complete)
    assert str(step) == "complete the load balancer shop for web: metrics-staging"
    written = _rules(step.body)
    assert written["http"]["backendAddressPool"] == green
    assert written["metrics-staging"]["frontendPort"] == 9101


def test_a_pair_that_comes_later_follows_the_pool_that_serves() -> None:
    existing = everything()
    rules = existing[OWN]["properties"]["loadBalancingRules"]
    del rules[2:]
    for rule, name in zip(rules, ("green", "blue"), strict=True):
        pool = {"id": str(OWN.child("backendAddressPools", name))}
        rule["properties"] |= {"backendAddressPool": pool, "backendAddressPools": [pool]}
    step = only_step(existing)
    assert isinstance(step, Complete)
    led = {
        name: rule["backendAddressPool"]["id"].rpartition("/")[2]
        for name, rule in _rules(step.body).items()
    }
    assert led == {
        "http": "green",
        "http-staging": "blue",
        "metrics": "green",
        "metrics-staging": "blue",
    }


def test_what_another_hand_called_its_frontends_and_probes_is_used_for_a_later_pair() -> None:
    existing = everything()
    properties = existing[OWN]["properties"]
    theirs = {"id": str(OWN.child("frontendIPConfigurations", "PublicIPAddress"))}
    probe = {"id": str(OWN.child("probes", "alive"))}
    properties["frontendIPConfigurations"] = [{"name": "PublicIPAddress"}]
    properties["probes"] = [{"name": "alive", "properties": {}}]
    properties["loadBalancingRules"] = properties["loadBalancingRules"][:2]
    for rule in properties["loadBalancingRules"]:
        rule["properties"] |= {"frontendIPConfiguration": theirs, "probe": probe}
    for address in ("shop-production", "shop-staging"):
        del existing[network_id(ENVIRONMENT, "publicIPAddresses", address)]
    step = only_step(existing)
    assert isinstance(step, Complete)
    assert str(step) == "complete the load balancer shop for web: metrics, metrics-staging"
    written = _rules(step.body)
    assert written["metrics"]["frontendIPConfiguration"] == theirs
    assert written["metrics"]["probe"]["id"].endswith("/probes/metrics")


def test_a_rule_without_a_probe_has_a_twin_without_one() -> None:
    existing = everything()
    rules = existing[OWN]["properties"]["loadBalancingRules"]
    del rules[0]["properties"]["probe"]
    del rules[1]
    step = only_step(existing)
    assert isinstance(step, Complete)
    assert "probe" not in _rules(step.body)["http-staging"]


def test_images_that_share_a_load_balancer_have_rules_probes_and_pools_of_their_own() -> None:
    api = replace(IMAGE, name="api")
    shared = LoadBalancer("shop", "api", (RulePair("api", 8000, 8001, 8080),))
    environment = replace(ENVIRONMENT, load_balancers=(LOAD_BALANCER, shared))
    project = replace(PROJECT, images=(IMAGE, api))
    (found,) = (
        one
        for one in wanted(project, environment)
        if one.resource.segments[-1][0] == "loadBalancers"
    )
    properties = found.body["properties"]
    assert found.words == "the load balancer shop for web, api"
    assert [pool["name"] for pool in properties["backendAddressPools"]] == [
        "web-empty",
        "web-empty-staging",
        "api-empty",
        "api-empty-staging",
    ]
    assert [probe["name"] for probe in properties["probes"]] == ["http", "metrics", "api"]
    assert len(properties["frontendIPConfigurations"]) == 2
    assert len(properties["loadBalancingRules"]) == 6


def _completed_security_group(*ports: int) -> dict[str, int]:
    """The priorities by rule, when the environment got these backend ports one after the other."""
    environment = ENVIRONMENT
    existing: dict[ResourceId, dict[str, Any]] = {}
    for number in range(1, len(ports) + 1):
        pairs = tuple(RulePair(f"r{port}", port, port + 1, port) for port in ports[:number])
        balancer = replace(LOAD_BALANCER, pairs=pairs)
        environment = replace(ENVIRONMENT, load_balancers=(balancer,))
        for step in plan_landing_zone(PROJECT, environment, True, existing).steps:
            if isinstance(step, Create | Complete):
                existing[step.resource] = {"etag": 'W/"1"', **step.body}
    group = network_id(environment, "networkSecurityGroups", "machines")
    rules = existing[group]["properties"]["securityRules"]
    return {rule["name"]: rule["properties"]["priority"] for rule in rules}


def test_a_port_that_comes_later_gets_a_priority_that_is_free() -> None:
    priorities = _completed_security_group(8080, 9100, 80)
    assert len(priorities) == len(set(priorities.values())) == 5
    assert priorities["allow-application-8080"] == 200
    assert priorities["allow-application-80"] == 202


def test_a_private_load_balancer_does_not_close_a_port_of_a_public_one() -> None:
    private = replace(LOAD_BALANCER, name="inner", private=True)
    for order in ((LOAD_BALANCER, private), (private, LOAD_BALANCER)):
        environment = replace(ENVIRONMENT, load_balancers=order)
        rules = bodies.security_group(environment)["properties"]["securityRules"]
        sources = {rule["name"]: rule["properties"]["sourceAddressPrefix"] for rule in rules}
        assert sources["allow-application-8080"] == "Internet"


def test_a_port_that_was_opened_to_the_network_only_is_told_when_it_is_for_the_internet() -> None:
    there = everything()
    group = network_id(ENVIRONMENT, "networkSecurityGroups", "machines")
    rules = there[group]["properties"]["securityRules"]
    rule = next(one for one in rules if one["name"] == "allow-application-8080")
    rule["properties"]["sourceAddressPrefix"] = "VirtualNetwork"

    assert plan(there).notes == (
        "machines: sourceAddressPrefix of allow-application-8080 is VirtualNetwork, the definitions"
        " say Internet: left as it is",
    )


def test_a_gallery_name_of_the_subscription_is_not_taken_twice() -> None:
    own = gallery_id(ENVIRONMENT)
    other = replace(own, resource_group="another")

    assert plan_landing_zone(PROJECT, ENVIRONMENT, True, {}, (own,)).steps
    with pytest.raises(Refused, match="takes no second one; give"):
        plan_landing_zone(PROJECT, ENVIRONMENT, True, {}, (own, other))


def test_unknown_fields_of_what_is_completed_pass_through() -> None:
    existing = everything()
    existing[OWN]["properties"]["futureProfile"] = {"kept": True}
    existing[OWN]["zones"] = ["1"]
    del existing[OWN]["properties"]["loadBalancingRules"][0]
    step = only_step(existing)
    assert isinstance(step, Complete)
    assert step.body["properties"]["futureProfile"] == {"kept": True}
    assert step.body["zones"] == ["1"]


def test_a_subnet_without_a_way_out_gets_one() -> None:
    existing = everything()
    network = existing[virtual_network_id(ENVIRONMENT)]
    network["properties"]["subnets"][0]["properties"]["natGateway"] = None
    network["properties"]["subnets"].append({"name": "theirs", "properties": {"kept": True}})
    step = only_step(existing)
    assert isinstance(step, Complete)
    assert str(step).endswith(": natGateway of machines")
    theirs = step.body["properties"]["subnets"][1]
    assert theirs == {"name": "theirs", "properties": {"kept": True}}


def test_what_differs_is_told_and_left_as_it_is() -> None:
    existing = everything()
    _rules(existing[OWN])["http"]["frontendPort"] = 8000
    found = plan(existing)
    assert found.is_empty
    assert found.notes == (
        "shop: frontendPort of http is 8000, the definitions say 80: left as it is",
    )


def test_tags_of_the_environment_are_on_everything_that_is_created() -> None:
    tags = (("team", "shop"), ("cost center", "4711"))
    environment = replace(ENVIRONMENT, tags=tags)
    steps = plan_landing_zone(PROJECT, environment, True, {}).steps
    found = {step.resource: step.body["tags"] for step in steps if isinstance(step, Create)}

    zone = found.pop(claims_zone_id(environment))
    assert len(found) > 6
    assert all(one.items() >= dict(tags).items() for one in found.values())
    assert all(one["system"] == "bakeswap" for one in found.values())
    assert "team" in zone
    assert "cost center" not in zone  # Azure takes no blank there


def test_tags_that_are_missing_are_told_and_nothing_is_written_for_them() -> None:
    existing = everything()
    existing[OWN]["tags"] = {"Team": "shop", "cost-center": "1"}
    for other in existing.keys() - {OWN}:
        existing[other]["tags"] = {"team": "shop", "cost-center": "4711"}
    environment = replace(ENVIRONMENT, tags=(("team", "shop"), ("cost-center", "4711")))
    found = plan_landing_zone(PROJECT, environment, True, existing)

    assert found.is_empty
    assert found.notes == ("shop: lacks the tags cost-center = 4711: left as it is",)


def test_a_private_frontend_has_no_public_address() -> None:
    private = replace(LOAD_BALANCER, private=True)
    environment = replace(ENVIRONMENT, load_balancers=(private,))
    steps = plan_landing_zone(PROJECT, environment, True, {}).steps
    assert not [step for step in steps if "public address shop" in str(step)]
    bodies = {step.resource: step.body for step in steps if isinstance(step, Create)}
    frontend = bodies[OWN]["properties"]["frontendIPConfigurations"][0]["properties"]
    assert frontend["subnet"] == {"id": str(subnet_id(environment))}


def test_a_network_of_somebody_else_is_used_and_never_written() -> None:
    network = replace(ENVIRONMENT.network, managed=False, resource_group="platform")
    environment = replace(ENVIRONMENT, network=network)
    existing: dict[ResourceId, dict[str, Any]] = {subnet_id(environment): {"properties": {}}}
    steps = plan_landing_zone(PROJECT, environment, True, existing).steps
    assert str(steps[0]) == "create the public address shop-production"


def test_a_network_of_somebody_else_must_be_there() -> None:
    network = replace(ENVIRONMENT.network, managed=False, resource_group="platform")
    environment = replace(ENVIRONMENT, network=network)
    with pytest.raises(
        Refused, match=r"resourceGroups/platform/.*/subnets/machines: does not exist"
    ):
        plan_landing_zone(PROJECT, environment, True, {})


def test_production_and_staging_rules_start_on_different_pools_and_twins_share_a_probe() -> None:
    body = everything()[OWN]
    found = {
        name: (rule["backendAddressPool"]["id"].rpartition("/")[2], rule["backendPort"])
        for name, rule in _rules(body).items()
    }
    assert found == {
        "http": ("web-empty", 8080),
        "http-staging": ("web-empty-staging", 8080),
        "metrics": ("web-empty", 9100),
        "metrics-staging": ("web-empty-staging", 9100),
    }
    assert [probe["name"] for probe in body["properties"]["probes"]] == ["http", "metrics"]


def test_every_resource_comes_after_those_it_refers_to() -> None:
    made: set[str] = set()
    for step in plan({}).steps:
        assert isinstance(step, Create)
        made.add(str(step.resource).lower())
        for reference in _references(step.body):
            assert any(reference.startswith(there) for there in made)


def _references(value: Any) -> list[str]:
    if isinstance(value, dict):
        own = [value["id"].lower()] if isinstance(value.get("id"), str) else []
        return own + [found for inner in value.values() for found in _references(inner)]
    if isinstance(value, list):
        return [found for inner in value for found in _references(inner)]
    return []


def test_a_standard_definition_is_created_by_an_api_version_that_knows_it() -> None:
    made = [step for step in plan({}).steps if isinstance(step, Create)]
    versions = {step.words: step.api_version for step in made if step.api_version}

    assert versions == {"the image definition web": "2021-10-01"}


def test_a_definition_of_another_system_is_told_and_left() -> None:
    there = everything()
    there[image_definition_id(ENVIRONMENT, "web")]["properties"]["osType"] = "Windows"

    found = plan(there)

    assert found.steps == ()
    assert found.notes == (
        "web: the definition's operating system is Windows, and its template bakes Linux; give the"
        " image another name: left as it is",
    )


def test_a_definition_of_another_security_type_is_told_and_left() -> None:
    there = everything()
    own = image_definition_id(ENVIRONMENT, "web")
    supported = [{"name": "SecurityType", "value": "TrustedLaunchSupported"}]
    there[own]["properties"]["features"] = supported

    found = plan(there)

    assert found.steps == ()
    assert "is TrustedLaunchSupported: it takes no version" in found.notes[0]
    assert found.notes[0].endswith("left as it is")
