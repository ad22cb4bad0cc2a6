"""Numbers of versions: two machines that choose at once get two, and none is used twice."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pipeline.errors import Refused
from pipeline.execution.azure.requests import delete
from pipeline.execution.build.survey import survey_build
from pipeline.execution.claims.numbers import numbers, reserve, use
from pipeline.execution.commands import build
from pipeline.execution.runner import begin
from pipeline.planning.build.steps import MarkVersion
from pipeline.planning.build.survey import BuildSurvey
from pipeline.planning.claims.numbers import Number
from pipeline.planning.names import check_group, image_version_id
from tests.conftest import Emulator
from tests.execution.claims.claimants import zone_of_claims
from tests.execution.landing_zone import LandingZone, landing_zone
from tests.execution.one_step import carry_out_one
from tests.planning.build.examples import survey

YOUNG, OLD = "20261123T113000Z-there-00bb", "20261122T120000Z-there-00cc"


@pytest.fixture
def zone(tmp_path: Path, emulator: Emulator) -> LandingZone:
    """A zone without claims."""
    return zone_of_claims(tmp_path, emulator)


def taking(zone: LandingZone, run: str) -> str:
    """The number that a run takes, as a build does."""
    session = zone.session()
    while True:
        now: BuildSurvey = survey(run=run, numbers=numbers(session, "web"))
        if reserve(session, "web", now.next_version, now):
            return now.next_version


@pytest.mark.parametrize("count", [2, 3, 8])
def test_as_many_runs_as_choose_at_once_get_as_many_numbers(zone: LandingZone, count: int) -> None:
    runs = [f"20261123T1130{number:02}Z-there-00bb" for number in range(count)]

    with ThreadPoolExecutor(count) as many:
        taken = list(many.map(lambda run: taking(zone, run), runs))

    assert sorted(taken) == [f"1.0.{number}" for number in range(count)]
    found = numbers(zone.session(), "web")
    assert {(each.version, each.run) for each in found} == set(zip(taken, runs, strict=True))


def test_a_run_gets_its_own_number_again(zone: LandingZone) -> None:
    assert [taking(zone, YOUNG) for _ in range(2)] == ["1.0.0", "1.0.0"]


def test_the_number_that_a_dead_run_took_is_taken_over_as_it_was_seen(zone: LandingZone) -> None:
    assert taking(zone, OLD) == "1.0.0"

    assert taking(zone, YOUNG) == "1.0.0"

    assert numbers(zone.session(), "web") == (Number("1.0.0", YOUNG),)


def test_a_used_number_is_taken_by_nobody(zone: LandingZone) -> None:
    taking(zone, OLD)
    use(zone.session(), "web", "1.0.0", OLD)
    use(zone.session(), "web", "1.0.0", YOUNG)

    assert taking(zone, YOUNG) == "1.0.1"
    assert numbers(zone.session(), "web")[0] == Number("1.0.0", OLD, is_used=True)


@pytest.mark.parametrize("fault", [{"lose": True}, {"drop": True}], ids=str)
def test_a_number_is_taken_through_lost_answers(zone: LandingZone, fault: dict[str, Any]) -> None:
    path = f"{zone.environment.resource_group}/.*/TXT/"
    zone.fault({"method": "PUT", "path": path}, fault)

    assert taking(zone, YOUNG) == "1.0.0"


def test_what_keeps_a_number_from_being_written_down_is_only_said(zone: LandingZone) -> None:
    denied = {"fail": {"status": 403, "code": "AuthorizationFailed", "message": "No."}}
    zone.fault({"path": f"{zone.environment.resource_group}/.*/TXT/"}, denied)

    use(zone.session(), "web", "1.0.0", OLD)

    assert "the number 1.0.0 is not written down as used" in zone.output


def test_without_a_zone_there_are_no_numbers(tmp_path: Path, emulator: Emulator) -> None:
    nowhere = landing_zone(tmp_path, emulator)

    assert numbers(nowhere.session(), "web") == ()
    use(nowhere.session(), "web", "1.0.0", OLD)
    use(replace(nowhere.session(), claims=False), "web", "1.0.0", OLD)
    assert nowhere.output == ""


@pytest.fixture
def whole(tmp_path: Path, emulator: Emulator) -> LandingZone:
    """A whole landing zone."""
    made = landing_zone(tmp_path, emulator)
    made.create()
    _ = made.output
    return made


def test_a_number_that_was_marked_stays_used_without_its_version_and_its_tag(
    whole: LandingZone,
) -> None:
    whole.add_versions("1.0.4", check="", excluded=True)
    carry_out_one(whole, MarkVersion("web", "1.0.4", passed=False))
    version = image_version_id(whole.environment, "web", "1.0.4")
    whole.session().azure.begin(delete(version)).result()

    (number,) = numbers(whole.session(), "web")
    now = survey_build(whole.session(), whole.image, "run", has_claim=True)

    assert (number.version, number.is_used) == ("1.0.4", True)
    assert replace(now, definition_tags={}).next_version == "1.0.5"


def test_a_check_of_an_image_that_another_machine_builds_is_refused(
    whole: LandingZone, tmp_path: Path
) -> None:
    (tmp_path / "b").mkdir()
    other = replace(whole, root=tmp_path / "b")
    whole.add_versions("1.0.0")

    with (
        begin(other.session(), "build-image", "web"),
        pytest.raises(Refused, match=r"^builds of web: claimed by \S+ \(command build-image"),
    ):
        build.check_image(whole.session(), "web", "1.0.0")


def test_a_group_of_the_name_that_was_once_used_for_all_runs_is_never_deleted(
    whole: LandingZone,
) -> None:
    names = ("bakeswap-build-web-9-9-9", check_group("web", "9.9.9", "theirs"))
    for name in names:
        body = {"location": "westeurope", "tags": {"owner": "somebody else", "image": "web"}}
        assert whole.emulator.call("PUT", f"/resourceGroups/{name}", body).status == 201
    found = survey_build(whole.session(), whole.image, "run", has_claim=True).groups
    assert {group.name for group in found} >= set(names)

    whole.add_versions("1.0.0")
    (whole.image.checks / "test_it.py").write_text("def test_it():\n    pass\n")
    build.check_image(whole.session(plan_only=True), "web", "1.0.0")

    plan = whole.output
    assert not any(name in plan for name in names)
    for name in names:
        whole.emulator.call("DELETE", f"/resourceGroups/{name}")
