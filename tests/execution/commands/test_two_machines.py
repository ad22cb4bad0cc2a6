"""Commands of one machine that died, and what another did meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from threading import Thread

import pytest

from pipeline.errors import PipelineError, Refused
from pipeline.execution.commands import build, prune
from pipeline.execution.run.journal import Journal
from pipeline.execution.watch.answers import version_at
from pipeline.planning.names import Tag, scale_set_id, scale_set_name
from tests.conftest import Emulator
from tests.execution.dying import Crash, dying_after
from tests.execution.landing_zone import LandingZone, at_once, landing_zone, until

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
    name = "bakeswap-check-web-1-0-2-"

    def check(journal: type[Journal] = Journal) -> None:
        build.check_image(zone.session(journal=journal), "web", "1.0.2")

    with pytest.raises(Crash):
        check(dying_after("accepted", f"delete the resource group {name}"))

    check()

    groups = zone.session().azure.groups(Tag.ENVIRONMENT, zone.environment.name)
    assert [group["name"] for group in groups if str(group["name"]).startswith(name)] == []


@pytest.mark.slow
def test_a_deletion_that_died_is_not_believed_after_another_machine_staged_the_same(
    zone: LandingZone, tmp_path: Path
) -> None:
    here, there = zone, elsewhere(zone, tmp_path / "b")
    here.serve("1.0.0")
    here.stage("1.0.1")
    with pytest.raises(Crash):
        prune.unstage(
            here.session(journal=dying_after("accepted", "delete web-1-0-1")), "web", "1.0.1"
        )
    deleted = scale_set_id(zone.environment, "web-1-0-1")
    until(lambda: zone.session().azure.get(deleted) is None)
    with pytest.raises(Refused, match="is being removed by the run"):
        there.stage("1.0.1")
    there.prune()
    there.stage("1.0.1")

    prune.unstage(here.session(), "web", "1.0.1")

    now = zone.survey()
    assert now.of_version("1.0.1") is None
    assert now.serving_version == "1.0.0"


@pytest.mark.slow
@pytest.mark.parametrize(("way", "hindrance"), [("rollback", "throttled"), ("promote", "delayed")])
def test_a_set_that_is_being_removed_never_comes_to_serve(
    zone: LandingZone, tmp_path: Path, way: str, hindrance: str
) -> None:
    zone = replace(at_once(zone), claims=False)
    here, there = zone, elsewhere(zone, tmp_path / "b")
    here.serve("1.0.0")
    here.stage("1.0.1")
    idle, serving = "1.0.1", "1.0.0"
    if way == "rollback":
        here.promote()
        here.stage("1.0.2")
        here.promote()
        idle, serving = "1.0.0", "1.0.2"
    name = scale_set_name("web", idle)
    throttle = {
        "status": 429,
        "code": "TooManyRequests",
        "message": "Later.",
        "headers": {"Retry-After": "5"},
    }
    match = {"method": "DELETE", "path": f"{zone.environment.resource_group}/.*/{name}$"}
    zone.fault(match, {"fail": throttle} if hindrance == "throttled" else {"delay": 4})
    caught: list[BaseException] = []

    def unstage() -> None:
        try:
            prune.unstage(there.session(), "web", idle)
        except PipelineError as error:
            caught.append(error)

    other = Thread(target=unstage)
    other.start()
    until(lambda: not zone.emulator.call("GET", "/emulator/faults").body["value"])
    with suppress(PipelineError):
        here.rollback(idle) if way == "rollback" else here.promote()
    other.join()

    assert not caught
    assert zone.status().serving == serving
    assert {version_at(zone.survey().health_url("production")) for _ in range(10)} == {serving}


@pytest.mark.slow
def test_of_three_machines_none_brings_what_was_not_promoted_before_users(
    zone: LandingZone, tmp_path: Path
) -> None:
    zone = replace(zone, claims=False)
    here, second, third = (zone, *(elsewhere(zone, tmp_path / name) for name in ("b", "c")))
    here.serve("1.0.0")
    here.serve("1.0.1")
    stage = Thread(target=second.stage, args=("1.0.2",))
    back = Thread(target=_unless_refused, args=(third.rollback,))
    stage.start()
    back.start()
    _unless_refused(here.rollback)
    stage.join()
    back.join()
    (serves,) = {version_at(zone.survey().health_url("production")) for _ in range(10)}
    assert serves in {"1.0.0", "1.0.1"}  # both rollbacks give way where the stage was quicker
    assert {one.version for one in zone.survey().others} == {"1.0.0", "1.0.1", "1.0.2"} - {serves}


@pytest.mark.slow
def test_three_machines_that_stage_different_versions_at_once_all_succeed(
    zone: LandingZone, tmp_path: Path
) -> None:
    zone = replace(zone, claims=False)
    zone.add_versions("1.0.3")
    zone.serve("1.0.0")
    machines = (zone, elsewhere(zone, tmp_path / "b"), elsewhere(zone, tmp_path / "c"))
    versions = ("1.0.1", "1.0.2", "1.0.3")
    stages = [
        Thread(target=machine.stage, args=(version,))
        for machine, version in zip(machines, versions, strict=True)
    ]
    for begun in stages:
        begun.start()
    for begun in stages:
        begun.join()
    assert {one.version for one in zone.survey().others} == set(versions)
    assert zone.status().serving == "1.0.0"


def _unless_refused(command: Callable[[], None]) -> None:
    with suppress(PipelineError):
        command()
