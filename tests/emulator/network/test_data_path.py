"""What the store says is what live traffic does."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.emulator.arm.ids import ResourceId
from pipeline.emulator.balancer.traffic import Backend, Probe, Rule
from pipeline.emulator.machines.seam import MachineError
from pipeline.emulator.machines.simulated import Simulated
from pipeline.emulator.network.data_path import HaproxyDataPath, derive
from tests.emulator.balancer.members import Member, free_port, get, load
from tests.emulator.conftest import entered
from tests.emulator.network.emulated_network import (
    BALANCER,
    NETWORK,
    Body,
    EmulatedNetwork,
    balancer,
    emulated_network,
    pool_id,
    production_and_staging,
    rule,
)

PORT = 18180


class Ports(Simulated):
    """Machines that only remember which ports they were asked to serve."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.opened: dict[str, frozenset[int]] = {}

    def is_running(self, name: str) -> bool:
        """Every machine but the one called `gone`."""
        return name != "gone"

    async def open_ports(self, name: str, ports: frozenset[int]) -> None:
        """Remember, and fail as a machine does that ended meanwhile."""
        if name == "gone":
            raise MachineError("it is not running")
        self.opened[name] = ports


class LiveNetwork(EmulatedNetwork):
    """A arm whose data path is a real one, and whose instances answer."""

    def __init__(self, folder: Path, block: str) -> None:
        self.machines = Ports(folder / "machines")
        super().__init__(folder, block)

    def data_path(self, folder: Path) -> HaproxyDataPath:
        """HAProxy."""
        self.path = HaproxyDataPath(folder, self.store, self.machines)
        return self.path

    @asynccontextmanager
    async def instance(self, scale_set: str, number: int, pool: str) -> AsyncIterator[Member]:
        """An instance that answers the name of its pool at its address."""
        address = self.addresses.take(f"{scale_set}/{number}")
        made = Member(pool, address)
        made.server = await asyncio.start_server(made.serve, address, PORT)
        self.make_instance(scale_set, number, pool, address=address)
        try:
            yield made
        finally:
            made.server.close()

    async def close(self) -> None:
        """End HAProxy too."""
        await self.path.close()
        await super().close()


@pytest.fixture
def live(tmp_path: Path, addresses: str, runner: asyncio.Runner) -> Iterator[LiveNetwork]:
    """Microsoft.Network with a real HAProxy."""
    with entered(runner, emulated_network(LiveNetwork(tmp_path, addresses))) as made:
        yield made


def pair(production: str, staging: str, ports: tuple[int, int]) -> Body:
    """A rule pair at these frontend ports."""
    probe = {
        "protocol": "Http",
        "port": PORT,
        "requestPath": "/healthz",
        "intervalInSeconds": 5,
        "probeThreshold": 1,
        "numberOfProbes": 1,
    }
    return balancer(
        rule("production", ports[0], production, backendPort=PORT),
        rule("staging", ports[1], staging, backendPort=PORT),
        probes=[{"name": "http", "properties": probe}],
    )


def front(arm: EmulatedNetwork) -> str:
    """Where the load balancer listens."""
    frontend = arm.get(BALANCER)["properties"]["frontendIPConfigurations"][0]
    return str(frontend["properties"]["privateIPAddress"])


@asynccontextmanager
async def two_sets(arm: LiveNetwork) -> AsyncIterator[tuple[str, int, int]]:
    """Blue serves production, green staging; answers the address and both ports."""
    ports = (free_port("127.0.0.1"), free_port("127.0.0.1"))
    await arm.put(BALANCER, pair("blue", "green", ports))
    async with contextlib.AsyncExitStack() as stack:
        for pool in ("blue", "green"):
            scale_set = arm.make_scale_set(pool, pool)
            for number in range(2):
                await stack.enter_async_context(arm.instance(scale_set, number, pool))
        await arm.path.refresh()
        yield front(arm), *ports


async def test_a_swap_by_put_moves_live_traffic_and_loses_nothing(live: LiveNetwork) -> None:
    async with two_sets(live) as (address, production, staging):
        async with load(address, production) as result:
            for number in range(10):
                names = ("green", "blue") if number % 2 == 0 else ("blue", "green")
                await live.put(BALANCER, pair(*names, (production, staging)))
                assert await get(address, production) == names[0]
                assert await get(address, staging) == names[1]
        assert result.lost == []


