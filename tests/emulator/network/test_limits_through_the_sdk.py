"""What a release can run out of or be kept from, through the real SDK: Azure's shapes and codes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError, ResourceExistsError
from azure.core.rest import HttpRequest
from azure.mgmt.compute import ComputeManagementClient
from azure.mgmt.network import NetworkManagementClient
from azure.mgmt.resource.resources import ResourceManagementClient

from tests.conftest import Emulator
from tests.emulator.network.sdk_zone import IMAGE, Zone, code

REGION = "ukwest"
"""Where no other test has a machine: quotas are those of a region."""
FAMILY = "standardDSv5Family"


@pytest.fixture
def zone(
    emulator: Emulator,
    network: NetworkManagementClient,
    compute: ComputeManagementClient,
    resources: ResourceManagementClient,
) -> Iterator[Zone]:
    """A resource group with an empty network of a few addresses; nothing of it is left."""
    group = f"rg-limits-{os.getpid()}"
    path = f"/subscriptions/{emulator.subscription}/resourceGroups/{group}"
    assert emulator.call("PUT", path, {"location": REGION}).status == 201
    document: Any = {
        "location": REGION,
        "properties": {
            "addressSpace": {"addressPrefixes": ["10.0.0.0/16"]},
            "subnets": [{"name": "apps", "properties": {"addressPrefix": "10.0.1.0/28"}}],
        },
    }
    network.virtual_networks.begin_create_or_update(group, "vnet", document).result()
    yield Zone(network, compute, emulator, group, f"{path}/providers", 1, 1)
    emulator.call("DELETE", "/emulator/limits")
    locks = f"/subscriptions/{emulator.subscription}/providers/Microsoft.Authorization/locks"
    for lock in emulator.call("GET", locks).body["value"]:
        emulator.call("DELETE", lock["id"])
    resources.resource_groups.begin_delete(group).result()


def scale_set(zone: Zone, capacity: int, size: str = "Standard_D2s_v5", **policy: Any) -> Any:
    """A scale set without a load balancer."""
    subnet = {"id": f"{zone.prefix}/Microsoft.Network/virtualNetworks/vnet/subnets/apps"}
    address = {"name": "ip", "properties": {"subnet": subnet}}
    interface = {"name": "nic", "properties": {"primary": True, "ipConfigurations": [address]}}
    return {
        "location": REGION,
        "sku": {"name": size, "capacity": capacity},
        "properties": {
            "upgradePolicy": {"mode": "Manual", **policy},
            "virtualMachineProfile": {
                "osProfile": {
                    "computerNamePrefix": "web",
                    "adminUsername": "azureuser",
                    "adminPassword": "Not-a-secret-1",
                },
                "storageProfile": {"imageReference": IMAGE},
                "networkProfile": {"networkInterfaceConfigurations": [interface]},
            },
        },
    }


def put(zone: Zone, body: Any, name: str = "web") -> Any:
    """PUT a scale set, to its end."""
    sets = zone.compute.virtual_machine_scale_sets
    return sets.begin_create_or_update(zone.group, name, body).result()


def limit(zone: Zone, **asked: Any) -> None:
    """Let the region have less."""
    answer = zone.emulator.call("POST", "/emulator/limits", {"location": REGION, **asked})
    assert answer.status == 201


def used(zone: Zone, name: str) -> tuple[int, int]:
    """What is used of a quota, and its limit."""
    listed = zone.compute.usage.list(REGION)
    found = next(one for one in listed if one["name"]["value"].lower() == name.lower())
    return found["currentValue"], found["limit"]


def sizes(zone: Zone) -> dict[str, Any]:
    """The sizes of the region by name."""
    listed = zone.compute.resource_skus.list(filter=f"location eq '{REGION}'")
    return {str(one["name"]): one.as_dict() for one in listed}


def test_a_size_tells_its_family_and_what_it_can_do(zone: Zone) -> None:
    listed = sizes(zone)
    size = listed["Standard_D2s_v5"]
    able = {one["name"]: one["value"] for one in size["capabilities"]}
    assert (size["resourceType"], size["family"]) == ("virtualMachines", FAMILY)
    assert (able["vCPUs"], able["HyperVGenerations"]) == ("2", "V1,V2")
    assert (able["CpuArchitectureType"], "TrustedLaunchDisabled" in able) == ("x64", False)
    assert size["restrictions"] == []
    families = {name: one["family"] for name, one in listed.items()}
    assert families["Standard_D4ads_v5"] == "standardDADSv5Family"
    assert families["Standard_B2ats_v2"] == "standardBasv2Family"
    assert families["Standard_DS1_v2"] == "standardDSv2Family"
    assert families["Standard_D2as_v6"] == "StandardDasv6Family"
    arm = {one["name"]: one["value"] for one in listed["Standard_D2ps_v5"]["capabilities"]}
    assert (arm["CpuArchitectureType"], arm["TrustedLaunchDisabled"]) == ("Arm64", "True")


def test_one_core_decides_whether_a_quota_suffices(zone: Zone) -> None:
    before, _ = used(zone, FAMILY)
    limit(zone, quota=FAMILY, limit=before + 3)
    put(zone, scale_set(zone, 1))
    assert used(zone, FAMILY) == (before + 2, before + 3)
    with pytest.raises(HttpResponseError) as refusal:
        put(zone, scale_set(zone, 2))
    assert (refusal.value.status_code, code(refusal.value)) == (409, "OperationNotAllowed")
    assert (
        f"exceeding approved {FAMILY} Cores quota. Additional details - Deployment Model: Resource"
        f" Manager, Location: {REGION}, Current Limit: {before + 3}, Current Usage: {before + 2},"
        f" Additional Required: 2, (Minimum) New Limit Required: {before + 4}."
    ) in refusal.value.message
    limit(zone, quota=FAMILY, limit=before + 4)
    put(zone, scale_set(zone, 2))
    assert used(zone, FAMILY) == (before + 4, before + 4)


def test_the_total_of_a_region_is_a_quota_too(zone: Zone) -> None:
    before, _ = used(zone, "cores")
    limit(zone, quota="cores", limit=before + 1)
    with pytest.raises(HttpResponseError, match="approved Total Regional Cores quota"):
        put(zone, scale_set(zone, 1))
    put(zone, scale_set(zone, 0))


def test_a_restricted_size_is_listed_as_such_and_refused(zone: Zone) -> None:
    limit(zone, size="Standard_D2s_v5")
    restriction = sizes(zone)["Standard_D2s_v5"]["restrictions"][0]
    assert restriction["type"] == "Location"
    assert restriction["reasonCode"] == "NotAvailableForSubscription"
    with pytest.raises(HttpResponseError, match="is currently not available in location") as found:
        put(zone, scale_set(zone, 1))
    assert code(found.value) == "SkuNotAvailable"
    put(zone, scale_set(zone, 1, "Standard_D2s_v4"))


def test_a_subnet_tells_how_many_addresses_are_taken(zone: Zone) -> None:
    put(zone, scale_set(zone, 3))
    (space,) = zone.network.virtual_networks.list_usage(zone.group, "vnet")
    assert (space["currentValue"], space["limit"]) == (3.0, 11.0)
    assert space["name"]["value"] == "SubnetSpace"
    assert str(space["id"]).endswith("/subnets/apps")


def test_a_region_tells_what_it_has_of_the_network(zone: Zone) -> None:
    found = {str(one["name"]["value"]): one for one in zone.network.usages.list(REGION)}
    assert found["VirtualNetworks"]["currentValue"] == 1
    assert found["LoadBalancers"]["unit"] == "Count"


@pytest.mark.parametrize("scope", ["subscription", "group", "resource"])
def test_a_lock_refuses_what_it_says_and_no_more(zone: Zone, scope: str) -> None:
    put(zone, scale_set(zone, 0))
    group = zone.prefix.removesuffix("/providers")
    resource = f"{zone.prefix}/Microsoft.Compute/virtualMachineScaleSets/web"
    where = {"subscription": group.partition("/resourceGroups")[0], "group": group}
    path = f"{where.get(scope, resource)}/providers/Microsoft.Authorization/locks/keep"
    body = {"properties": {"level": "CanNotDelete", "notes": "ask first"}}
    assert zone.emulator.call("PUT", path, body).status == 201
    listed = zone.emulator.call("GET", path.removesuffix("/keep")).body["value"]
    assert [lock["properties"] for lock in listed] == [body["properties"]]
    sets = zone.compute.virtual_machine_scale_sets

    put(zone, scale_set(zone, 1))
    with pytest.raises(ResourceExistsError, match="cannot perform delete operation") as refusal:
        sets.begin_delete(zone.group, "web").result()
    assert code(refusal.value) == "ScopeLocked"
    assert (
        f"locked: '{path.partition('/providers/Microsoft.Authorization')[0]}'"
        in refusal.value.message
    )
    assert zone.emulator.call("DELETE", f"/resourceGroups/{zone.group}").code == "ScopeLocked"

    read_only = {"properties": {"level": "ReadOnly"}}
    assert zone.emulator.call("PUT", path, read_only).status == 200
    with pytest.raises(ResourceExistsError, match="cannot perform write operation"):
        put(zone, scale_set(zone, 2))
    with pytest.raises(ResourceExistsError, match="cannot perform write operation"):
        sets.begin_restart(zone.group, "web").result()
    assert zone.emulator.call("DELETE", path).status == 200
    assert zone.emulator.call("DELETE", path).status == 204
    assert zone.emulator.call("GET", path).status == 404
    sets.begin_delete(zone.group, "web").result()


@pytest.mark.parametrize(
    ("level", "group", "refused"),
    [("Sometimes", "", "InvalidParameter"), ("ReadOnly", "-gone", "ResourceGroupNotFound")],
)
def test_a_lock_needs_a_level_and_a_scope(zone: Zone, level: str, group: str, refused: str) -> None:
    path = f"/resourceGroups/{zone.group}{group}/providers/Microsoft.Authorization/locks/keep"
    body = {"properties": {"level": level}}
    assert zone.emulator.call("PUT", path, body).code == refused


def autoscale(zone: Zone, target: str, **more: Any) -> Any:
    """A setting from 2 to 10 instances."""
    capacity = {"minimum": "2", "maximum": "10", "default": "2"}
    profiles = [{"name": "default", "capacity": capacity, "rules": []}]
    uri = f"{zone.prefix}/Microsoft.Compute/virtualMachineScaleSets/{target}"
    properties = {"targetResourceUri": uri, "profiles": profiles, **more}
    return {"location": REGION, "properties": properties}


def test_an_autoscale_setting_has_one_target_for_life(zone: Zone) -> None:
    settings = f"{zone.prefix}/microsoft.insights/autoscaleSettings"
    call = zone.emulator.call
    made = call("PUT", f"{settings}/web", autoscale(zone, "web", enabled=True))
    assert (made.status, made.body["properties"]["enabled"]) == (201, True)
    changed = call("PUT", f"{settings}/web", autoscale(zone, "web"))
    assert (changed.status, changed.body["properties"]["enabled"]) == (200, False)
    moved = call("PUT", f"{settings}/web", autoscale(zone, "other"))
    assert "The target resource reference is immutable." in moved.body["error"]["message"]
    assert call("PUT", f"{settings}/second", autoscale(zone, "web")).status == 409
    listed = call("GET", settings).body["value"]
    assert [one["name"] for one in listed] == ["web"]
    assert call("DELETE", f"{settings}/web").status == 200
    assert call("DELETE", f"{settings}/web").status == 204
    assert call("PUT", f"{settings}/none", {"location": REGION}).code == "InvalidParameter"


def test_nothing_is_written_for_a_provider_that_is_not_registered(
    zone: Zone, resources: ResourceManagementClient
) -> None:
    assert resources.providers.unregister("Microsoft.Compute").registration_state == "NotRegistered"
    try:
        assert resources.providers.get("Microsoft.Compute").registration_state == "NotRegistered"
        with pytest.raises(HttpResponseError, match="not registered to use namespace") as refusal:
            put(zone, scale_set(zone, 1))
        assert code(refusal.value) == "MissingSubscriptionRegistration"
    finally:
        resources.providers.register("Microsoft.Compute")
    assert resources.providers.get("Microsoft.Compute").registration_state == "Registered"


def test_an_automatic_upgrade_is_kept_as_it_was_given(zone: Zone) -> None:
    policy = {"enableAutomaticOSUpgrade": True, "disableAutomaticRollback": False}
    put(zone, scale_set(zone, 0, automaticOSUpgradePolicy=policy))
    found = zone.compute.virtual_machine_scale_sets.get(zone.group, "web").as_dict()
    assert found["properties"]["upgradePolicy"]["automaticOSUpgradePolicy"] == policy


def test_limits_are_listed_and_refused_where_they_say_nothing(zone: Zone) -> None:
    call = zone.emulator.call
    limit(zone, quota=FAMILY, limit=7)
    assert call("GET", "/emulator/limits").body["quotas"] == {f"{REGION} standarddsv5family": 7}
    assert call("POST", "/emulator/limits", {"location": REGION}).code == "InvalidParameter"
    assert call("POST", "/emulator/limits", {"location": "mars"}).code == "InvalidParameter"
    assert call("DELETE", "/emulator/limits").status == 204
    assert call("GET", "/emulator/limits").body["quotas"] == {}


def test_what_only_generic_clients_ask_is_answered_to_them(
    zone: Zone, resources: ResourceManagementClient
) -> None:
    url = f"{zone.prefix}/Microsoft.Authorization/locks?api-version=2020-05-01"
    answer = resources.send_request(HttpRequest("GET", url))
    assert (answer.status_code, answer.json()) == (200, {"value": []})


def test_an_autoscale_setting_is_answered_with_the_types_and_spellings_of_its_models(
    zone: Zone,
) -> None:
    """The Azure CLI sends such values, and the SDK for Go reads only those of the models."""
    trigger = {
        "metricName": "Percentage CPU",
        "metricResourceUri": f"{zone.prefix}/Microsoft.Compute/virtualMachineScaleSets/web",
        "timeGrain": "PT1M",
        "statistic": "average",
        "timeWindow": "PT5M",
        "timeAggregation": "average",
        "operator": "greaterthan",
        "threshold": "75",
        "dividePerInstance": "false",
    }
    action = {"direction": "increase", "type": "changeCount", "value": "1", "cooldown": "PT5M"}
    sent = autoscale(zone, "web", notifications=[{"operation": "scale"}])
    rules = sent["properties"]["profiles"][0]["rules"]
    rules.append({"metricTrigger": trigger, "scaleAction": action})
    setting = f"{zone.prefix}/microsoft.insights/autoscaleSettings/typed"
    assert zone.emulator.call("PUT", setting, sent).status == 201
    read = zone.emulator.call("GET", setting).body["properties"]
    assert read["notifications"] == [{"operation": "Scale"}]
    rule = read["profiles"][0]["rules"][0]
    assert rule["metricTrigger"] == {
        **trigger,
        "statistic": "Average",
        "timeAggregation": "Average",
        "operator": "GreaterThan",
        "threshold": 75,
        "dividePerInstance": False,
    }
    assert rule["scaleAction"] == {**action, "direction": "Increase", "type": "ChangeCount"}
    action["direction"] = "sideways"
    assert zone.emulator.call("PUT", setting, sent).status == 400
