"""What the pipeline relies on. Each test runs against the emulator, and by `make verify-azure`."""

from __future__ import annotations

from email.utils import parsedate_to_datetime
from typing import Any

import pytest

from tests.beliefs.belief import believed
from tests.beliefs.place import Place, code, refused

DNS = "2024-06-01"
NETWORK = "2024-05-01"
ZONE = "/providers/Microsoft.Network/privateDnsZones/verify.internal"
RECORD = f"{ZONE}/TXT/claim"
BALANCERS = "/providers/Microsoft.Network/loadBalancers"
SECURITY_GROUPS = "/providers/Microsoft.Network/networkSecurityGroups"


def record(run: str) -> dict[str, Any]:
    """A TXT record set that says whose it is."""
    return {"properties": {"ttl": 60, "metadata": {"run": run}}}


@pytest.fixture(scope="module")
def zone(place: Place) -> None:
    """A private DNS zone that no network is linked to."""
    body: Any = {"location": "global"}
    named = f"{place.scope}{ZONE}"
    place.resources.resources.begin_create_or_update_by_id(named, body, api_version=DNS).result()


@pytest.fixture
def no_record(place: Place, zone: None) -> None:
    """Nothing is claimed."""
    place.send("DELETE", RECORD, DNS)


@pytest.fixture(scope="module")
def balancer(place: Place) -> dict[str, Any]:
    """A load balancer with two pools, without members."""
    prefix = f"{place.scope}{BALANCERS}/front"
    address: Any = {
        "location": place.location,
        "sku": {"name": "Standard"},
        "properties": {"publicIPAllocationMethod": "Static"},
    }
    addresses = place.network.public_ip_addresses
    made = addresses.begin_create_or_update(place.group, "front", address).result()
    rule = {
        "frontendIPConfiguration": {"id": f"{prefix}/frontendIPConfigurations/public"},
        "backendAddressPool": {"id": f"{prefix}/backendAddressPools/blue"},
        "probe": {"id": f"{prefix}/probes/http"},
        "protocol": "Tcp",
        "frontendPort": 80,
        "backendPort": 8080,
    }
    body: dict[str, Any] = {
        "location": place.location,
        "sku": {"name": "Standard"},
        "properties": {
            "frontendIPConfigurations": [
                {"name": "public", "properties": {"publicIPAddress": {"id": made.id}}}
            ],
            "backendAddressPools": [{"name": "blue"}, {"name": "green"}],
            "probes": [
                {
                    "name": "http",
                    "properties": {
                        "protocol": "Http",
                        "port": 8080,
                        "requestPath": "/",
                        "intervalInSeconds": 5,
                        "numberOfProbes": 1,
                    },
                }
            ],
            "loadBalancingRules": [{"name": "http", "properties": rule}],
        },
    }
    wanted: Any = body
    place.network.load_balancers.begin_create_or_update(place.group, "front", wanted).result()
    return body


def led(body: dict[str, Any], pool: str) -> dict[str, Any]:
    """The same with its rule leading to a pool."""
    (rule,) = body["properties"]["loadBalancingRules"]
    found = rule["properties"]["backendAddressPool"]["id"].rpartition("/")[0]
    properties = {**rule["properties"], "backendAddressPool": {"id": f"{found}/{pool}"}}
    rules = [{**rule, "properties": properties}]
    return {**body, "properties": {**body["properties"], "loadBalancingRules": rules}}


@believed(
    "A record set that is there is not created again under `If-None-Match: *`: 412.",
    "recorded",
    "azure-cli, recorded tests of private DNS zones",
)
def test_a_claim_is_created_once(place: Place, no_record: None) -> None:
    first = place.send("PUT", RECORD, DNS, record("one"), if_none_match="*")
    second = place.send("PUT", RECORD, DNS, record("two"), if_none_match="*")
    assert (first.status, second.status) == (201, 412)
    assert second.code == "PreconditionFailed"
    kept = place.send("GET", RECORD, DNS).body
    assert kept["properties"]["metadata"] == {"run": "one"}


@believed(
    "A write of a record set whose etag changed meanwhile is refused under `If-Match`: 412.",
    "recorded",
    "azure-cli, recorded tests of private DNS zones",
)
def test_a_claim_is_renewed_by_its_holder_alone(place: Place, no_record: None) -> None:
    first = place.send("PUT", RECORD, DNS, record("one")).body["etag"]
    second = place.send("PUT", RECORD, DNS, record("two"), if_match=first)
    assert second.status == 200
    assert second.body["etag"] != first
    assert place.send("PUT", RECORD, DNS, record("one"), if_match=first).status == 412
    assert place.send("DELETE", RECORD, DNS, if_match=first).status == 412
    assert place.send("DELETE", RECORD, DNS, if_match=second.body["etag"]).status == 200


@believed(
    "Every answer tells the time in `Date`.",
    "documented",
    "RFC 9110, and Azure's common response headers",
)
def test_azure_tells_the_time(place: Place) -> None:
    told = place.send("GET", "", "2025-04-01").headers["date"]
    assert parsedate_to_datetime(told).tzinfo is not None


