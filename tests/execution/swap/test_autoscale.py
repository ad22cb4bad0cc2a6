"""Autoscale that follows production and back, and goes with what is pruned. Real SDK."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pipeline.arm import ResourceId
from pipeline.execution.swap.autoscale import settings_of
from pipeline.planning.names import scale_set_id
from pipeline.planning.swap.autoscale import autoscale_id
from tests.conftest import Emulator
from tests.execution.landing_zone import LandingZone, at_once, landing_zone, with_one_staged


@pytest.fixture
def zone(tmp_path: Path, emulator: Emulator) -> LandingZone:
    """A landing zone where 1.0.0 serves, which somebody's setting scales, and 1.0.1 is staged."""
    zone = at_once(landing_zone(tmp_path, emulator, capacity=1))
    zone = with_one_staged(zone, "1.0.2")
    serving = scale_set_id(zone.environment, "web-1-0-0")
    theirs = replace(autoscale_id(serving), segments=(("autoscaleSettings", "cpu"),))
    zone.put(theirs, _setting(serving))
    return zone


def _setting(target: ResourceId) -> dict[str, Any]:
    trigger = {
        "metricName": "Percentage CPU",
        "metricResourceUri": str(target),
        "timeGrain": "PT1M",
        "statistic": "Average",
        "timeWindow": "PT10M",
        "timeAggregation": "Average",
        "operator": "GreaterThan",
        "threshold": 85,
    }
    action = {"direction": "Increase", "type": "ChangeCount", "value": "1", "cooldown": "PT5M"}
    profile = {
        "name": "default",
        "capacity": {"minimum": "1", "maximum": "3", "default": "1"},
        "rules": [{"metricTrigger": trigger, "scaleAction": action}],
    }
    return {
        "location": "westeurope",
        "tags": {"owner": "ops"},
        "properties": {"enabled": True, "targetResourceUri": str(target), "profiles": [profile]},
    }


def switched(zone: LandingZone) -> dict[str, bool]:
    """Whether each setting of the zone is on, by the name of what it scales."""
    group = zone.environment.resource_group.lower()
    found = settings_of(zone.session().azure)
    return {
        one.target.name: one.is_enabled
        for one in found
        if one.target.resource_group.lower() == group
    }


def test_autoscale_follows_production_there_and_back(zone: LandingZone) -> None:
    zone.promote()
    assert "let autoscale follow: on for web-1-0-1, off for web-1-0-0" in zone.output
    assert switched(zone) == {"web-1-0-0": False, "web-1-0-1": True}

    zone.rollback()
    assert switched(zone) == {"web-1-0-0": True, "web-1-0-1": False}

    zone.stage("1.0.2")
    _ = zone.output
    refusal = {"status": 403, "code": "AuthorizationFailed", "message": "No rights."}
    zone.fault({"method": "PUT", "path": "autoscaleSettings/web-1-0-2"}, {"fail": refusal})
    zone.promote()
    assert "autoscale does not follow: " in zone.output
    assert switched(zone) == {"web-1-0-0": True, "web-1-0-1": False}
    zone.promote()  # which has that left to do
    assert switched(zone) == {"web-1-0-0": False, "web-1-0-1": False, "web-1-0-2": True}

    zone.prune()
    assert "delete the autoscale setting web-1-0-1" in zone.output
    assert switched(zone) == {"web-1-0-0": False, "web-1-0-2": True}
