"""Tags of an environment on everything that is made for it, through the real SDK."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from pipeline.definition.shape import SERVING
from pipeline.planning.names import scale_set_id
from tests.conftest import Emulator
from tests.execution.landing_zone import LandingZone, landing_zone

TAGS = (("team", "shop"), ("cost-center", "4711"))


def tagged(zone: LandingZone, *tags: tuple[str, str]) -> LandingZone:
    """The zone of an environment with tags."""
    return replace(zone, environment=replace(zone.environment, tags=tags))


def test_all_that_is_made_has_them_and_what_another_hand_makes_has_not(
    tmp_path: Path, emulator: Emulator
) -> None:
    zone = tagged(landing_zone(tmp_path, emulator, capacity=1), *TAGS)
    zone.create()
    zone.add_versions("1.0.0")
    zone.stage("1.0.0")

    azure, group = zone.session().azure, zone.environment.resource_group
    ours = [one for one in azure.resources_in(group) if "run" in (one.get("tags") or {})]
    kinds = {one["type"].rpartition("/")[2] for one in ours}
    assert {"loadBalancers", "galleries", "virtualMachineScaleSets", "privateDnsZones"} <= kinds
    assert all(one["tags"].items() >= dict(TAGS).items() for one in ours)
    assert (azure.group(group) or {})["tags"].items() >= dict(TAGS).items()


def test_tags_that_are_said_later_are_told_and_on_the_next_scale_set(
    tmp_path: Path, emulator: Emulator
) -> None:
    zone = landing_zone(tmp_path, emulator, capacity=1)
    like = replace(zone.image.scale_set, like=SERVING)
    zone = replace(zone, image=replace(zone.image, scale_set=like))
    tagged(zone, ("team", "web"), ("owner", "ops")).create()
    zone.add_versions("1.0.0", "1.0.1")
    tagged(zone, ("team", "web"), ("owner", "ops")).serve("1.0.0")
    _ = zone.output

    zone = tagged(zone, ("Team", "shop"), ("owner", "ops"))
    zone.create()
    assert "front: lacks the tags Team = shop: left as it is" in zone.output
    zone.stage("1.0.1")

    found = zone.session().azure.get(scale_set_id(zone.environment, "web-1-0-1")) or {}
    tags = found["tags"]
    assert (tags["Team"], tags["owner"], tags["version"]) == ("shop", "ops", "1.0.1")
    assert "team" not in tags
