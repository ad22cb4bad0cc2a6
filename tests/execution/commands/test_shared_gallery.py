"""Two environments of two subscriptions and one gallery: what was tested is what serves."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pipeline.definition.model import Gallery, Project
from pipeline.errors import Refused
from pipeline.execution.azure.requests import delete
from pipeline.execution.claims.acquire import Wish, acquire
from pipeline.execution.claims.held import TIMES
from pipeline.execution.claims.store import Records
from pipeline.execution.commands import environment as environments
from pipeline.execution.commands.prune import prune
from pipeline.execution.run.session import Session
from pipeline.planning.claims.claim import Actor, Claim
from pipeline.planning.names import Tag, gallery_id, image_version_id, scale_set_id
from pipeline.planning.record_names import build_claim, builds_zone_id, claims_zone_id
from tests.conftest import Emulator
from tests.execution.landing_zone import LandingZone, at_once, landing_zone


class Two:
    """A landing zone that has the gallery, and one in another subscription that uses it."""

    def __init__(self, root: Path, emulator: Emulator) -> None:
        owner = at_once(landing_zone(root / "staging", emulator, capacity=1))
        user = at_once(landing_zone(root / "production", emulator, capacity=1))
        _, other = emulator.facts["subscriptions"]
        here = replace(owner.environment, name="staging", subscription=other)
        there = replace(
            user.environment,
            name="production",
            gallery=Gallery(
                here.gallery.name,
                managed=False,
                resource_group=here.resource_group.upper(),
                subscription=other,
            ),
        )
        self.staging = replace(owner, environment=here)
        self.production = replace(user, environment=there)

    def session(self, zone: LandingZone) -> Session:
        """A session of a project that has both."""
        both = (self.staging.environment, self.production.environment)
        project = Project(zone.root, (zone.image,), both)
        return replace(zone.session(), project=project)

    def version(self, name: str) -> dict[str, Any] | None:
        """A version as each of the two sees it: the same."""
        seen = [
            zone.session().azure.get(image_version_id(zone.environment, "web", name))
            for zone in (self.staging, self.production)
        ]
        assert seen[0] == seen[1]
        return seen[0]


@pytest.fixture
def two(tmp_path: Path, emulator: Emulator) -> Two:
    """Both made; three versions were baked in staging, where the second serves."""
    made = Two(tmp_path, emulator)
    made.staging.create()
    made.staging.add_versions("1.0.0", "1.0.1", "1.0.2")
    made.production.create()
    return made


def test_the_very_version_that_was_tested_serves_and_goes_back(two: Two) -> None:
    azure = two.production.session().azure
    assert gallery_id(two.production.environment) == gallery_id(two.staging.environment)
    assert azure.list_in_group("Microsoft.Compute/galleries") == []
    assert azure.get(claims_zone_id(two.production.environment))
    _ = two.production.output
    two.production.create()
    assert "nothing to do" in two.production.output

    two.production.serve("1.0.0")
    two.production.serve("1.0.1")
    sets = azure.list_in_group("Microsoft.Compute/virtualMachineScaleSets")
    made_from = {
        str(body["properties"]["virtualMachineProfile"]["storageProfile"]["imageReference"]["id"])
        for body in sets
    }
    wanted = {
        str(image_version_id(two.staging.environment, "web", name)) for name in ("1.0.0", "1.0.1")
    }
    assert {one.lower() for one in made_from} == {one.lower() for one in wanted}

    two.production.rollback()
    assert two.production.status().serving == "1.0.0"
    body = two.version("1.0.1")
    assert body is not None
    assert body["tags"][Tag.ROLLED_BACK]
    with pytest.raises(Refused, match=r"1\.0\.1 was rolled back"):
        two.staging.stage("1.0.1")


def test_a_gallery_that_is_only_read_does_not_stop_a_rollback(two: Two) -> None:
    two.production.serve("1.0.0")
    two.production.serve("1.0.1")
    refusal = {"status": 403, "code": "AuthorizationFailed", "message": "may not write"}
    two.production.fault({"method": "PUT", "path": "/versions/1.0.1"}, {"fail": refusal}, times=9)
    _ = two.production.output
    two.production.rollback()
    assert two.production.status().serving == "1.0.0"
    assert "this is not written down on the version" in two.production.output


def test_builds_of_both_exclude_each_other_beside_the_gallery(two: Two) -> None:
    def wish(run: str) -> Wish:
        claim = Claim(run, "build-image", Actor("somebody", "a machine"))
        return Wish(build_claim("web"), "builds of web", claim, lambda _: False)

    def take(zone: LandingZone, run: str) -> None:
        session = zone.session()
        records = Records(session.azure, session.clock)
        acquire(wish(run), (records, records), session.clock, TIMES, session.output.say)

    assert builds_zone_id(two.production.environment) == claims_zone_id(two.staging.environment)
    take(two.staging, "one")
    with pytest.raises(Refused, match=r"builds of web: .*somebody"):
        take(two.production, "two")


def test_no_version_is_pruned_that_the_other_environment_needs(two: Two) -> None:
    two.production.serve("1.0.0")
    two.staging.serve("1.0.1")
    keeps_one = replace(two.staging, image=replace(two.staging.image, retention=1))
    prune(two.session(keeps_one), "web")
    assert two.version("1.0.0"), "production serves it, in another subscription"
    assert two.version("1.0.1"), "staging serves it"

    two.production.serve("1.0.2")
    session = two.production.session()
    session.azure.begin(delete(scale_set_id(session.environment, "web-1-0-0"))).result()
    prune(two.session(keeps_one), "web")
    assert two.version("1.0.0"), "production's way back is made again from it"

    two.production.serve("1.0.1")
    prune(two.session(keeps_one), "web")
    assert two.version("1.0.0") is None, "nobody needs it"
    assert two.version("1.0.2"), "the newest stays"


def test_where_the_other_environment_cannot_be_asked_all_versions_stay(two: Two) -> None:
    two.staging.serve("1.0.1")
    keeps_one = replace(two.staging, image=replace(two.staging.image, retention=1))
    subscription = two.production.environment.subscription
    refusal = {"status": 403, "code": "AuthorizationFailed", "message": "may not read"}
    path = f"/subscriptions/{subscription}/providers/Microsoft.Compute/virtualMachineScaleSets"
    two.staging.fault({"method": "GET", "path": path}, {"fail": refusal})
    _ = two.staging.output
    prune(two.session(keeps_one), "web")
    assert two.version("1.0.0")
    assert "kept all versions of web: what production needs is not known" in two.staging.output

    prune(two.session(keeps_one), "web")
    assert two.version("1.0.0") is None


def test_the_gallery_of_another_environment_is_not_destroyed(two: Two) -> None:
    with pytest.raises(Refused, match="is also that of production"):
        environments.destroy_environment(two.session(two.staging), "staging")
    assert two.version("1.0.0")
