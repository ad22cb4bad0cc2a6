"""An emulator at Azure's pace, as a client meets it; its clock is moved, so that nobody waits."""

from __future__ import annotations

from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import pytest

from tests.conftest import Emulator, Reply, StartEmulator

ZONE = "/resourceGroups/pace/providers/Microsoft.Network/privateDnsZones/pace.internal"


@pytest.fixture
def paced(start_emulator: StartEmulator) -> Emulator:
    """An emulator with one resource group."""
    emulator = start_emulator("--latency", "recorded")
    assert emulator.call("PUT", "/resourceGroups/pace", {"location": "westeurope"}).status == 201
    return emulator


def forward(emulator: Emulator, seconds: float) -> datetime:
    """Move its clock; what it shows then."""
    answer = emulator.call("POST", "/emulator/clock", {"forward": seconds})
    return datetime.fromisoformat(answer.body["now"])


def polled(emulator: Emulator, accepted: Reply) -> Reply:
    """The answer of the operation's address."""
    address = urlsplit(accepted.headers["azure-asyncoperation"])
    return emulator.call("GET", f"{address.path}?{address.query}")


def test_an_operation_runs_for_as_long_as_in_azure_and_says_when_to_ask(paced: Emulator) -> None:
    accepted = paced.call("PUT", ZONE, {"location": "global"})
    assert (accepted.status, accepted.headers["retry-after"]) == (202, "10")
    running = polled(paced, accepted)
    assert (running.body["status"], running.headers["retry-after"]) == ("InProgress", "10")
    assert paced.call("GET", ZONE).body["properties"]["provisioningState"] != "Succeeded"
    forward(paced, 10)
    forward(paced, 0)  # once all real work is done
    done = polled(paced, accepted)
    assert done.body["status"] == "Succeeded"
    assert "retry-after" not in done.headers
    assert paced.call("GET", ZONE).body["properties"]["provisioningState"] == "Succeeded"


def test_what_is_deleted_is_there_until_the_operation_ends(paced: Emulator) -> None:
    paced.call("PUT", ZONE, {"location": "global"})
    forward(paced, 10)
    forward(paced, 0)
    assert paced.call("DELETE", ZONE).status == 202
    assert paced.call("GET", ZONE).body["properties"]["provisioningState"] == "Deleting"
    forward(paced, 10)
    forward(paced, 0)
    assert paced.call("GET", ZONE).status == 404


def test_the_clock_that_answers_tell_is_the_one_that_is_moved(paced: Emulator) -> None:
    def told() -> datetime:
        return parsedate_to_datetime(paced.call("GET", "/resourceGroups/pace").headers["date"])

    before = told()
    shown = forward(paced, 3600)
    assert timedelta(hours=1) <= told() - before < timedelta(hours=1, minutes=2)
    assert abs(told() - shown) < timedelta(minutes=1)
    assert paced.call("GET", "/emulator/clock").status == 200


@pytest.mark.parametrize("seconds", [-1, "soon", None, True])
def test_a_clock_is_only_moved_forward(paced: Emulator, seconds: object) -> None:
    refused = paced.call("POST", "/emulator/clock", {"forward": seconds})
    assert (refused.status, refused.code) == (400, "InvalidParameter")


@pytest.mark.parametrize("latency", ["fast", "recorded:x", "recorded:0", "recorded:-1"])
def test_what_is_no_latency_is_refused(start_emulator: StartEmulator, latency: str) -> None:
    with pytest.raises(RuntimeError, match="argument --latency"):
        start_emulator("--latency", latency)
