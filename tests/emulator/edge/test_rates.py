"""How often Azure may be asked, by the emulator's clock."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.conftest import Emulator, StartEmulator

GROUPS = "/subscriptions/none/resourcegroups"
SETS = "/resourceGroups/none/providers/Microsoft.Compute/virtualMachineScaleSets"


@pytest.fixture
def rated(emulator: Emulator) -> Iterator[Emulator]:
    """An emulator; all may be asked again afterwards."""
    yield emulator
    emulator.call("DELETE", "/emulator/rates")


def test_what_is_too_much_is_told_to_wait_and_passes_then(start_emulator: StartEmulator) -> None:
    rated = start_emulator()  # its clock is moved
    rate = {"path": f"{GROUPS}$", "perMinute": 6, "burst": 2}
    assert rated.call("POST", "/emulator/rates", rate).status == 201
    statuses = [rated.call("GET", GROUPS).status for _ in range(2)]
    assert 429 not in statuses
    refused = rated.call("GET", GROUPS)
    assert (refused.status, refused.code) == (429, "TooManyRequests")
    assert int(refused.headers["retry-after"]) == 10
    assert rated.call("GET", f"{GROUPS}/another").status != 429
    rated.call("POST", "/emulator/clock", {"forward": 10})
    assert rated.call("GET", GROUPS).status != 429
    assert rated.call("GET", GROUPS).status == 429


def test_computes_own_limits_are_those_of_one_resource(rated: Emulator) -> None:
    listed = rated.call("POST", "/emulator/rates", {"recorded": True}).body["value"]
    assert {"name", "method", "path", "perMinute", "burst"} <= listed[0].keys()
    asked = [rated.call("GET", f"{SETS}/web/virtualMachines") for _ in range(31)]
    assert [answer.status for answer in asked].count(429) == 1
    error = asked[-1].body["error"]
    assert error["code"] == "OperationNotAllowed"
    assert error["details"][0]["target"] == "HighCostGetVMScaleSet"
    assert rated.call("GET", f"{SETS}/api/virtualMachines").status != 429
    rated.call("DELETE", "/emulator/rates")
    assert rated.call("GET", "/emulator/rates").body == {"value": []}
    assert rated.call("GET", f"{SETS}/web/virtualMachines").status != 429


@pytest.mark.parametrize(
    "rate",
    [
        {},
        {"path": "x"},
        {"path": "(", "perMinute": 1},
        {"path": "x", "perMinute": 0},
        {"path": "x", "perMinute": "many"},
        {"path": "x", "perMinute": 5, "burst": 0},
    ],
)
def test_a_rate_that_is_none_is_refused(rated: Emulator, rate: dict[str, object]) -> None:
    refused = rated.call("POST", "/emulator/rates", rate)
    assert (refused.status, refused.code) == (400, "InvalidParameter")
