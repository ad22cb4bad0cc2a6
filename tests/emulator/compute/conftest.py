"""A resource manager with Microsoft.Compute."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from azure.mgmt.compute import ComputeManagementClient
from azure.mgmt.network import NetworkManagementClient

from tests.emulator.compute.emulated_compute import EmulatedCompute, emulated_compute
from tests.emulator.compute.sdk_zone import Zone
from tests.emulator.conftest import entered


@pytest.fixture
def arm(tmp_path: Path, runner: asyncio.Runner) -> Iterator[EmulatedCompute]:
    """Microsoft.Compute with simulated machines and a stand-in network."""
    with entered(runner, emulated_compute(tmp_path)) as made:
        yield made


@pytest.fixture
def zone(
    group: str, compute: ComputeManagementClient, network: NetworkManagementClient
) -> Iterator[Zone]:
    """A landing zone of the test's own."""
    yield Zone(group, compute, network)
