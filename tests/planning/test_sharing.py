"""Which environments have one gallery, and whose need of a version counts."""

from __future__ import annotations

from dataclasses import replace

from pipeline.definition.model import Cloud, Gallery, Project
from pipeline.planning.names import gallery_id, image_version_id
from pipeline.planning.prune.uses import versions_led_to
from pipeline.planning.record_names import builds_zone_id, claims_zone_id, zone_of
from pipeline.planning.sharing import sharing
from tests.planning.swap.examples import ENVIRONMENT, PROJECT, version

HERE = ENVIRONMENT
THERE = replace(
    HERE,
    name="there",
    subscription="other",
    resource_group="shop-there",
    gallery=Gallery("IMAGES", managed=False, resource_group="SHOP", subscription=HERE.subscription),
)


def test_environments_share_a_gallery_by_its_id_within_a_cloud() -> None:
    own = replace(HERE, name="own", resource_group="shop-own")
    cloud = replace(THERE, name="cloud", cloud=Cloud(resource_manager="https://elsewhere"))
    project = Project(PROJECT.root, PROJECT.images, (HERE, THERE, own, cloud))
    assert gallery_id(THERE) == gallery_id(HERE)
    assert sharing(project, HERE) == sharing(project, THERE) == (HERE, THERE)
    assert sharing(project, own) == (own,)


def test_builds_are_claimed_beside_the_gallery_and_swaps_in_the_environment() -> None:
    assert builds_zone_id(THERE) == claims_zone_id(HERE) == builds_zone_id(HERE)
    for of_builds in ("web.build", "1-0-5.web.number", "web.number"):
        assert zone_of(THERE, of_builds) == claims_zone_id(HERE)
    for of_swaps in ("web.there.swap", "there.hold", "promote.run.web.there.move"):
        assert zone_of(THERE, of_swaps) == claims_zone_id(THERE)


def test_what_a_load_balancer_names_is_needed_with_or_without_its_scale_set() -> None:
    versions = tuple(version(f"1.0.{n}") for n in range(4))
    balancer = {"tags": {"web-serves": "web-1-0-3", "web-previous": "web-1-0-1"}}
    assert list(versions_led_to(THERE, "web", versions, balancer)) == [
        image_version_id(HERE, "web", f"1.0.{n}") for n in (1, 3)
    ]
    assert not list(versions_led_to(THERE, "web", versions, {}))
