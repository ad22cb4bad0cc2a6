"""A resource manager with Microsoft.Compute."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.emulator.compute.emulated_compute import EmulatedCompute, emulated_compute
from tests.emulator.conftest import entered


@pytest.fixture
def arm(tmp_path: Path, runner: asyncio.Runner) -> Iterator[EmulatedCompute]:
    """Microsoft.Compute with simulated machines and a stand-in network."""
    with entered(runner, emulated_compute(tmp_path)) as made:
        yield made
