"""Requests on the wire, for any kind of resource."""

from __future__ import annotations

from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError
from azure.mgmt.network import NetworkManagementClient
from azure.mgmt.network.models import VirtualNetwork
from azure.mgmt.resource.resources import ResourceManagementClient

from pipeline.emulator.edge.exchange import lenient_json, split
from tests.conftest import Emulator

NETWORKS = "providers/Microsoft.Network/virtualNetworks"
NETWORK = {
    "location": "West Europe",
    "tags": {"run": "r1", "it's": "odd"},
    "properties": {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}, "subnets": []},
}


def test_a_resource_group_is_made_and_deleted(resources: ResourceManagementClient) -> None:
    groups = resources.resource_groups
    made = groups.create_or_update("coming", {"location": "West Europe", "tags": {"run": "1"}})
    assert made.location == "westeurope"
    assert groups.check_existence("COMING")
    assert [one.name for one in groups.list(filter="tagName eq 'run' and tagValue eq '1'")] == [
        "coming"
    ]
    changed = groups.update("coming", {"tags": {"more": "2"}})
    assert changed.tags == {"run": "1", "more": "2"}
    groups.begin_delete("coming").result()
    assert not groups.check_existence("coming")
    with pytest.raises(HttpResponseError) as refusal:
        groups.get("coming")
    assert refusal.value.error is not None
    assert refusal.value.error.code == "ResourceGroupNotFound"


def test_paths_are_matched_without_regard_to_case_and_doubled_slashes(
    emulator: Emulator, group: str
) -> None:
    emulator.call("PUT", f"/resourceGroups/{group}/{NETWORKS}/vn", NETWORK)
    path = f"/subscriptions/{emulator.subscription.upper()}/RESOURCEGROUPS/{group.upper()}"
    answer = emulator.call("GET", f"{path}//providers/microsoft.network//VIRTUALNETWORKS/VN")
    assert answer.status == 200
    assert answer.body["id"].endswith(f"/resourceGroups/{group}/{NETWORKS}/vn")
    assert answer.headers["etag"] == answer.body["etag"]


def test_an_encoded_slash_stays_inside_its_segment(emulator: Emulator, group: str) -> None:
    path = f"/resourceGroups/{group}/providers/Microsoft.Compute/disks/%2Fsubscriptions%2Fs"
    answer = emulator.call("GET", path)
    assert (answer.status, answer.code) == (404, "ResourceNotFound")
    assert split("/a//b%2Fc/") == ("a", "b/c")


def test_a_head_says_whether_a_group_is_there_and_nothing_else(
    emulator: Emulator, group: str
) -> None:
    assert emulator.call("HEAD", f"/resourceGroups/{group}").status == 204
    assert emulator.call("HEAD", "/resourceGroups/nobody").status == 404


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/subscriptions?api-version=", "MissingApiVersionParameter"),
        ("/subscriptions?api-version=latest", "InvalidApiVersionParameter"),
        ("/subscriptions?api-version=2024-1-1", "InvalidApiVersionParameter"),
    ],
)
def test_an_api_version_is_required(emulator: Emulator, path: str, code: str) -> None:
    answer = emulator.call("GET", path)
    assert (answer.status, answer.code) == (400, code)


@pytest.mark.parametrize("version", ["2015-06-15", "2030-01-01", "2024-11-01-preview"])
def test_any_well_formed_api_version_is_taken(emulator: Emulator, version: str) -> None:
    assert emulator.call("GET", f"/subscriptions?api-version={version}").status == 200


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nowhere", 501, "NotServedByEmulator"),
        ("GET", "/subscriptions/00000000-0000-0000-0000-000000000000", 404, "SubscriptionNotFound"),
        (
            "GET",
            "/resourceGroups/rg/providers/Test.Provider/things/a",
            404,
            "ResourceGroupNotFound",
        ),
        (
            "PUT",
            "/resourceGroups/{rg}/providers/Test.Provider/things/a",
            501,
            "NotServedByEmulator",
        ),
        ("GET", "/resourceGroups/{rg}/providers/Test.Provider/things", 501, "NotServedByEmulator"),
        ("TRACE", "/resourceGroups/{rg}", 501, "NotServedByEmulator"),
        ("DELETE", "/resourceGroups/nobody", 404, "ResourceGroupNotFound"),
        ("POST", "/resourceGroups/{rg}/moveResources", 501, "NotServedByEmulator"),
    ],
)
def test_what_is_not_served_or_not_there_is_refused_in_arms_shape(
    emulator: Emulator, group: str, method: str, path: str, status: int, code: str
) -> None:
    answer = emulator.call(method, path.format(rg=group), {} if method == "PUT" else None)
    assert (answer.status, answer.code) == (status, code)
    assert answer.headers["content-type"].startswith("application/json")
    assert answer.headers["x-ms-request-id"]


