"""An internal load balancer, instances whose health is an open port that no rule leads to."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.definition.balancing import Health
from pipeline.planning.names import load_balancer_id
from tests.conftest import Emulator
from tests.execution.landing_zone import landing_zone


@pytest.mark.slow
def test_a_release_behind_an_internal_load_balancer_with_tcp_health(
    tmp_path: Path, emulator: Emulator
) -> None:
    zone = landing_zone(tmp_path, emulator)
    (front,) = zone.environment.load_balancers
    balancer = replace(front, private=True, pairs=front.pairs[:1], production_address="10.80.0.10")
    zone = replace(
        zone,
        image=replace(zone.image, health=Health("tcp", 7000, "", "binary", "none")),
        environment=replace(zone.environment, load_balancers=(balancer,)),
    )
    zone.create()
    zone.add_versions("1.0.0", "1.0.1")
    zone.serve("1.0.0")
    zone.serve("1.0.1")
    assert "nothing at the frontends of web names its version" in zone.output
    assert zone.survey().health_url("production").startswith("tcp://127.")
    zone.rollback()

    told = zone.status()
    assert (told.serving, told.healthy, told.instances) == ("1.0.0", 2, 2)
    body = zone.session().azure.get(load_balancer_id(zone.environment, "front"))
    assert body is not None
    (probe,) = body["properties"]["probes"]
    assert (probe["properties"]["protocol"], probe["properties"]["port"]) == ("Tcp", 7000)
    frontends = body["properties"]["frontendIPConfigurations"]
    assert all("subnet" in one["properties"] for one in frontends)
    ways = [one["properties"]["privateIPAllocationMethod"] for one in frontends]
    assert ways == ["Static", "Dynamic"]
