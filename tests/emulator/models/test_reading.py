"""A body is read as Azure reads it: by the model of its type."""

from __future__ import annotations

from typing import Any

import pytest

from pipeline.emulator.models.reading import Reader, Unreadable
from pipeline.emulator.models.table import model_of

SCALE_SET = model_of("compute", "VirtualMachineScaleSet")
BALANCER = model_of("network", "LoadBalancer")


def scale_set(**properties: Any) -> dict[str, Any]:
    """What is read of a scale set's properties."""
    read = Reader().read(SCALE_SET, {"location": "westeurope", "properties": properties})
    found: dict[str, Any] = read["properties"]
    return found


def balancer(**properties: Any) -> dict[str, Any]:
    """What is read of a load balancer's properties."""
    read = Reader().read(BALANCER, {"properties": properties})
    found: dict[str, Any] = read["properties"]
    return found


def test_text_that_means_a_boolean_or_a_number_becomes_one() -> None:
    interface = {"name": "nic", "properties": {"primary": "true", "ipConfigurations": []}}
    network = {"networkInterfaceConfigurations": [interface]}
    read = scale_set(overprovision="False", virtualMachineProfile={"networkProfile": network})
    pools = [{"name": "p", "properties": {"frontendPortRangeStart": "50000", "backendPort": 22.0}}]

    assert read["overprovision"] is False
    (made,) = read["virtualMachineProfile"]["networkProfile"]["networkInterfaceConfigurations"]
    assert made["properties"]["primary"] is True
    (pool,) = balancer(inboundNatPools=pools)["inboundNatPools"]
    assert pool["properties"] == {"frontendPortRangeStart": 50000, "backendPort": 22}


def test_values_of_enums_and_names_are_stored_in_azures_spelling() -> None:
    assert scale_set(OrchestrationMode="uniform") == {"orchestrationMode": "Uniform"}


def test_a_size_newer_than_the_list_is_taken() -> None:
    machine = Reader().read(
        model_of("compute", "VirtualMachine"),
        {"properties": {"hardwareProfile": {"vmSize": "Standard_D2s_v7"}}},
    )

    assert machine["properties"]["hardwareProfile"] == {"vmSize": "Standard_D2s_v7"}


def test_nulls_and_empty_objects_say_nothing() -> None:
    managed = {"osDisk": {"createOption": "FromImage", "managedDisk": {"storageAccountType": None}}}
    read = scale_set(
        singlePlacementGroup=None,
        additionalCapabilities={},
        virtualMachineProfile={"storageProfile": managed, "extensionProfile": {"extensions": []}},
    )

    assert read == {
        "virtualMachineProfile": {
            "storageProfile": {"osDisk": {"createOption": "FromImage"}},
            "extensionProfile": {"extensions": []},
        }
    }


def test_tags_and_properties_may_be_empty() -> None:
    body: dict[str, Any] = {"tags": {}, "properties": {}}

    assert Reader().read(SCALE_SET, body) == body


def test_in_a_patch_null_removes() -> None:
    read = Reader(keeps_nulls=True).read(SCALE_SET, {"tags": {"team": None}, "sku": None})

    assert read == {"tags": {"team": None}, "sku": None}


def test_what_only_azure_writes_is_ignored() -> None:
    pool = {"name": "blue", "etag": "1", "properties": {"loadBalancingRules": [], "syncMode": None}}
    member = {"id": "/a", "etag": "1", "type": "T", "name": "m", "properties": {"ipAddress": "1"}}
    with_members = {**pool, "properties": {"loadBalancerBackendAddresses": [member]}}
    (read,) = balancer(provisioningState="Failed", backendAddressPools=[with_members]).values()

    assert balancer(backendAddressPools=[pool]) == {"backendAddressPools": [{"name": "blue"}]}
    assert read[0]["properties"]["loadBalancerBackendAddresses"] == [
        {"name": "m", "properties": {"ipAddress": "1"}}
    ]


def test_settings_of_an_extension_are_kept_as_they_are() -> None:
    settings = {"port": "8080", "deep": {"null": None, "empty": {}}}
    properties = {"publisher": "P", "settings": settings, "protectedSettings": {}}
    profile = {"extensionProfile": {"extensions": [{"name": "e", "properties": properties}]}}

    (extension,) = scale_set(virtualMachineProfile=profile)["virtualMachineProfile"][
        "extensionProfile"
    ]["extensions"]
    assert extension["properties"] == properties


def test_what_azure_answers_and_no_model_has_is_kept() -> None:
    rule = {"name": "r", "properties": {"allowBackendPortConflict": False}}

    assert balancer(loadBalancingRules=[rule]) == {"loadBalancingRules": [rule]}


@pytest.mark.parametrize(
    ("properties", "sentence"),
    [
        ({"colour": 1}, "Could not find member 'colour' on object of type '.*'. Path "),
        ({"overprovision": "maybe"}, "Error converting value \"maybe\" to type 'boolean'"),
        ({"overprovision": 1}, "Error converting value 1 to type 'boolean'"),
        ({"platformFaultDomainCount": "x"}, "value \"x\" to type 'integer'"),
        ({"platformFaultDomainCount": 1.5}, "value 1.5 to type 'integer'"),
        ({"platformFaultDomainCount": True}, "value true to type 'integer'"),
        ({"orchestrationMode": "Loose"}, "value \"Loose\" to type 'OrchestrationMode'"),
        ({"orchestrationMode": 5}, "value 5 to type 'OrchestrationMode'"),
        ({"scaleInPolicy": "oldest"}, "value \"oldest\" to type 'ScaleInPolicy'"),
        ({"scaleInPolicy": []}, "JSON array into type 'ScaleInPolicy'"),
        ({"scaleInPolicy": {"rules": "Default"}}, "to type 'VirtualMachineScaleSetScaleInRules.."),
        ({"scaleInPolicy": {"rules": [None]}}, r"{null} to type '.*'. Path '.*rules\[0\]'"),
    ],
)
def test_what_does_not_fit_the_model_is_refused_by_name(
    properties: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(Unreadable, match=sentence):
        scale_set(**properties)


@pytest.mark.parametrize("tags", ["a", ["a"], {"a": 1}, {"a": {}}])
def test_tags_are_a_map_of_text(tags: Any) -> None:
    with pytest.raises(Unreadable, match="Path 'tags"):
        Reader().read(SCALE_SET, {"tags": tags})


def test_a_secret_is_not_repeated_in_a_refusal() -> None:
    with pytest.raises(Unreadable, match="adminPassword") as refusal:
        scale_set(virtualMachineProfile={"osProfile": {"adminPassword": 31415926}})

    assert "31415926" not in str(refusal.value)