@pytest.mark.parametrize("content", [b"{", b"[]", b'"text"', b"\xff"])
def test_a_body_that_is_no_json_object_is_refused(
    emulator: Emulator, group: str, content: bytes
) -> None:
    answer = emulator.call("PUT", f"/resourceGroups/{group}/{NETWORKS}/vn", content)
    assert (answer.status, answer.code) == (400, "InvalidRequestContent")


def test_the_body_of_a_command_line_deployment_is_understood() -> None:
    text = """{"properties": {"mode": "incremental", template:{
      // a comment, and a URL that is none
      "$schema": "https://schema.management.azure.com/x#", /* and
      another */ "resources": [ {"name": "a\\"b: c", }, ],
    }}}"""
    assert lenient_json(text) == {
        "properties": {
            "mode": "incremental",
            "template": {
                "$schema": "https://schema.management.azure.com/x#",
                "resources": [{"name": 'a"b: c'}],
            },
        }
    }


def test_resources_are_found_by_filters(emulator: Emulator, group: str) -> None:
    for name in ("vn1", "vn2"):
        emulator.call("PUT", f"/resourceGroups/{group}/{NETWORKS}/{name}", NETWORK)

    def names(condition: str, scope: str = "") -> list[str]:
        base = scope or f"/subscriptions/{emulator.subscription}"
        answer = emulator.call("GET", f"{base}/resources?$filter={condition.replace(' ', '%20')}")
        return [item["name"] for item in answer.body["value"]]

    here = f"resourceGroup eq '{group.upper()}'"
    kind = "resourceType eq 'microsoft.network/virtualnetworks'"
    assert names(here) == ["vn1", "vn2"]
    assert names(f"{here} and name eq 'VN2' and {kind}") == ["vn2"]
    assert names(f"{here} and resourceType eq 'Microsoft.Compute/disks'") == []
    assert names("tagName eq 'RUN' and tagValue eq 'r1'", f"/resourceGroups/{group}") == [
        "vn1",
        "vn2",
    ]
    assert names("tagName eq 'it''s' and tagValue eq 'odd'", f"/resourceGroups/{group}") != []
    assert names("tagName eq 'run' and tagValue eq 'r2'", f"/resourceGroups/{group}") == []


def test_a_listed_resource_tells_its_state_when_asked(emulator: Emulator, group: str) -> None:
    emulator.call("PUT", f"/resourceGroups/{group}/{NETWORKS}/vn1", NETWORK)
    path = f"/resourceGroups/{group}/resources"
    (plain,) = emulator.call("GET", path).body["value"]
    (told,) = emulator.call("GET", f"{path}?$expand=createdTime,provisioningState").body["value"]
    assert told == {**plain, "provisioningState": "Succeeded"}


def test_a_filter_that_is_not_understood_is_refused(emulator: Emulator) -> None:
    path = f"/subscriptions/{emulator.subscription}/resources?$filter=startswith(name,'a')"
    answer = emulator.call("GET", path)
    assert (answer.status, answer.code) == (400, "InvalidFilterInQueryString")


