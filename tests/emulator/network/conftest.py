"""A resource manager with Microsoft.Network."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from azure.mgmt.compute import ComputeManagementClient
from azure.mgmt.network import NetworkManagementClient

from tests.conftest import Emulator
from tests.emulator.conftest import entered
from tests.emulator.network.emulated_network import EmulatedNetwork, emulated_network
from tests.emulator.network.sdk_zone import Zone, make_zone


@pytest.fixture
def arm(tmp_path: Path, runner: asyncio.Runner) -> Iterator[EmulatedNetwork]:
    """Microsoft.Network with a virtual network, and a data path that carries nothing."""
    with entered(runner, emulated_network(EmulatedNetwork(tmp_path))) as made:
        yield made


@pytest.fixture(scope="module")
def zone(
    emulator: Emulator, network: NetworkManagementClient, compute: ComputeManagementClient
) -> Iterator[Zone]:
    """A landing zone with both scale sets up. Tests put the rules back where they found them."""
    made = make_zone(emulator, network, compute)
    yield made
    emulator.call("DELETE", f"/resourceGroups/{made.group}")
