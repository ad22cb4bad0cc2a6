"""Bodies that Azure reads loosely, and those it cannot read, over the wire."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import Emulator

NETWORK = "providers/Microsoft.Network"
COMPUTE = "providers/Microsoft.Compute"


def put(emulator: Emulator, path: str, **body: Any) -> Any:
    """The answer to a PUT of a resource in westeurope."""
    return emulator.call("PUT", path, {"location": "westeurope", **body})


def test_text_nulls_and_empty_objects_are_read_as_azure_reads_them(
    emulator: Emulator, group: str
) -> None:
    path = f"/resourceGroups/{group}/{NETWORK}/publicIPAddresses/loose"
    address: dict[str, Any] = {
        "publicIPAllocationMethod": "static",
        "idleTimeoutInMinutes": "10",
        "dnsSettings": {},
        "publicIPPrefix": None,
    }

    made = put(emulator, path, sku={"name": "standard"}, properties=address)

    assert made.status == 201
    shown = emulator.call("GET", path).body
    assert shown["sku"]["name"] == "Standard"
    assert shown["properties"]["publicIPAllocationMethod"] == "Static"
    assert shown["properties"]["idleTimeoutInMinutes"] == 10
    assert {"dnsSettings", "publicIPPrefix"}.isdisjoint(shown["properties"])


@pytest.mark.parametrize(
    "properties",
    [
        {"loadBalancingRules": [None]},
        {"probes": "health"},
        {"frontendIPConfigurations": {"name": "front"}},
        {"backendAddressPools": [{"name": "pool", "properties": []}]},
        {"loadBalancingRules": [{"name": "r", "properties": {"frontendPort": {"deep": [[[]]]}}}]},
        {"colour": "red"},
    ],
)
def test_what_the_network_cannot_read_is_refused_by_name(
    emulator: Emulator, group: str, properties: Any
) -> None:
    path = f"/resourceGroups/{group}/{NETWORK}/loadBalancers/lb"

    refusal = put(emulator, path, properties=properties)

    assert (refusal.status, refusal.code) == (400, "InvalidRequestFormat")
    (detail,) = refusal.body["error"]["details"]
    assert detail["code"] == "InvalidJson"
    assert f"Path 'properties.{next(iter(properties))}" in detail["message"]


def test_what_compute_cannot_read_is_refused_by_name(emulator: Emulator, group: str) -> None:
    path = f"/resourceGroups/{group}/{COMPUTE}/virtualMachines/vm"

    refusal = put(emulator, path, properties={"osProfile": {"patchSettings": {}}})

    assert refusal.status == 400
    assert refusal.body["error"] == {
        "code": "BadRequest",
        "message": "Could not find member 'patchSettings' on object of type 'OSProfile'. "
        "Path 'properties.osProfile.patchSettings'.",
        "target": "properties.osProfile.patchSettings",
    }


@pytest.mark.parametrize("body", [{"tags": ["a"]}, {"tags": "a"}, {"tags": {"a": {}}}, {"x": 1}])
@pytest.mark.parametrize(
    "path", [f"{NETWORK}/networkSecurityGroups/n", f"{COMPUTE}/galleries/g", ""]
)
def test_what_stands_beside_properties_is_read_by_the_resource_manager(
    emulator: Emulator, group: str, path: str, body: Any
) -> None:
    refusal = put(emulator, f"/resourceGroups/{group}/{path}".rstrip("/"), **body)

    assert (refusal.status, refusal.code) == (400, "InvalidRequestContent")


def test_a_patch_is_read_by_a_model_of_its_own(emulator: Emulator, group: str) -> None:
    path = f"/resourceGroups/{group}/{NETWORK}/networkSecurityGroups/n"
    put(emulator, path, tags={"team": "a", "old": "b"})

    changed = emulator.call("PATCH", path, {"tags": {"team": "c", "old": None}})
    refusal = emulator.call("PATCH", path, {"properties": {"securityRules": []}})

    assert changed.body["tags"] == {"team": "c"}
    assert (refusal.status, refusal.code) == (400, "InvalidRequestContent")