def test_the_subscription_lists_its_regions_and_providers(emulator: Emulator) -> None:
    root = f"/subscriptions/{emulator.subscription}"
    assert emulator.call("GET", root).body["state"] == "Enabled"
    regions = emulator.call("GET", f"{root}/locations").body["value"]
    assert {"name": "westeurope", "displayName": "West Europe"}.items() <= regions[0].items()
    named = [one["namespace"] for one in emulator.call("GET", f"{root}/providers").body["value"]]
    assert named == [
        *("Microsoft.Compute", "Microsoft.Insights", "Microsoft.KeyVault", "Microsoft.Network"),
        "Microsoft.Resources",
    ]
    provider = emulator.call("GET", f"{root}/providers/microsoft.compute").body
    kinds = {kind["resourceType"]: kind for kind in provider["resourceTypes"]}
    assert kinds["virtualMachines"]["apiVersions"]
    assert emulator.call("GET", f"{root}/providers/Nobody.Known").status == 404


def test_a_network_is_made_and_deleted_through_the_sdk(
    network: NetworkManagementClient, group: str
) -> None:
    body = VirtualNetwork(NETWORK)
    made = network.virtual_networks.begin_create_or_update(group, "vn", body).result()
    assert made.provisioning_state == "Succeeded"
    assert made.location == "westeurope"
    network.virtual_networks.begin_delete(group, "vn").result()
    with pytest.raises(HttpResponseError) as refusal:
        network.virtual_networks.get(group, "vn")
    assert refusal.value.status_code == 404


BALANCER = "Microsoft.Network/loadBalancers/lb"


@pytest.mark.parametrize(
    ("resource", "body"),
    [
        (BALANCER, {"properties": {"loadBalancingRules": [None]}}),
        (BALANCER, {"properties": {"loadBalancingRules": "none"}}),
        (BALANCER, {"properties": {"probes": [{"name": "p", "properties": "none"}]}}),
        (BALANCER, {"properties": "none"}),
        (BALANCER, {"sku": "Standard"}),
        (BALANCER, {"tags": ["a"]}),
        ("Microsoft.Network/virtualNetworks/v", {"tags": "a=b"}),
        ("Microsoft.Network/virtualNetworks/v", {"properties": {"subnets": {"name": "s"}}}),
        ("Microsoft.Network/natGateways/n", {"properties": {"publicIpAddresses": [{}]}}),
        ("Microsoft.Compute/virtualMachines/v", {"properties": {"storageProfile": []}}),
        (
            "Microsoft.Compute/virtualMachines/v",
            {"properties": {"networkProfile": {"networkInterfaces": [5]}}},
        ),
        ("Microsoft.Compute/galleries/g", {"location": 5}),
        (
            "Microsoft.Resources/deployments/d",
            {"properties": {"mode": "Incremental", "template": {"resources": [None]}}},
        ),
    ],
)
def test_a_property_of_another_shape_is_refused(
    emulator: Emulator, group: str, resource: str, body: dict[str, Any]
) -> None:
    reply = emulator.call("PUT", f"/resourceGroups/{group}/providers/{resource}", body)
    assert reply.status == 400, reply.body


@pytest.mark.parametrize("levels", [200, 100_000])
def test_a_body_that_is_too_deep_is_refused(emulator: Emulator, group: str, levels: int) -> None:
    content = b'{"properties": ' + b'{"a":' * levels + b"1" + b"}" * levels + b"}"
    path = f"/resourceGroups/{group}/providers/Microsoft.Compute/galleries/g"
    reply = emulator.call("PUT", path, content)
    assert (reply.status, reply.code) == (400, "InvalidRequestContent")


def test_a_line_break_in_a_path_is_refused_in_arms_shape(emulator: Emulator, group: str) -> None:
    path = f"/resourceGroups/{group}/providers/Microsoft.Compute/galleries/g%0a"
    reply = emulator.call("PUT", path, {"location": "westeurope"})
    assert (reply.status, reply.code) == (400, "BadRequest")


def test_what_is_not_served_below_a_location_is_refused_by_name(emulator: Emulator) -> None:
    path = f"/subscriptions/{emulator.subscription}/providers/Microsoft.Network/locations/x/offers"
    reply = emulator.call("GET", path)
    assert (reply.status, reply.code) == (501, "NotServedByEmulator")
    assert "locations/x/offers" in reply.body["error"]["message"]


def test_a_provider_can_be_registered(emulator: Emulator) -> None:
    path = f"/subscriptions/{emulator.subscription}/providers/Microsoft.Compute/register"
    reply = emulator.call("POST", path)
    assert (reply.status, reply.body["registrationState"]) == (200, "Registered")
