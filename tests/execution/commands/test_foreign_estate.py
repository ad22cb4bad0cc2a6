"""A load balancer and a scale set that Terraform made: told rightly, released on, a way back."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pipeline.execution.azure.requests import delete
from pipeline.execution.watch.answers import version_at
from pipeline.planning.landing_zone import bodies
from pipeline.planning.names import (
    image_version_id,
    load_balancer_id,
    network_id,
    scale_set_id,
    subnet_id,
)
from pipeline.planning.swap.scale_set_body import scale_set
from pipeline.planning.swap.staging import plan_stage
from pipeline.planning.swap.steps import CreateScaleSet
from tests.conftest import Emulator
from tests.execution.landing_zone import LandingZone, landing_zone

THEIRS = {"managed-by": "terraform"}
MARKETPLACE = {"publisher": "Debian", "offer": "debian-12", "sku": "12-gen2", "version": "latest"}


@pytest.fixture
def estate(tmp_path: Path, emulator: Emulator) -> LandingZone:
    """A landing zone whose load balancer, with one frontend and one rule, was there before us."""
    zone = landing_zone(tmp_path, emulator)
    (declared,) = zone.environment.load_balancers
    part = replace(declared, pairs=declared.pairs[:1])
    zone = replace(zone, environment=replace(zone.environment, load_balancers=(part,)))
    zone.create()
    zone.add_versions("0.9.0", "1.0.0", "1.0.1")
    staged = next(
        step
        for step in plan_stage(zone.survey(), "0.9.0").steps
        if isinstance(step, CreateScaleSet)
    )
    balancer = load_balancer_id(zone.environment, "front")
    zone.session().azure.begin(delete(balancer)).result()
    zone.put(balancer, _load_balancer(zone))
    pool = balancer.child("backendAddressPools", "bepool")
    foreign = replace(staged, pool=pool, resource=scale_set_id(zone.environment, "app"))
    made = scale_set(foreign, "ssh-rsa AAAA theirs", "")
    made["properties"]["virtualMachineProfile"]["storageProfile"]["imageReference"] = MARKETPLACE
    zone.put(foreign.resource, {**made, "tags": THEIRS})
    _ = zone.output
    return zone


def _load_balancer(zone: LandingZone) -> dict[str, Any]:
    own = load_balancer_id(zone.environment, "front")
    address = network_id(zone.environment, "publicIPAddresses", "pip")
    zone.put(address, {**bodies.public_address(zone.environment), "tags": THEIRS})
    rule = {
        "protocol": "Tcp",
        "frontendPort": 8080,
        "backendPort": 8080,
        "frontendIPConfiguration": {"id": str(own.child("frontendIPConfigurations", "PublicIP"))},
        "backendAddressPool": {"id": str(own.child("backendAddressPools", "bepool"))},
        "probe": {"id": str(own.child("probes", "alive"))},
        "idleTimeoutInMinutes": 5,
        "disableOutboundSnat": True,
    }
    probe = {"protocol": "Tcp", "port": 8080, "intervalInSeconds": 5, "probeThreshold": 1}
    return {
        "location": "westeurope",
        "sku": {"name": "Standard"},
        "tags": THEIRS,
        "properties": {
            "frontendIPConfigurations": [
                {"name": "PublicIP", "properties": {"publicIPAddress": {"id": str(address)}}}
            ],
            "backendAddressPools": [{"name": "bepool"}],
            "probes": [{"name": "alive", "properties": probe}],
            "loadBalancingRules": [{"name": "http", "properties": rule}],
        },
    }


@pytest.mark.slow
def test_a_full_release_on_what_another_hand_made(estate: LandingZone) -> None:
    estate.create()
    assert "complete the load balancer front for web: staging, " in estate.output
    told = estate.status()
    assert (told.serving, told.healthy, told.instances) == ("app", 2, 2)
    assert told.way_back == "none"
    production = estate.survey().health_url("production")
    before = version_at(production)

    estate.stage("1.0.0")
    estate.promote()
    assert "promote web app -> 1.0.0" in estate.output
    assert version_at(production) == "1.0.0"
    told = estate.status()
    assert (told.serving, told.idle, told.idle_role, told.way_back) == (
        *("1.0.0", "app"),
        *("previous", "ready"),
    )

    estate.rollback()
    assert version_at(production) == before != "1.0.0"
    assert "roll back web 1.0.0 -> app" in estate.output
    estate.promote(again=True)
    estate.stage("1.0.1")
    estate.promote()
    estate.prune()
    assert estate.session().azure.get(scale_set_id(estate.environment, "app")) is not None
    assert version_at(production) == "1.0.1"
    rules = estate.load_balancer()["properties"]["loadBalancingRules"]
    assert (
        next(rule for rule in rules if rule["name"] == "http")["properties"]["idleTimeoutInMinutes"]
        == 5
    )


def test_a_foreign_set_that_joined_beside_ours_is_named_and_counts(estate: LandingZone) -> None:
    estate.create()
    estate.stage("1.0.0")
    estate.promote()
    balancer = estate.survey().load_balancer
    body = estate.session().azure.get(scale_set_id(estate.environment, "app"))
    assert body is not None
    staged = next(
        step
        for step in plan_stage(estate.survey(), "1.0.1").steps
        if isinstance(step, CreateScaleSet)
    )
    beside = replace(
        staged,
        pool=balancer.pool("web-1-0-0"),
        resource=scale_set_id(estate.environment, "beside"),
        image_version=image_version_id(estate.environment, "web", "0.9.0"),
        capacity=1,
    )
    estate.put(beside.resource, {**scale_set(beside, "ssh-rsa AAAA x", ""), "tags": THEIRS})
    told = estate.status()
    assert (told.serving, told.instances) == ("beside, web-1-0-0", 3)
    assert estate.survey().live_capacity == 3
    assert told.way_back == "not ready: app cannot be promoted: it has 2 instances, production 3"
    estate.rollback(force=True)
    assert estate.status().serving == "app"
    assert str(subnet_id(estate.environment)).endswith("/machines")