async def test_an_instance_that_leaves_gets_no_new_connection(live: LiveNetwork) -> None:
    async with two_sets(live) as (address, production, _), load(address, production) as result:
        blue = ResourceId.parse(_scale_set("blue"))
        record = next(live.store.children(blue, "virtualMachines"))
        left = live.change_endpoint(record.id, lambda endpoint: replace(endpoint, machine=""))
        await live.path.refresh()
        assert (pool_id("blue").lower(), left.address) not in await live.path.healthy()
        assert await get(address, production) == "blue"
    assert result.lost == []


async def test_a_deleted_load_balancer_no_longer_listens(live: LiveNetwork) -> None:
    async with two_sets(live) as (address, production, _):
        for pool in ("blue", "green"):
            live.store.delete(ResourceId.parse(_scale_set(pool)))
        await live.delete(BALANCER)
        with pytest.raises(ConnectionRefusedError):
            await get(address, production)


async def swap(live: LiveNetwork, number: int) -> None:
    """Write the rules' pools into the store, and have them carried."""
    record = live.store.get(ResourceId.parse(BALANCER))
    assert record is not None
    names = ("green", "blue") if number % 2 else ("blue", "green")
    for each, pool in zip(record.properties["loadBalancingRules"], names, strict=True):
        each["properties"]["backendAddressPool"] = {"id": pool_id(pool)}
    live.store.put(record)
    await live.path.refresh()


async def test_many_refreshes_at_once_each_see_their_own_change(live: LiveNetwork) -> None:
    async with two_sets(live) as (address, production, staging):
        await asyncio.gather(*(swap(live, number) for number in range(40)))
        assert await get(address, production) == "green"
        assert await get(address, staging) == "blue"


def _scale_set(name: str) -> str:
    return f"{NETWORK.replace('Network', 'Compute')}/virtualMachineScaleSets/{name}"


async def test_guests_serve_the_ports_of_rules_probes_and_health(live: LiveNetwork) -> None:
    probe = {"protocol": "Tcp", "port": 9001}
    body = balancer(
        rule("production", free_port("127.0.0.1"), "blue", backendPort=9000),
        probes=[{"name": "http", "properties": probe}],
    )
    await live.put(BALANCER, body)
    instance = live.make_instance(live.make_scale_set("web", "blue"), 0, "blue")
    idle = live.make_instance(live.make_scale_set("idle", "green"), 1, "green")
    live.make_instance(live.make_scale_set("other"), 2)
    for identifier in (instance, idle):
        live.change_endpoint(identifier, lambda kept: replace(kept, health_port=9002))
    ports = derive(live.store).ports
    assert ports == {
        "machine-0": {9000, 9001, 9002},
        "machine-1": {9002},
        "machine-2": frozenset(),
    }
    live.change_endpoint(idle, lambda kept: replace(kept, machine="gone"))
    await live.path.refresh()
    assert live.machines.opened == {
        name: wanted for name, wanted in ports.items() if name != "machine-1"
    }


async def test_what_is_wanted_follows_from_documents_alone(arm: EmulatedNetwork) -> None:
    await arm.put(BALANCER, production_and_staging())
    assert derive(arm.store).traffic.rules == frozenset()
    arm.make_instance(arm.make_scale_set("web", "blue"), 0, "blue")
    backend = Backend(
        pool_id("blue").lower(),
        8080,
        Probe("http", 8080, "/healthz", interval=5, down_after=2),
        idle_seconds=240,
    )
    traffic = derive(arm.store).traffic
    assert traffic.rules == {Rule(front(arm), 8080, backend)}
    assert traffic.members == {backend: {"127.96.0.1"}}


async def test_a_public_frontend_listens_at_its_public_address(arm: EmulatedNetwork) -> None:
    address = f"{NETWORK}/publicIPAddresses/pip"
    static = {"publicIPAllocationMethod": "Static"}
    shown = await arm.put(address, {"sku": {"name": "Standard"}, "properties": static})
    public = {"name": "front", "properties": {"publicIPAddress": {"id": address}}}
    sticky = rule("production", 8080, "blue", loadDistribution="SourceIP")
    await arm.put(BALANCER, balancer(sticky, frontendIPConfigurations=[public]))
    arm.make_instance(arm.make_scale_set("web", "blue"), 0, "blue")
    (carried,) = derive(arm.store).traffic.rules
    assert carried.address == shown["properties"]["ipAddress"]
    assert carried.backend.by_source
    frontend = arm.get(BALANCER)["properties"]["frontendIPConfigurations"][0]
    assert "privateIPAddress" not in frontend["properties"]
