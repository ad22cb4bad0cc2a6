"""`revoke` on an emulator: what it writes, what is refused then, and what others do meanwhile."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import pytest

from pipeline.arm import ResourceId
from pipeline.errors import Overtaken, Refused
from pipeline.execution.azure.requests import put
from pipeline.execution.azure.resources import Azure
from pipeline.execution.commands.nightly import nightly
from pipeline.execution.commands.revoke import revoke
from pipeline.execution.run.journal import Journal
from pipeline.execution.run.session import Session
from pipeline.planning.build.version_body import marked
from pipeline.planning.names import Tag, image_version_id
from pipeline.planning.versions import ImageVersion
from tests.conftest import Emulator
from tests.execution.landing_zone import LandingZone, at_once, landing_zone

WHY = "CVE-2026-1 in openssl"


@pytest.fixture
def zone(tmp_path: Path, emulator: Emulator) -> LandingZone:
    """A landing zone with three checked versions."""
    made = landing_zone(tmp_path, emulator)
    made.create()
    made.add_versions("1.0.0", "1.0.1", "1.0.2")
    return made


def take_back(zone: LandingZone, version: str, **options: Any) -> None:
    """`revoke`."""
    revoke(zone.session(), "web", version, **{"why": WHY, **options})


def version(zone: LandingZone, name: str) -> ImageVersion:
    """A version as the gallery has it."""
    found = zone.survey().version(name)
    assert found is not None
    return found


def test_a_revoked_version_is_out_of_latest_and_never_staged(zone: LandingZone) -> None:
    take_back(zone, "1.0.2")

    found = version(zone, "1.0.2")
    assert found.exclude_from_latest
    assert found.tags[Tag.REVOKED_WHY] == WHY
    assert found.tags[Tag.REVOKED_BY] == zone.session().actor.tag
    with pytest.raises(Refused, match=WHY):
        zone.stage("1.0.2")
    zone.stage()
    assert zone.status().idle == "1.0.1"

    before = zone.writes("/versions/")
    take_back(zone, "1.0.2")
    assert zone.writes("/versions/") == before


def test_a_revocation_can_be_taken_back(zone: LandingZone) -> None:
    take_back(zone, "1.0.2")
    take_back(zone, "1.0.2", undo=True)

    found = version(zone, "1.0.2")
    assert found.is_eligible
    assert not found.tags.keys() & {Tag.REVOKED, Tag.REVOKED_BY, Tag.REVOKED_WHY}


def test_a_plan_changes_nothing(zone: LandingZone) -> None:
    session = zone.session(plan_only=True)
    revoke(session, "web", "1.0.2", why=WHY)
    assert version(zone, "1.0.2").is_eligible
    assert "mark web 1.0.2 revoked" in zone.output


def test_where_it_serves_status_and_nightly_say_so_first_and_it_can_be_left(
    zone: LandingZone,
) -> None:
    zone = at_once(zone)
    zone.serve("1.0.0")
    zone.serve("1.0.1")
    take_back(zone, "1.0.1")
    assert "web 1.0.1 is in test (serving)" in zone.output

    (line,) = zone.status().urgent
    assert line.startswith("1.0.1 serves, and it was revoked on ")
    assert line.endswith("leave it: invoke rollback web")
    with pytest.raises(Exception, match="1 of 1 images failed"):
        nightly(replace(zone.session(), plan_only=False))
    assert f"web {line}" in zone.output.replace("\n", " ")

    zone.rollback()
    assert zone.status().urgent == ()


def test_somebody_who_writes_over_it_meanwhile_does_not_undo_it(zone: LandingZone) -> None:
    resource = image_version_id(zone.environment, "web", "1.0.2")
    azure = zone.session().azure
    stale = azure.get(resource) or {}
    writing = _WritesOnce(azure, lambda: zone.put(resource, marked(stale, passed=True)))
    session = replace(zone.session())
    vars(session)["azure"] = writing

    revoke(session, "web", "1.0.2", why=WHY)

    assert version(zone, "1.0.2").is_revoked
    assert writing.has_written


class _WritesOnce(Azure):
    """Azure, where somebody else writes right after our first write of a version."""

    def __init__(self, azure: Azure, write: Any, times: int = 1) -> None:
        super().__init__(azure.environment, azure.clients)
        self._write, self._times = write, times
        self.has_written = False

    def get(self, resource: ResourceId, **options: Any) -> dict[str, Any] | None:
        body = super().get(resource, **options)
        is_revoked = Tag.REVOKED in ((body or {}).get("tags") or {})
        if is_revoked and self._times and resource.segments[-1][0] == "versions":
            self._times -= 1
            self.has_written = True
            self._write()
            return super().get(resource, **options)
        return body


def test_who_is_overwritten_again_and_again_gives_up_and_says_so(zone: LandingZone) -> None:
    resource = image_version_id(zone.environment, "web", "1.0.2")
    azure = zone.session().azure
    stale = azure.get(resource) or {}
    session = replace(zone.session())
    vars(session)["azure"] = _WritesOnce(
        azure, lambda: zone.put(resource, marked(stale, passed=True)), times=9
    )
    with pytest.raises(Overtaken, match="gave up after 5 concurrent updates"):
        revoke(session, "web", "1.0.2", why=WHY)


class _Crash(BaseException):
    """The process is gone."""


class _Mortal(Journal):
    """Dies before and after each line, each once."""

    died: ClassVar[set[tuple[str, bool]]] = set()

    def append(self, event: str, **fields: object) -> None:
        self._perhaps_die(event, False)
        super().append(event, **fields)
        self._perhaps_die(event, True)

    def _perhaps_die(self, event: str, written: bool) -> None:
        if (event, written) not in self.died:
            self.died.add((event, written))
            raise _Crash(event)


def test_killed_at_any_line_of_the_journal_it_ends_right_when_run_again(
    zone: LandingZone,
) -> None:
    _Mortal.died.clear()
    session: Session = zone.session(journal=_Mortal)
    deaths = 0
    while deaths < 50:
        try:
            revoke(session, "web", "1.0.2", why=WHY)
            break
        except _Crash:
            deaths += 1
    assert deaths >= 4
    found = version(zone, "1.0.2")
    assert found.is_revoked and found.exclude_from_latest


def test_a_check_does_not_bring_a_revoked_version_back_into_latest(zone: LandingZone) -> None:
    take_back(zone, "1.0.2")
    resource = image_version_id(zone.environment, "web", "1.0.2")
    body = zone.session().azure.get(resource) or {}
    zone.session().azure.begin(put(resource, marked(body, passed=True))).result()
    assert version(zone, "1.0.2").exclude_from_latest


def test_an_end_of_life_is_enforced_and_told(zone: LandingZone) -> None:
    resource = image_version_id(zone.environment, "web", "1.0.2")
    body = zone.session().azure.get(resource) or {}
    zone.put(resource, marked(body, passed=True, end_of_life="2026-01-01T00:00:00Z"))

    found = version(zone, "1.0.2")
    assert found.is_past
    assert found.end_of_life.startswith("2026-01-01T00:00:00")
    with pytest.raises(Refused, match="its end of life was 2026-01-01"):
        zone.stage("1.0.2")
