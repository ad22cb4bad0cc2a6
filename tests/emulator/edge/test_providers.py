"""A new resource provider is a package and a line: the edge serves what its value says."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from pipeline.emulator.arm.answers import Answer
from pipeline.emulator.arm.errors import ArmError
from pipeline.emulator.arm.providers import Call, Polling, Provider, Providers, Route
from pipeline.emulator.edge import polling
from pipeline.emulator.edge.exchange import Exchange
from pipeline.emulator.edge.router import Router
from tests.emulator.arm.things import EmulatedThings, thing

THINGS = "/subscriptions/sub/resourceGroups/rg/providers/Test.Provider/things"
IN_LOCATION = "/subscriptions/{subscription}/providers/Test.Provider/locations/{location}"
POLLING = Polling.in_location(
    status="thingOperations/{id}",
    result="operationResults/{id}",
    headers={"x-test": "yes"},
    running="Accepted",
    tells_times=False,
)


async def usages(call: Call) -> Answer:
    """A read below a location."""
    return Answer(200, {"location": call.parameters["location"], **call.query})


async def lock(call: Call) -> Answer:
    """A write on any scope."""
    return Answer(201, {"scope": call.parameters["scope"], **call.body})


@pytest.fixture
def provider(arm: EmulatedThings) -> Provider:
    """A provider with everything that one can have."""
    return Provider(
        namespace="Test.Provider",
        kinds=(arm.things,),
        polling=POLLING,
        routes=(
            Route("GET", f"{IN_LOCATION}/usages", usages),
            Route("PUT", "{scope}/providers/Test.Provider/locks/{name}", lock),
        ),
    )


@pytest.fixture
def router(arm: EmulatedThings, provider: Provider) -> Router:
    """The edge's router, with that provider and no other."""
    return Router(arm.manager, Providers([provider]), ("sub",), poll_wait=0)


def request(method: str, path: str, content: bytes = b"") -> Exchange:
    """A request as the edge takes it apart."""
    return Exchange.of(method, f"{path}?api-version=2024-11-01", {"Host": "127.0.0.1:1"}, content)


async def test_a_read_below_a_location_is_one_route(router: Router) -> None:
    path = "/subscriptions/SUB/providers/test.provider/LOCATIONS/westeurope/usages"
    answer = await router.answer(request("GET", path))
    assert answer.body == {"location": "westeurope", "api-version": "2024-11-01"}


@pytest.mark.parametrize("scope", ["/subscriptions/sub", THINGS.rpartition("/")[0], f"{THINGS}/a"])
async def test_a_resource_on_any_scope_is_one_route(router: Router, scope: str) -> None:
    path = f"{scope}/providers/Test.Provider/locks/mine"
    answer = await router.answer(request("PUT", path, b'{"level": "CanNotDelete"}'))
    assert (answer.status, answer.body) == (201, {"scope": scope, "level": "CanNotDelete"})


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_what_is_not_served_below_a_location_is_refused_by_name(
    router: Router, method: str
) -> None:
    path = "/subscriptions/sub/providers/Test.Provider/locations/westeurope/vmSizes"
    with pytest.raises(ArmError, match=r"NotServedByEmulator.*locations/westeurope/vmSizes"):
        await router.answer(request(method, path))


async def test_operations_are_polled_as_the_provider_says(
    arm: EmulatedThings, router: Router
) -> None:
    accepted = await arm.manager.put(thing("a"), {"properties": {"slow": True}})
    assert accepted.operation is not None
    headers = polling.headers(
        accepted.operation, arm.things, POLLING, arm.manager.pace, request("PUT", THINGS)
    )
    address = headers["Azure-AsyncOperation"]
    root = "https://127.0.0.1:1/subscriptions/sub/providers/Test.Provider/locations/westeurope"
    assert address == (f"{root}/thingOperations/{accepted.operation.id}?api-version=2024-11-01")
    assert headers["x-test"] == "yes"
    assert "Location" not in headers
    path = address.removeprefix("https://127.0.0.1:1").partition("?")[0]
    assert (await router.answer(request("GET", path))).body == {"status": "Accepted"}
    arm.things.go.set()
    await arm.manager.settle(accepted)
    assert (await router.answer(request("GET", path))).body == {"status": "Succeeded"}


class Running:
    """What a provider has to resume and to close."""

    def __init__(self) -> None:
        self.events: list[str] = []

    async def resume(self) -> None:
        """Resume, for ever."""
        self.events.append("resumed")
        await asyncio.Event().wait()

    async def close(self) -> None:
        """End."""
        self.events.append("closed")


async def test_a_provider_is_resumed_in_the_background_and_closed(provider: Provider) -> None:
    running = Running()
    providers = Providers([replace(provider, resume=running.resume, close=running.close)])
    providers.resume()
    await asyncio.sleep(0)
    assert running.events == ["resumed"]
    await providers.close()
    assert running.events == ["resumed", "closed"]


@pytest.mark.parametrize(
    ("path", "parameters"),
    [
        (
            "/subscriptions/s/providers/test.provider/LOCATIONS/x/usages",
            {"subscription": "s", "location": "x"},
        ),
        ("/subscriptions/s/providers/Test.Provider/locations/x", None),
        ("/subscriptions/s/providers/Test.Provider/locations/x/usages/y", None),
        ("/", None),
    ],
)
def test_a_route_matches_its_path_only(path: str, parameters: Mapping[str, Any] | None) -> None:
    route = Route("GET", f"{IN_LOCATION}/usages", usages)
    assert route.matches([part for part in path.split("/") if part]) == parameters
