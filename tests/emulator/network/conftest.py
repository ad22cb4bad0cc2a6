"""A resource manager with Microsoft.Network."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.emulator.conftest import entered
from tests.emulator.network.emulated_network import EmulatedNetwork, emulated_network


@pytest.fixture
def arm(tmp_path: Path, runner: asyncio.Runner) -> Iterator[EmulatedNetwork]:
    """Microsoft.Network with a virtual network, and a data path that carries nothing."""
    with entered(runner, emulated_network(EmulatedNetwork(tmp_path))) as made:
        yield made
