"""How operations are shown: addresses, headers and bodies as each provider's are."""

from __future__ import annotations

import re
import time
from typing import Any

from tests.conftest import Emulator, Reply, StartEmulator

NETWORK = {
    "location": "westeurope",
    "properties": {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}, "subnets": []},
}
DEPLOYMENT: dict[str, Any] = {
    "properties": {
        "mode": "Incremental",
        "template": {
            "resources": [
                {
                    "type": "Microsoft.Network/virtualNetworks",
                    "name": "vn",
                    "apiVersion": "2024-01-01",
                    **NETWORK,
                }
            ]
        },
    }
}


def follow(emulator: Emulator, accepted: Reply, header: str) -> Reply:
    """GET the address that a header names."""
    address = accepted.headers[header]
    assert address.startswith(f"{emulator.base}/subscriptions/{emulator.subscription}/")
    assert "api-version=2024-11-01" in address
    return emulator.call("GET", address.removeprefix(emulator.base))


def hold(emulator: Emulator, pattern: str, seconds: float) -> None:
    """Make the work of matching operations take that long."""
    fault = {"match": {"operation": pattern}, "action": {"delay": seconds}, "times": 1}
    assert emulator.call("POST", "/emulator/faults", fault).status == 201


def test_a_deletion_in_the_network_has_both_poll_addresses(emulator: Emulator, group: str) -> None:
    path = f"/resourceGroups/{group}/providers/Microsoft.Network/virtualNetworks/vn"
    emulator.call("PUT", path, NETWORK)
    accepted = emulator.call("DELETE", path)
    assert accepted.status == 202
    assert accepted.headers["retry-after"] == "0"
    assert accepted.headers["azure-asyncnotification"] == "Enabled"
    assert "/locations/westeurope/operations/" in accepted.headers["azure-asyncoperation"]
    assert "/locations/westeurope/operationResults/" in accepted.headers["location"]
    status = follow(emulator, accepted, "azure-asyncoperation")
    assert (status.status, status.body) == (200, {"status": "Succeeded"})
    assert "retry-after" not in status.headers
    assert follow(emulator, accepted, "location").status == 200
    assert emulator.call("GET", path).status == 404


def test_a_deletion_in_compute_is_shown_with_its_times(emulator: Emulator, group: str) -> None:
    path = f"/resourceGroups/{group}/providers/Microsoft.Compute/galleries/lab"
    emulator.call("PUT", path, {"location": "westeurope", "properties": {}})
    accepted = emulator.call("DELETE", path)
    assert re.search(
        r"/locations/westeurope/\w+/[\w-]+\?p=", accepted.headers["azure-asyncoperation"]
    )
    assert "monitor=true" in accepted.headers["location"]
    shown = follow(emulator, accepted, "azure-asyncoperation").body
    assert shown["status"] == "Succeeded"
    assert shown["startTime"] <= shown["endTime"]
    assert shown["name"] in accepted.headers["location"]


def test_a_deployment_has_poll_addresses_of_its_own(emulator: Emulator, group: str) -> None:
    path = f"/resourceGroups/{group}/providers/Microsoft.Resources/deployments/d"
    accepted = emulator.call("PUT", path, DEPLOYMENT)
    assert accepted.status == 201
    assert "location" not in accepted.headers
    assert "/deployments/d/operationStatuses/" in accepted.headers["azure-asyncoperation"]
    assert follow(emulator, accepted, "azure-asyncoperation").body == {"status": "Succeeded"}
    listed = emulator.call("GET", f"/resourceGroups/{group}/deployments/d/operations?$top=50")
    target = listed.body["value"][0]["properties"]["targetResource"]
    assert target["resourceType"] == "Microsoft.Network/virtualNetworks"
    deleted = emulator.call("DELETE", path)
    assert deleted.status == 202
    assert "azure-asyncoperation" not in deleted.headers
    assert follow(emulator, deleted, "location").status == 200


def test_a_poll_waits_for_the_end_of_its_operation(emulator: Emulator, group: str) -> None:
    hold(emulator, rf"destroy .*{group}$", 0.5)
    accepted = emulator.call("DELETE", f"/resourceGroups/{group}")
    began = time.monotonic()
    assert follow(emulator, accepted, "location").status == 200
    assert time.monotonic() - began > 0.2
    assert emulator.call("HEAD", f"/resourceGroups/{group}").status == 404


def test_a_get_of_what_is_being_deleted_waits_a_little(emulator: Emulator, group: str) -> None:
    hold(emulator, rf"destroy .*{group}$", 0.5)
    emulator.call("DELETE", f"/resourceGroups/{group}")
    assert emulator.call("GET", f"/resourceGroups/{group}").status == 404


def test_an_operation_that_outlasts_the_wait_is_shown_as_running(
    start_emulator: StartEmulator,
) -> None:
    emulator = start_emulator("--poll-wait", "0")
    emulator.call("PUT", "/resourceGroups/rg", {"location": "westeurope"})
    path = "/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/vn"
    emulator.call("PUT", path, NETWORK)
    hold(emulator, "destroy", 600)
    accepted = emulator.call("DELETE", path)
    status = follow(emulator, accepted, "azure-asyncoperation")
    assert (status.status, status.body) == (200, {"status": "InProgress"})
    assert status.headers["retry-after"] == "1"
    result = follow(emulator, accepted, "location")
    assert (result.status, result.headers["retry-after"]) == (202, "1")
    assert result.headers["location"] == accepted.headers["location"]
    hold(emulator, "realize .*deployments", 600)
    deployment = "/resourceGroups/rg/providers/Microsoft.Resources/deployments/d"
    running = emulator.call("PUT", deployment, DEPLOYMENT)
    assert follow(emulator, running, "azure-asyncoperation").body == {"status": "Running"}


def test_a_failed_operation_shows_code_and_message(emulator: Emulator, group: str) -> None:
    path = f"/resourceGroups/{group}/providers/Microsoft.Network/virtualNetworks/vn"
    emulator.call("PUT", path, NETWORK)
    failure = {"status": 409, "code": "OutOfLuck", "message": "Not today."}
    fault = {"match": {"operation": f"destroy .*{group}"}, "action": {"fail": failure}}
    emulator.call("POST", "/emulator/faults", fault)
    accepted = emulator.call("DELETE", path)
    status = follow(emulator, accepted, "azure-asyncoperation")
    error = {"code": "OutOfLuck", "message": "Not today."}
    assert (status.status, status.body) == (200, {"status": "Failed", "error": error})
    assert follow(emulator, accepted, "location").status == 409
    assert emulator.call("GET", path).status == 200


def test_a_poll_needs_a_token_and_an_operation(emulator: Emulator, group: str) -> None:
    base = f"/subscriptions/{emulator.subscription}/providers/Microsoft.Network/locations/x"
    assert emulator.call("GET", f"{base}/operations/none").status == 404
    assert emulator.call("GET", f"{base}/operations/none", token="").status == 401
