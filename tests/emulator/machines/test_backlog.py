"""A process that listens with room for one connection gets more of it from outside."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from pipeline.emulator.machines.backlog import widen

SLOW_SERVER = """
import socket, sys
with socket.create_server(("127.0.0.1", 0), backlog=1) as listening:
    print(listening.getsockname()[1], flush=True)
    sys.stdin.read()
"""
"""It never accepts: whoever connects waits in front of it."""
AT_ONCE = 0.9
"""Seconds: a client whose first packet was dropped tries again after one."""


@pytest.fixture
def slow_server() -> Iterator[tuple[int, int]]:
    """The process id and the port of a server that accepts nobody."""
    with subprocess.Popen(
        [sys.executable, "-c", SLOW_SERVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        yield process.pid, int(process.stdout.readline())
        process.kill()


def waiting(port: int, many: int) -> int:
    """How many of so many clients get as far as waiting in front of it at once."""
    with ExitStack() as opened:
        for number in range(many):
            try:
                opened.enter_context(socket.create_connection(("127.0.0.1", port), AT_ONCE))
            except TimeoutError:
                return number
        return many


def test_more_than_a_few_may_wait_once_there_is_more_room(slow_server: tuple[int, int]) -> None:
    process, port = slow_server
    assert waiting(port, 20) < 20
    if not widen(process):
        pytest.skip("this host lets nobody take a copy of another process's descriptor")
    assert waiting(port, 20) == 20


def test_a_process_that_has_ended_needs_no_room(slow_server: tuple[int, int]) -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        ended.wait()
        assert widen(ended.pid) == 0
