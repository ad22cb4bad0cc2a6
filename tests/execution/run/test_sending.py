"""Throttled and lost requests are sent again, after a look, as long as Azure asks to wait."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pipeline.arm import ResourceId
from pipeline.errors import AzureRefused, Overtaken, Unreachable
from pipeline.execution.azure.requests import Request, delete, put
from pipeline.execution.patience import NETWORK
from pipeline.execution.run.sending import PASSING, UNASKED
from pipeline.execution.run.work import Work
from pipeline.execution.runner import begin, carry_out
from pipeline.planning.names import network_id
from pipeline.planning.plan import Plan
from tests.conftest import Emulator
from tests.execution.landing_zone import LandingZone, landing_zone

BODY = {
    "location": "westeurope",
    "sku": {"name": "Standard"},
    "properties": {"publicIPAllocationMethod": "Static"},
}


@pytest.fixture
def zone(tmp_path: Path, emulator: Emulator) -> LandingZone:
    """A landing zone."""
    made = landing_zone(tmp_path, emulator)
    made.create()
    _ = made.output
    return made


@pytest.fixture
def address(zone: LandingZone) -> ResourceId:
    """A public address that is not there."""
    return network_id(zone.environment, "publicIPAddresses", "one")


def send(zone: LandingZone, request: Request, looks: list[int] | None = None) -> None:
    """A command of one step that sends a request; each look is counted."""
    counted = [] if looks is None else looks

    def step_by_step(step: str, work: Work) -> None:
        work.send(request, NETWORK, lambda: counted.append(1))

    with begin(zone.session(), "test") as run:
        carry_out(Plan("test", ("the step",)), run, step_by_step=step_by_step)


def refusal(status: int, retry_after: str = "") -> dict[str, Any]:
    """A fault that refuses."""
    headers = {"Retry-After": retry_after} if retry_after else {}
    return {
        "fail": {"status": status, "code": "TooBusy", "message": "Not now.", "headers": headers}
    }


def asked(zone: LandingZone, method: str, resource: ResourceId) -> int:
    """How often a method was asked of a resource."""
    seen = zone.emulator.call("GET", "/emulator/requests").body["value"]
    path = str(resource).lower()
    return sum(one["method"] == method and one["path"].lower() == path for one in seen)


def test_an_operation_of_another_at_the_same_resource_passes(
    zone: LandingZone, address: ResourceId
) -> None:
    busy = {"fail": {"status": 409, "code": "AnotherOperationInProgress", "message": "Not now."}}
    zone.fault({"method": "PUT", "path": "/one$"}, busy)
    send(zone, put(address, BODY))
    assert asked(zone, "PUT", address) == 2


def test_a_throttle_that_outlasts_the_sdks_retries_is_waited_for(
    zone: LandingZone, address: ResourceId
) -> None:
    looks: list[int] = []
    zone.fault({"method": "PUT", "path": "/one$"}, refusal(429, "1"), times=5)
    send(zone, put(address, BODY), looks)
    assert asked(zone, "PUT", address) == 6
    assert len(looks) == 6
    assert zone.session().azure.get(address) is not None


@pytest.mark.parametrize("status", sorted(PASSING))
def test_a_refusal_that_passes_is_sent_again(
    zone: LandingZone, address: ResourceId, status: int
) -> None:
    zone.fault({"method": "PUT", "path": "/one$"}, refusal(status, "1"))
    send(zone, put(address, BODY))
    assert asked(zone, "PUT", address) == 2


@pytest.mark.slow
def test_a_refusal_that_names_no_time_is_no_chance_for_ever(
    zone: LandingZone, address: ResourceId
) -> None:
    zone.fault({"method": "PUT", "path": "/one$"}, refusal(500), times=99)
    with pytest.raises(AzureRefused, match="TooBusy"):
        send(zone, put(address, BODY))
    assert asked(zone, "PUT", address) == UNASKED


@pytest.mark.parametrize("status", [400, 403, 409])
def test_a_refusal_that_stays_is_raised_at_once(
    zone: LandingZone, address: ResourceId, status: int
) -> None:
    zone.fault({"method": "PUT", "path": "/one$"}, refusal(status), times=9)
    with pytest.raises(AzureRefused, match="TooBusy: Not now") as caught:
        send(zone, put(address, BODY))
    assert caught.value.status == status
    assert asked(zone, "PUT", address) == 1


def test_azure_is_not_waited_for_when_it_asks_for_more_than_the_patience_there_is(
    zone: LandingZone, address: ResourceId
) -> None:
    zone.fault({"method": "PUT", "path": "/one$"}, refusal(429, "86400"), times=9)
    with pytest.raises(AzureRefused, match="TooBusy") as caught:
        send(zone, put(address, BODY))
    assert caught.value.retry_after == 86400
    assert asked(zone, "PUT", address) == 1


def test_a_lost_answer_is_followed_by_another_look_and_another_attempt(
    zone: LandingZone, address: ResourceId
) -> None:
    looks: list[int] = []
    zone.fault({"method": "PUT", "path": "/one$"}, {"drop": True})
    send(zone, put(address, BODY), looks)
    assert len(looks) == 2
    assert zone.session().azure.get(address) is not None


@pytest.mark.slow
def test_azure_that_never_answers_is_told(zone: LandingZone, address: ResourceId) -> None:
    zone.fault({"method": "PUT", "path": "/one$"}, {"drop": True}, times=99)
    with pytest.raises(Unreachable, match="Azure did not answer"):
        send(zone, put(address, BODY))


def test_a_deletion_of_what_went_meanwhile_is_done(zone: LandingZone, address: ResourceId) -> None:
    zone.fault({"method": "DELETE", "path": "/one$"}, refusal(404))
    send(zone, delete(address))
    assert asked(zone, "DELETE", address) == 1


def test_a_look_that_finds_the_world_changed_ends_it(
    zone: LandingZone, address: ResourceId
) -> None:
    zone.put(address, BODY)
    zone.fault({"method": "DELETE", "path": "/one$"}, refusal(429, "1"), times=9)

    def step_by_step(step: str, work: Work) -> None:
        looks: list[int] = []

        def look() -> None:
            looks.append(1)
            if len(looks) == 2:
                raise Overtaken("it serves by now")

        work.send(delete(address), NETWORK, look)

    with (
        pytest.raises(Overtaken, match="it serves by now"),
        begin(zone.session(), "test") as run,
    ):
        carry_out(Plan("test", ("the step",)), run, step_by_step=step_by_step)
    assert asked(zone, "DELETE", address) == 1
    assert zone.session().azure.get(address) is not None
