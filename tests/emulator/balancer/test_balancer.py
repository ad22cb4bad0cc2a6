"""HAProxy carries the wanted traffic, and loses no connection."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from pipeline.emulator.balancer.balancer import Balancer
from pipeline.emulator.balancer.traffic import Backend, BalancerError, Probe, Rule, Traffic
from tests.emulator.balancer.members import (
    Member,
    both_moved,
    connect,
    free_port,
    get,
    load,
    member,
    own_address,
)

PORT = 18080
PROBE = Probe("http", PORT, "/healthz", interval=1, down_after=1)
BLUE = Backend("blue", PORT, PROBE)
GREEN = Backend("green", PORT, PROBE)


@asynccontextmanager
async def balancing(folder: Path) -> AsyncIterator[Balancer]:
    """A balancer that is ended with the test."""
    balancer = Balancer(folder / "balancer")
    try:
        yield balancer
    finally:
        await balancer.close()


def members(**addresses: list[Member]) -> dict[Backend, frozenset[str]]:
    """The members of blue and green."""
    found = {"blue": BLUE, "green": GREEN}
    return {
        found[name]: frozenset(each.address for each in several)
        for name, several in addresses.items()
    }


async def becomes(condition: object, balancer: Balancer) -> None:
    """Wait until the healthy members are these."""
    async with asyncio.timeout(60):
        while await balancer.healthy() != condition:
            await asyncio.sleep(0.1)


async def test_nothing_is_lost_through_fifty_swaps_under_load(tmp_path: Path) -> None:
    front = own_address()
    port = free_port(front)
    async with (
        balancing(tmp_path) as balancer,
        member("blue", PORT) as blue,
        member("green", PORT) as green,
    ):
        both = members(blue=[blue], green=[green])
        to_blue = Traffic(frozenset({Rule(front, port, BLUE)}), both)
        to_green = Traffic(frozenset({Rule(front, port, GREEN)}), both)
        await balancer.apply(to_blue)
        async with load(front, port) as result:
            for number in range(50):
                await balancer.apply(to_blue if number % 2 else to_green)
                seen = await get(front, port)
                assert seen == ("blue" if number % 2 else "green")
        assert result.lost == []
        assert result.answers["blue"] and result.answers["green"]


@pytest.mark.slow
async def test_nothing_is_lost_while_processes_are_replaced_and_members_come_and_go(
    tmp_path: Path,
) -> None:
    front, other = own_address(), own_address()
    port = free_port(front)
    async with (
        balancing(tmp_path) as balancer,
        member("one", PORT) as one,
        member("two", PORT) as two,
    ):
        rule = Rule(front, port, BLUE)
        await balancer.apply(Traffic(frozenset({rule}), members(blue=[one])))
        async with load(front, port) as result:
            for number in range(6):
                more = Rule(other, free_port(other), Backend(f"pool{number}", PORT, PROBE))
                wanted = members(blue=[one, two] if number % 2 else [two])
                wanted[more.backend] = frozenset({one.address})
                await balancer.apply(Traffic(frozenset({rule, more}), wanted))
                assert await get(other, more.port) == "one"
                wanted = members(blue=[one])
                await balancer.apply(Traffic(frozenset({rule}), wanted))
        assert result.lost == []
        assert result.answers["one"] and result.answers["two"]


async def test_an_established_connection_survives_swaps_and_a_new_process(tmp_path: Path) -> None:
    front = own_address()
    port = free_port(front)
    async with (
        balancing(tmp_path) as balancer,
        member("blue", PORT) as blue,
        member("green", PORT) as green,
    ):
        both = members(blue=[blue], green=[green])
        await balancer.apply(Traffic(frozenset({Rule(front, port, BLUE)}), both))
        connection = await connect(front, port)
        assert await connection.get() == "blue"
        swapped = Rule(front, port, GREEN)
        await balancer.apply(Traffic(frozenset({swapped}), both))
        assert await connection.get() == "blue"
        assert await get(front, port) == "green"
        more = Rule(own_address(), free_port(front), GREEN)
        await balancer.apply(Traffic(frozenset({swapped, more}), members(green=[green])))
        assert await connection.get() == "blue"
        await connection.close()


async def test_two_rules_swap_together(tmp_path: Path) -> None:
    front = own_address()
    port, staging = free_port(front), free_port(front)
    async with (
        balancing(tmp_path) as balancer,
        member("blue", PORT) as blue,
        member("green", PORT) as green,
    ):
        both = members(blue=[blue], green=[green])
        pairs = [
            frozenset({Rule(front, port, one), Rule(front, staging, other)})
            for one, other in ((BLUE, GREEN), (GREEN, BLUE))
        ]
        await balancer.apply(Traffic(pairs[0], both))

        for number in range(1, 21):
            names = ("green", "blue") if number % 2 else ("blue", "green")
            watching = asyncio.create_task(both_moved(front, (port, staging), names))
            await balancer.apply(Traffic(pairs[number % 2], both))
            await watching


async def test_a_member_gets_traffic_only_after_a_successful_probe(tmp_path: Path) -> None:
    front = own_address()
    port = free_port(front)
    async with (
        balancing(tmp_path) as balancer,
        member("well", PORT) as well,
        member("starting", PORT, status=503) as starting,
    ):
        rule = frozenset({Rule(front, port, BLUE)})
        await balancer.apply(Traffic(rule, members(blue=[well])))
        async with load(front, port) as result:
            await balancer.apply(Traffic(rule, members(blue=[well, starting])))
            assert starting.probes > 0
            assert await balancer.healthy() == {("blue", well.address)}
            assert result.answers["starting"] == 0
            starting.status = 200
            await becomes({("blue", well.address), ("blue", starting.address)}, balancer)
            async with asyncio.timeout(60):
                while await get(front, port) != "starting":
                    await asyncio.sleep(0)
        assert result.lost == []


async def test_only_status_200_counts_as_a_successful_probe(tmp_path: Path) -> None:
    front = own_address()
    port = free_port(front)
    async with balancing(tmp_path) as balancer, member("one", PORT, status=204) as one:
        rule = frozenset({Rule(front, port, BLUE)})
        await balancer.apply(Traffic(rule, members(blue=[one])))
        assert one.probes > 0
        assert await balancer.healthy() == frozenset()


async def test_a_member_whose_probe_fails_leaves_and_comes_back(tmp_path: Path) -> None:
    front = own_address()
    port = free_port(front)
    async with (
        balancing(tmp_path) as balancer,
        member("one", PORT) as one,
        member("two", PORT) as two,
    ):
        rule = frozenset({Rule(front, port, BLUE)})
        await balancer.apply(Traffic(rule, members(blue=[one, two])))
        kept = await connect(front, port)
        await kept.get()
        one.status = 500
        await becomes({("blue", two.address)}, balancer)
        assert {await get(front, port) for _ in range(4)} == {"two"}
        two.status = 500
        await becomes(frozenset(), balancer)
        with pytest.raises(OSError):
            await get(front, port)
        assert await kept.get() in {"one", "two"}
        await kept.close()
        one.status = 200
        await becomes({("blue", one.address)}, balancer)
        assert await get(front, port) == "one"


async def test_health_that_is_known_survives_a_new_process(tmp_path: Path) -> None:
    front = own_address()
    async with (
        balancing(tmp_path) as balancer,
        member("well", PORT) as well,
        member("ill", PORT, status=500) as ill,
    ):
        first = Rule(front, free_port(front), BLUE)
        both = members(blue=[well, ill])
        await balancer.apply(Traffic(frozenset({first}), both))
        second = Rule(front, free_port(front), BLUE)
        await balancer.apply(Traffic(frozenset({first, second}), both))
        assert await balancer.healthy() == {("blue", well.address)}
        assert {await get(front, second.port) for _ in range(4)} == {"well"}


async def test_members_without_a_probe_get_traffic_at_once(tmp_path: Path) -> None:
    front = own_address()
    port = free_port(front)
    async with balancing(tmp_path) as balancer, member("one", PORT) as one:
        plain = Backend("plain", PORT, None)
        traffic = Traffic(frozenset({Rule(front, port, plain)}), {plain: frozenset({one.address})})
        await balancer.apply(traffic)
        assert await get(front, port) == "one"


async def test_a_rule_that_is_gone_is_no_longer_listened_for_and_can_come_back(
    tmp_path: Path,
) -> None:
    front = own_address()
    first, second = Rule(front, free_port(front), BLUE), Rule(front, free_port(front), BLUE)
    async with balancing(tmp_path) as balancer, member("one", PORT) as one:
        both = Traffic(frozenset({first, second}), members(blue=[one]))
        await balancer.apply(both)
        await balancer.apply(Traffic(frozenset({first}), members(blue=[one])))
        with pytest.raises(ConnectionRefusedError):
            await get(front, second.port)
        assert await get(front, first.port) == "one"
        await balancer.apply(both)
        assert await get(front, second.port) == "one"


async def test_a_socket_that_is_taken_is_named_and_what_runs_goes_on(tmp_path: Path) -> None:
    front = own_address()
    port = free_port(front)
    with socket.create_server((front, 0)) as taken:
        async with balancing(tmp_path) as balancer, member("one", PORT) as one:
            good = Rule(front, port, BLUE)
            await balancer.apply(Traffic(frozenset({good}), members(blue=[one])))
            bad = Rule(front, taken.getsockname()[1], BLUE)
            with pytest.raises(BalancerError, match=f"{front}:{bad.port}"):
                await balancer.apply(Traffic(frozenset({good, bad}), members(blue=[one])))
            assert await get(front, port) == "one"
            await balancer.apply(Traffic(frozenset({good}), members(blue=[one])))
            assert await get(front, port) == "one"


async def test_what_a_killed_emulator_left_running_is_ended_and_nothing_else(
    tmp_path: Path,
) -> None:
    front, other = own_address(), own_address()
    port, other_port = free_port(front), free_port(other)
    async with (
        balancing(tmp_path / "killed") as killed,
        balancing(tmp_path / "neighbour") as neighbour,
        member("one", PORT) as one,
    ):
        for balancer, address, its_port in (
            (killed, front, port),
            (neighbour, other, other_port),
        ):
            rule = frozenset({Rule(address, its_port, BLUE)})
            await balancer.apply(Traffic(rule, members(blue=[one])))
        await Balancer(tmp_path / "killed" / "balancer").recover()
        with pytest.raises(ConnectionRefusedError):
            await get(front, port)
        assert await get(other, other_port) == "one"


async def test_a_haproxy_that_died_is_started_again_by_the_next_change(tmp_path: Path) -> None:
    front = own_address()
    port = free_port(front)
    async with balancing(tmp_path) as balancer, member("one", PORT) as one:
        traffic = Traffic(frozenset({Rule(front, port, BLUE)}), members(blue=[one]))
        await balancer.apply(traffic)
        runtime = (tmp_path / "balancer" / "runtime").read_text()
        for command in Path("/proc").glob("[0-9]*/cmdline"):
            if runtime.encode() in command.read_bytes():
                os.kill(int(command.parent.name), signal.SIGKILL)
        await balancer.apply(traffic)
        assert await get(front, port) == "one"
