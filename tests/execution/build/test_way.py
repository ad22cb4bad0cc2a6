"""Where this machine's requests come from, and which networks it has a way into."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.definition.model import Cloud
from pipeline.errors import UsageError
from pipeline.execution.build.way import has_way, runner
from tests.planning.build.examples import LOCAL

HEADING = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n"
DEFAULT = "eth0\t00000000\t0100A8C0\t0003\t0\t0\t0\t00000000\t0\t0\t0\n"
VPN = "tun0\t0000500A\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0\n"
"""10.80.0.0/16, as a machine whose numbers begin with the lowest byte prints it."""
NETWORK = replace(LOCAL.network, subnet_prefix="10.80.0.0/20")
THERE = replace(LOCAL, network=NETWORK, cloud=Cloud())


def table(folder: Path, *lines: str) -> Path:
    """A routing table."""
    file = folder / "route"
    file.write_text("".join((HEADING, *lines)))
    return file


def test_a_route_of_its_own_is_a_way_and_the_default_one_is_none(tmp_path: Path) -> None:
    assert has_way(THERE, table(tmp_path, DEFAULT)) is False
    assert has_way(THERE, table(tmp_path, DEFAULT, VPN)) is True


def test_where_nobody_can_tell_nothing_is_said(tmp_path: Path) -> None:
    assert has_way(THERE, tmp_path / "none") is None
    assert has_way(THERE, table(tmp_path, "eth0\n")) is None
    nameless = replace(NETWORK, subnet_prefix="", address_space="")
    assert has_way(replace(THERE, network=nameless), table(tmp_path)) is None
    for own in ("127.0.0.1", "[::1]", "localhost"):
        tunnel = Cloud(resource_manager=f"https://{own}:8443")
        assert has_way(replace(THERE, cloud=tunnel), table(tmp_path, DEFAULT)) is None


def test_a_runs_own_address_comes_before_that_of_the_environment() -> None:
    environment = replace(LOCAL, runner_address="203.0.113.7")

    assert runner(environment, {}) == "203.0.113.7"
    assert runner(environment, {"BAKESWAP_RUNNER_ADDRESS": "203.0.113.9"}) == "203.0.113.9"
    with pytest.raises(UsageError, match="BAKESWAP_RUNNER_ADDRESS=anywhere is not an IPv4"):
        runner(environment, {"BAKESWAP_RUNNER_ADDRESS": "anywhere"})