@believed(
    "A whole PUT of a load balancer leads its rules elsewhere, and changes its etag.",
    "recorded",
    "azure-service-operator, recorded updates of load balancers",
)
def test_one_write_swaps_pools(place: Place, balancer: dict[str, Any]) -> None:
    balancers = place.network.load_balancers
    before = balancers.get(place.group, "front")
    swapped: Any = led(balancer, "green")
    balancers.begin_create_or_update(place.group, "front", swapped).result()
    after = balancers.get(place.group, "front").as_dict()
    (rule,) = after["properties"]["loadBalancingRules"]
    assert rule["properties"]["backendAddressPool"]["id"].endswith("/green")
    assert after["etag"] != before.etag


@believed(
    "A load balancer's PUT under `If-Match` with an etag of before another write is refused: 412.",
    "inferred",
    "recorded for network security groups (azure-cli, test_network_nsg); cloud-provider-azure"
    " sends it for load balancers",
)
def test_the_swap_is_fenced_by_its_etag(place: Place, balancer: dict[str, Any]) -> None:
    balancers = place.network.load_balancers
    stale = str(balancers.get(place.group, "front").etag)
    other: Any = {**led(balancer, "blue"), "tags": {"by": "another"}}
    balancers.begin_create_or_update(place.group, "front", other).result()
    mine = led(balancer, "green")
    answer = place.send("PUT", f"{BALANCERS}/front", NETWORK, mine, if_match=stale)
    assert (answer.status, answer.code) == (412, "PreconditionFailed")


@believed(
    "A load balancer without members is `Succeeded` in the answer of its PUT.",
    "recorded",
    "azure-service-operator, a Standard load balancer of 2026",
)
def test_a_write_without_members_is_done_at_once(place: Place, balancer: dict[str, Any]) -> None:
    answer = place.send("PUT", f"{BALANCERS}/front", NETWORK, led(balancer, "blue"))
    assert answer.status == 200
    assert answer.body["properties"]["provisioningState"] == "Succeeded"


@believed(
    "A network security group's PUT under `If-Match` with a stale etag is refused: 412.",
    "recorded",
    "azure-cli, test_network_nsg (2022)",
)
def test_a_security_group_is_fenced_by_its_etag(place: Place) -> None:
    stale = str(place.security_group()["etag"])
    place.security_group(tags={"by": "another"})
    mine = {"location": place.location}
    answer = place.send("PUT", f"{SECURITY_GROUPS}/guard", NETWORK, mine, if_match=stale)
    assert (answer.status, answer.code) == (412, "PreconditionFailed")


@believed(
    "A static Standard address is there when its operation has succeeded.",
    "recorded",
    "azure-powershell and azure-service-operator, recorded public addresses",
)
def test_an_address_is_known_at_the_end(place: Place) -> None:
    body: Any = {
        "location": place.location,
        "sku": {"name": "Standard"},
        "properties": {"publicIPAllocationMethod": "Static"},
    }
    addresses = place.network.public_ip_addresses
    addresses.begin_create_or_update(place.group, "one", body).result()
    assert addresses.get(place.group, "one").as_dict()["properties"]["ipAddress"]


@believed(
    "What is not there is 404 `ResourceNotFound`, in a group that is not there"
    " `ResourceGroupNotFound`.",
    "recorded",
    "many recordings of azure-cli",
)
def test_what_is_missing_is_named_by_its_code(place: Place) -> None:
    missing = place.send("GET", f"{BALANCERS}/nothing", NETWORK)
    assert (missing.status, missing.code) == (404, "ResourceNotFound")
    groups = place.network.load_balancers
    refusal = refused(lambda: groups.get(f"{place.group}-none", "front"))
    assert (refusal.status_code, code(refusal)) == (404, "ResourceGroupNotFound")


@believed(
    "`checkPolicyRestrictions` answers 200 and writes nothing.",
    "documented",
    "Microsoft's REST reference of Azure Policy",
)
def test_policies_can_be_asked_beforehand(place: Place) -> None:
    content = {
        "type": "Microsoft.Network/networkSecurityGroups",
        "name": "asked",
        "location": place.location,
    }
    question = {"resourceDetails": {"resourceContent": content}}
    path = "/providers/Microsoft.PolicyInsights/checkPolicyRestrictions"
    answer = place.send("POST", path, "2022-03-01", question)
    assert answer.status == 200
    assert "contentEvaluationResult" in answer.body
    missing = place.send("GET", f"{SECURITY_GROUPS}/asked", NETWORK)
    assert missing.status == 404


@believed(
    "At a subscription, `checkPolicyRestrictions` takes a resource group that is not there yet.",
    "inferred",
    "Microsoft's REST reference of Azure Policy names no types; groups are resources to policies",
)
def test_policies_can_be_asked_about_a_group_that_is_not_there(place: Place) -> None:
    content = {
        "type": "Microsoft.Resources/subscriptions/resourceGroups",
        "name": f"{place.group}-none",
        "location": place.location,
    }
    question = {"resourceDetails": {"resourceContent": content}}
    path = "/providers/Microsoft.PolicyInsights/checkPolicyRestrictions"
    answer = place.send("POST", path, "2022-03-01", question, of_subscription=True)
    assert answer.status == 200
    assert "contentEvaluationResult" in answer.body
