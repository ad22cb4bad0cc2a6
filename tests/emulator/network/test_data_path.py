"""What the store says is what live traffic does."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pipeline.emulator.arm.ids import ResourceId
from pipeline.emulator.balancer.traffic import Backend, Probe, Rule
from pipeline.emulator.machines.seam import MachineError
from pipeline.emulator.machines.simulated import Simulated
from pipeline.emulator.network.data_path import HaproxyDataPath, derive
from tests.emulator.balancer.members import Member, free_port, get, load
from tests.emulator.network.world import (
    BALANCER,
    NETWORK,
    Body,
    World,
    balancer,
    play,
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


class LiveWorld(World):
    """A world whose data path is a real one, and whose instances answer."""

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


Scenario = Callable[[LiveWorld], Coroutine[Any, Any, None]]


def play_live(folder: Path, block: str, scenario: Scenario) -> None:
    """Run a scenario with a real HAProxy."""

    async def run() -> None:
        world = LiveWorld(folder, block)
        try:
            await world.make_network()
            await scenario(world)
        finally:
            await world.close()

    asyncio.run(run())


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


def front(world: World) -> str:
    """Where the load balancer listens."""
    frontend = world.get(BALANCER)["properties"]["frontendIPConfigurations"][0]
    return str(frontend["properties"]["privateIPAddress"])


@asynccontextmanager
async def two_sets(world: LiveWorld) -> AsyncIterator[tuple[str, int, int]]:
    """Blue serves production, green staging; answers the address and both ports."""
    ports = (free_port("127.0.0.1"), free_port("127.0.0.1"))
    await world.put(BALANCER, pair("blue", "green", ports))
    async with contextlib.AsyncExitStack() as stack:
        for pool in ("blue", "green"):
            scale_set = world.make_scale_set(pool, pool)
            for number in range(2):
                await stack.enter_async_context(world.instance(scale_set, number, pool))
        await world.path.refresh()
        yield front(world), *ports


def test_a_swap_by_put_moves_live_traffic_and_loses_nothing(tmp_path: Path, addresses: str) -> None:
    async def scenario(world: LiveWorld) -> None:
        async with two_sets(world) as (address, production, staging):
            async with load(address, production) as result:
                for number in range(10):
                    names = ("green", "blue") if number % 2 == 0 else ("blue", "green")
                    await world.put(BALANCER, pair(*names, (production, staging)))
                    assert await get(address, production) == names[0]
                    assert await get(address, staging) == names[1]
            assert result.lost == []

    play_live(tmp_path, addresses, scenario)


def test_an_instance_that_leaves_gets_no_new_connection(tmp_path: Path, addresses: str) -> None:
    async def scenario(world: LiveWorld) -> None:
        async with two_sets(world) as (address, production, _), load(address, production) as result:
            blue = ResourceId.parse(_scale_set("blue"))
            record = next(world.store.children(blue, "virtualMachines"))
            left = world.change_endpoint(record.id, lambda endpoint: replace(endpoint, machine=""))
            await world.path.refresh()
            assert (pool_id("blue").lower(), left.address) not in await world.path.healthy()
            assert await get(address, production) == "blue"
        assert result.lost == []

    play_live(tmp_path, addresses, scenario)


def test_a_deleted_load_balancer_no_longer_listens(tmp_path: Path, addresses: str) -> None:
    async def scenario(world: LiveWorld) -> None:
        async with two_sets(world) as (address, production, _):
            for pool in ("blue", "green"):
                world.store.delete(ResourceId.parse(_scale_set(pool)))
            await world.delete(BALANCER)
            with pytest.raises(ConnectionRefusedError):
                await get(address, production)

    play_live(tmp_path, addresses, scenario)


def test_many_refreshes_at_once_each_see_their_own_change(tmp_path: Path, addresses: str) -> None:
    async def scenario(world: LiveWorld) -> None:
        async with two_sets(world) as (address, production, staging):

            async def change(number: int) -> None:
                record = world.store.get(ResourceId.parse(BALANCER))
                assert record is not None
                names = ("green", "blue") if number % 2 else ("blue", "green")
                for each, pool in zip(record.properties["loadBalancingRules"], names, strict=True):
                    each["properties"]["backendAddressPool"] = {"id": pool_id(pool)}
                world.store.put(record)
                await world.path.refresh()

            await asyncio.gather(*(change(number) for number in range(40)))
            assert await get(address, production) == "green"
            assert await get(address, staging) == "blue"

    play_live(tmp_path, addresses, scenario)


def _scale_set(name: str) -> str:
    return f"{NETWORK.replace('Network', 'Compute')}/virtualMachineScaleSets/{name}"


def test_guests_serve_the_ports_of_rules_probes_and_health(tmp_path: Path, addresses: str) -> None:
    async def scenario(world: LiveWorld) -> None:
        probe = {"protocol": "Tcp", "port": 9001}
        body = balancer(
            rule("production", free_port("127.0.0.1"), "blue", backendPort=9000),
            probes=[{"name": "http", "properties": probe}],
        )
        await world.put(BALANCER, body)
        instance = world.make_instance(world.make_scale_set("web", "blue"), 0, "blue")
        idle = world.make_instance(world.make_scale_set("idle", "green"), 1, "green")
        world.make_instance(world.make_scale_set("other"), 2)
        for identifier in (instance, idle):
            world.change_endpoint(identifier, lambda kept: replace(kept, health_port=9002))
        ports = derive(world.store).ports
        assert ports == {
            "machine-0": {9000, 9001, 9002},
            "machine-1": {9002},
            "machine-2": frozenset(),
        }
        world.change_endpoint(idle, lambda kept: replace(kept, machine="gone"))
        await world.path.refresh()
        assert world.machines.opened == {
            name: wanted for name, wanted in ports.items() if name != "machine-1"
        }

    play_live(tmp_path, addresses, scenario)


def test_what_is_wanted_follows_from_documents_alone(tmp_path: Path) -> None:
    async def scenario(world: World) -> None:
        await world.put(BALANCER, production_and_staging())
        assert derive(world.store).traffic.rules == frozenset()
        world.make_instance(world.make_scale_set("web", "blue"), 0, "blue")
        backend = Backend(
            pool_id("blue").lower(),
            8080,
            Probe("http", 8080, "/healthz", interval=5, down_after=2),
            idle_seconds=240,
        )
        traffic = derive(world.store).traffic
        assert traffic.rules == {Rule(front(world), 8080, backend)}
        assert traffic.members == {backend: {"127.96.0.1"}}

    play(tmp_path, scenario)


def test_a_public_frontend_listens_at_its_public_address(tmp_path: Path) -> None:
    async def scenario(world: World) -> None:
        address = f"{NETWORK}/publicIPAddresses/pip"
        static = {"publicIPAllocationMethod": "Static"}
        shown = await world.put(address, {"sku": {"name": "Standard"}, "properties": static})
        public = {"name": "front", "properties": {"publicIPAddress": {"id": address}}}
        sticky = rule("production", 8080, "blue", loadDistribution="SourceIP")
        await world.put(BALANCER, balancer(sticky, frontendIPConfigurations=[public]))
        world.make_instance(world.make_scale_set("web", "blue"), 0, "blue")
        (carried,) = derive(world.store).traffic.rules
        assert carried.address == shown["properties"]["ipAddress"]
        assert carried.backend.by_source
        frontend = world.get(BALANCER)["properties"]["frontendIPConfigurations"][0]
        assert "privateIPAddress" not in frontend["properties"]

    play(tmp_path, scenario)
