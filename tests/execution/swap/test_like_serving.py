"""A new scale set like the one that serves, through the real SDK."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from pipeline.definition.shape import SERVING, Extension, Identity, ScaleSetShape
from pipeline.planning.names import scale_set_id
from tests.conftest import Emulator
from tests.execution.landing_zone import LandingZone, landing_zone
from tests.planning.swap.shapes import attached

SIZE = "Standard_D2s_v5"
MONITOR = Extension("monitor", "Contoso", "Monitor", "1.0", settings='{"url": "https://x"}')
SERVED = ScaleSetShape(
    SIZE,
    1,
    zones=("2",),
    tags=(("team", "shop"),),
    identity=Identity(system=True),
    user_data=attached("user-data.sh", b"#!/bin/sh\n"),
    accelerated_networking=True,
    extensions=(MONITOR,),
)
ANY = ScaleSetShape(SIZE, 1, like=SERVING, without_protected_settings=("monitor",))


def _body(zone: LandingZone, name: str) -> dict[str, Any]:
    found = zone.session().azure.get(scale_set_id(zone.environment, name), expand="userData")
    assert found is not None
    return found


def test_a_staged_set_has_what_the_serving_one_has(tmp_path: Path, emulator: Emulator) -> None:
    zone = landing_zone(tmp_path, emulator, capacity=1)
    zone = replace(zone, image=replace(zone.image, scale_set=SERVED))
    zone.create()
    zone.add_versions("1.0.0", "1.0.1")
    zone.serve("1.0.0")
    _ = zone.output

    zone = replace(zone, image=replace(zone.image, scale_set=ANY))
    zone.stage("1.0.1")

    assert "like web-1-0-0: identity, zones, tag team, " in zone.output.replace("\n", " ")
    before, after = _body(zone, "web-1-0-0"), _body(zone, "web-1-0-1")
    assert after["zones"] == before["zones"] == ["2"]
    assert after["identity"]["type"] == "SystemAssigned"
    assert after["identity"]["principalId"] != before["identity"]["principalId"]
    assert (after["tags"]["team"], after["tags"]["version"]) == ("shop", "1.0.1")
    profile = after["properties"]["virtualMachineProfile"]
    was = before["properties"]["virtualMachineProfile"]
    assert profile["userData"] == was["userData"]
    assert profile["extensionProfile"] == was["extensionProfile"]
    assert profile["storageProfile"]["osDisk"] == was["storageProfile"]["osDisk"]
    (nic,) = profile["networkProfile"]["networkInterfaceConfigurations"]
    assert nic["properties"]["enableAcceleratedNetworking"] is True
