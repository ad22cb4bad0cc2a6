"""How an operation is followed."""

from __future__ import annotations

from pathlib import Path

from pipeline.arm import ResourceId
from pipeline.execution.azure.requests import put
from pipeline.execution.azure.resources import Azure
from tests.conftest import Emulator
from tests.execution.landing_zone import landing_zone


def test_nothing_is_asked_of_the_resource_when_its_operation_has_ended(
    emulator: Emulator, tmp_path: Path
) -> None:
    environment = landing_zone(tmp_path, emulator).environment
    group = f"/resourceGroups/{environment.resource_group}"
    assert emulator.call("PUT", group, {"location": "westeurope"}).status == 201
    place = f"/subscriptions/{environment.subscription}{group}"
    address = ResourceId.parse(f"{place}/providers/Microsoft.Network/publicIPAddresses/polled")
    standard = {"sku": {"name": "Standard"}, "location": "westeurope"}
    body = {**standard, "properties": {"publicIPAllocationMethod": "Static"}}

    Azure(environment).begin(put(address, body)).result()

    seen = emulator.call("GET", "/emulator/requests").body["value"]
    asked = [one["method"] for one in seen if one["path"].lower() == str(address).lower()]
    assert asked == ["PUT"]
    assert emulator.call("GET", str(address)).body["properties"]["provisioningState"] == "Succeeded"
