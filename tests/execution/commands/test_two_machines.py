"""Commands of one machine that died, and what another did meanwhile."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from threading import Thread

import pytest

from pipeline.errors import Overtaken, PipelineError
from pipeline.execution.commands import build, swap
from pipeline.execution.run.journal import Journal
from pipeline.execution.swap.answers import version_at
from pipeline.planning.names import check_group, scale_set_id, scale_set_name
from tests.conftest import Emulator
from tests.execution.dying import Crash, dying_after
from tests.execution.landing_zone import LandingZone, landing_zone, until

CHECK = "def test_the_machine_answers(host):\n    assert host.run('true').rc == 0\n"


@pytest.fixture
def zone(tmp_path: Path, emulator: Emulator) -> LandingZone:
    """A landing zone with three checked versions, none of which is staged."""
    made = landing_zone(tmp_path / "a", emulator)
    made.create()
    made.add_versions("1.0.0", "1.0.1", "1.0.2")
    return made


def elsewhere(zone: LandingZone, root: Path) -> LandingZone:
    """The same landing zone, as another machine sees it."""
    root.mkdir()
    return replace(zone, root=root)


@pytest.mark.slow
def test_a_check_that_died_while_cleaning_up_leaves_nothing_when_it_is_run_again(
    zone: LandingZone, tmp_path: Path
) -> None:
    checks = tmp_path / "a" / "checks"
    checks.mkdir(parents=True)
    (checks / "test_it.py").write_text(CHECK)
    image = replace(zone.image, folder=tmp_path / "a", checks=checks)
    zone = replace(zone, image=image)
    group = check_group("web", "1.0.2")

    def check(journal: type[Journal] = Journal) -> None:
        build.check_image(zone.session(journal=journal), "web", "1.0.2")

    with pytest.raises(Crash):
        check(dying_after("accepted", f"delete the resource group {group}"))
    until(lambda: zone.session().azure.group(group) is None)

    check()

    assert zone.session().azure.group(group) is None


@pytest.mark.slow
def test_a_deletion_that_died_is_not_believed_after_another_machine_staged_the_same(
    zone: LandingZone, tmp_path: Path
) -> None:
    here, there = zone, elsewhere(zone, tmp_path / "b")
    here.serve("1.0.0")
    here.stage("1.0.1")
    with pytest.raises(Crash):
        swap.stage(
            here.session(journal=dying_after("accepted", "delete web-1-0-1")), "web", "1.0.2"
        )
    deleted = scale_set_id(zone.environment, "web-1-0-1")
    until(lambda: zone.session().azure.get(deleted) is None)
    there.stage("1.0.1")

    here.stage("1.0.2")

    now = zone.survey()
    assert [found.version for found in now.idle_sets] == ["1.0.2"]
    assert {version_at(now.health_url("staging")) for _ in range(20)} == {"1.0.2"}


@pytest.mark.slow
@pytest.mark.parametrize("way", ["rollback", "promote"])
def test_a_throttled_deletion_is_not_sent_again_to_a_set_that_serves_by_now(
    zone: LandingZone, tmp_path: Path, way: str
) -> None:
    here, there = zone, elsewhere(zone, tmp_path / "b")
    here.serve("1.0.0")
    here.stage("1.0.1")
    idle, serving = "1.0.1", "1.0.0"
    if way == "rollback":
        here.promote()
        idle, serving = serving, idle
    name = scale_set_name("web", idle)
    throttle = {
        "status": 429,
        "code": "TooManyRequests",
        "message": "Later.",
        "headers": {"Retry-After": "5"},
    }
    match = {"method": "DELETE", "path": f"{zone.environment.resource_group}/.*/{name}$"}
    zone.fault(match, {"fail": throttle})
    caught: list[BaseException] = []

    def stage() -> None:
        try:
            there.stage("1.0.2")
        except PipelineError as error:
            caught.append(error)

    other = Thread(target=stage)
    other.start()
    until(lambda: not zone.emulator.call("GET", "/emulator/faults").body["value"])
    here.rollback() if way == "rollback" else here.promote()
    other.join()

    (error,) = caught
    assert isinstance(error, Overtaken)
    assert "it serves by now, so it is not deleted" in str(error)
    assert zone.status().serving == idle
    assert {version_at(zone.survey().health_url("production")) for _ in range(10)} == {idle}
