"""Application health: the states, and the probes that lead to them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress

import pytest

from pipeline.emulator.compute.health import Health, Judgement, Settings, State, probe
from tests.emulator.conftest import entered
from tests.emulator.loopback import address

RICH = Settings("http", 8080, grace=10, rich=True)
BINARY = Settings("http", 8080)
TCP = Settings("tcp", 8080, grace=10, rich=True)
ADDRESS = address(70_000)


def states(settings: Settings, *observed: tuple[float, State]) -> list[State]:
    """The states after each observation, made at a time in seconds since the start."""
    judgement = Judgement("initializing" if settings.rich else "unhealthy", since=0)
    shown: list[State] = []
    for now, state in observed:
        judgement = judgement.after(state, now, settings)
        shown.append(judgement.state)
    return shown


def test_an_application_is_initializing_until_it_answers_or_the_grace_period_ends() -> None:
    observed: list[tuple[float, State]] = [(0, "unknown"), (5, "unknown"), (11, "unknown")]
    assert states(RICH, *observed) == ["initializing", "initializing", "unknown"]
    assert states(RICH, (0, "unknown"), (5, "healthy")) == ["initializing", "healthy"]


def test_an_unhealthy_answer_counts_at_once() -> None:
    assert states(RICH, (0, "unhealthy"), (5, "healthy")) == ["unhealthy", "healthy"]


def test_initializing_never_comes_back() -> None:
    assert states(RICH, (0, "healthy"), (5, "unknown"), (6, "unknown"))[1:] == ["unknown"] * 2


def test_a_state_counts_after_so_many_probes_in_a_row() -> None:
    settings = Settings("http", 8080, probes=2, grace=0)
    observed: list[tuple[float, State]] = [(0, "healthy"), (1, "unhealthy"), (2, "healthy")]
    assert states(settings, *observed, (3, "healthy")) == [*["unhealthy"] * 3, "healthy"]


def test_without_rich_states_there_is_no_initializing() -> None:
    assert states(BINARY, (0, "healthy"), (5, "unhealthy")) == ["healthy", "unhealthy"]


def test_a_port_that_stays_closed_is_unhealthy_after_the_grace_period() -> None:
    settings = Settings("tcp", 8080, probes=3, grace=10, rich=True)
    assert states(settings, (0, "unhealthy"), (11, "unhealthy"))[-1] == "unhealthy"


class Application:
    """Answers every request with `answer`; hangs while it is empty."""

    def __init__(self) -> None:
        self.answer = b'HTTP/1.1 200 OK\r\n\r\n{"ApplicationHealthState": "Healthy"}'

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        try:
            with suppress(asyncio.IncompleteReadError):
                await reader.readuntil(b"\r\n\r\n")
            if self.answer:
                writer.write(self.answer)
            else:
                await reader.read()
        finally:
            writer.close()


@asynccontextmanager
async def _application(port: int = 8080) -> AsyncIterator[Application]:
    application = Application()
    async with await asyncio.start_server(application.serve, ADDRESS, port):
        yield application


@pytest.fixture
def application(runner: asyncio.Runner) -> Iterator[Application]:
    """An application that answers at port 8080."""
    with entered(runner, _application()) as made:
        yield made


async def becomes(health: Health, state: State) -> None:
    """Wait until the machine `one` is in a state; a minute at most."""
    async with asyncio.timeout(60):
        while health.state("one") != state:
            await health.changes()


@pytest.mark.parametrize(
    ("answer", "rich", "binary"),
    [
        (b'HTTP/1.1 200 OK\r\n\r\n{"ApplicationHealthState": "Healthy"}', "healthy", "healthy"),
        (b'HTTP/1.1 200 OK\r\n\r\n{"ApplicationHealthState": "Unhealthy"}', "unhealthy", "healthy"),
        (b'HTTP/1.1 202 OK\r\n\r\n{"ApplicationHealthState": "Healthy"}', "healthy", "unhealthy"),
        (b"HTTP/1.1 200 OK\r\n\r\nfine", "unknown", "healthy"),
        (b"HTTP/1.1 200 OK\r\n\r\n[]", "unknown", "healthy"),
        (b'HTTP/1.1 503 No\r\n\r\n{"ApplicationHealthState": "Healthy"}', "unknown", "unhealthy"),
        (b"\r\n", "unknown", "unhealthy"),
    ],
)
async def test_an_answer_means_a_state(
    application: Application, answer: bytes, rich: State, binary: State
) -> None:
    application.answer = answer
    assert await probe(ADDRESS, RICH) == rich
    assert await probe(ADDRESS, BINARY) == binary
    assert await probe(ADDRESS, TCP) == "healthy"


async def test_a_machine_that_does_not_answer_is_unknown_or_unhealthy() -> None:
    assert await probe(ADDRESS, RICH) == "unknown"
    assert await probe(ADDRESS, BINARY) == "unhealthy"
    assert await probe(ADDRESS, TCP) == "unhealthy"


async def test_an_application_that_hangs_is_unknown(application: Application) -> None:
    application.answer = b""
    assert await probe(ADDRESS, Settings("http", 8080, interval=0.1, rich=True)) == "unknown"


async def test_the_port_of_ssh_is_probed_where_it_is_served() -> None:
    async with _application(port=2222):
        assert await probe(ADDRESS, Settings("tcp", 22)) == "healthy"


async def test_a_watch_follows_the_application_until_it_is_forgotten(
    application: Application,
) -> None:
    health = Health()
    health.watch("one", ADDRESS, Settings("http", 8080, interval=0.05, rich=True))
    assert health.state("one") == "initializing"
    await becomes(health, "healthy")
    application.answer = b"HTTP/1.1 503 No\r\n\r\n"
    await becomes(health, "unknown")
    health.forget("one")
    assert health.state("one") is None
    await health.close()
