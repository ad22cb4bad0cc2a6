"""`diff` and `vulnerabilities` of versions whose packages are written down."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.errors import UsageError
from pipeline.execution.azure.requests import patch
from pipeline.execution.commands.packages import diff, vulnerabilities
from pipeline.execution.commands.swap import status
from pipeline.execution.packages.answered import open_fixes
from pipeline.execution.packages.comparing import brought
from pipeline.execution.packages.indexes import Indexes
from pipeline.execution.verdict import JUNIT
from pipeline.planning.evidence import inventory
from pipeline.planning.evidence.inventory import Inventory
from pipeline.planning.names import Tag, image_version_id
from pipeline.planning.packages import state
from pipeline.planning.packages.dpkg import installed
from pipeline.planning.versions import ImageVersion
from tests.conftest import Emulator
from tests.execution.landing_zone import LandingZone, landing_zone
from tests.execution.packages.repository import (
    MAIN,
    SECURITY,
    Deb,
    Repository,
    served,
    snapshot,
    state_of,
)

pytestmark = pytest.mark.skipif(not shutil.which("apt-get"), reason="there is no apt here")

LIBC = Deb("libc6", "2.36-9")
OLD, NEW = Deb("openssl", "3.0.15-1"), Deb("openssl", "3.0.17-1")
RUNS = {"1.0.0": "20261101T000000Z-baker-0001", "1.0.1": "20261102T000000Z-baker-0002"}
TEST = '<testsuite><testcase classname="test_web" name="{}"/></testsuite>'
TRACKER = {"openssl": {"CVE-1": {"releases": {"bookworm": {"status": "open"}}}}}


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Repository]:
    """A security suite has a newer openssl."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "user"))
    with served(tmp_path) as made:
        made.publish(MAIN, LIBC, OLD)
        made.publish(SECURITY, NEW)
        yield made


@pytest.fixture
def zone(emulator: Emulator, tmp_path: Path, repository: Repository) -> LandingZone:
    """1.0.1 has the newer openssl, and one test more."""
    made = landing_zone(tmp_path, emulator)
    made.create()
    made.add_versions(*RUNS)
    sources = repository.sources(MAIN, SECURITY)
    for (version, run), deb, test in zip(RUNS.items(), (OLD, NEW), ("old", "new"), strict=True):
        tags = {Tag.RUN: run, Tag.CHECK: "passed", Tag.FINGERPRINT: "f", Tag.COMMIT: "uncommitted"}
        resource = image_version_id(made.environment, "web", version)
        made.session().azure.begin(patch(resource, {"tags": tags})).result()
        apt = state_of(snapshot(sources, (LIBC,)), snapshot(sources, (LIBC, deb)))
        folder = made.session().runs / run
        folder.mkdir(parents=True)
        found = Inventory("dpkg", "debian-12", installed(apt.now.status))
        (folder / inventory.FILE).write_text(json.dumps(found.written()))
        (folder / state.FILE).write_text(json.dumps(apt.written()))
        (folder / JUNIT).write_text(TEST.format(test))
    _ = made.output
    return made


def note(zone: LandingZone, before: ImageVersion | None, after: ImageVersion | None) -> str:
    """What the plan of a promotion tells of packages."""
    found = brought(zone.session(), "web", before, after)
    return found.note if found else ""


def told(zone: LandingZone) -> str:
    """What was printed, in one line."""
    return " ".join(zone.output.split())


def test_the_difference_is_exactly_the_package_with_its_class(zone: LandingZone) -> None:
    diff(zone.session(), "web", "1.0.0", "1.0.1")
    text = told(zone)
    assert "openssl 3.0.15-1 3.0.17-1 security" in text
    assert "1 package changed, 1 for security: openssl 3.0.15-1 -> 3.0.17-1" in text
    assert "check: gone: test_web::old" in text
    assert "check: new: test_web::new passed" in text
    assert "libc6" not in text


def test_release_notes_are_printed_as_they_are(zone: LandingZone) -> None:
    diff(zone.session(), "web", "1.0.0", "1.0.1", markdown=True)
    assert "| openssl | 3.0.15-1 | 3.0.17-1 | security |" in zone.output


def test_what_is_not_written_down_is_said(zone: LandingZone) -> None:
    shutil.rmtree(zone.session().runs / RUNS["1.0.0"])
    diff(zone.session(), "web", "1.0.0", "1.0.1")
    assert "not known: packages of 1.0.0: they are not written down here" in told(zone)


def test_without_indexes_the_packages_are_told_without_classes(
    zone: LandingZone, repository: Repository
) -> None:
    shutil.rmtree(repository.folder / "dists")
    diff(zone.session(), "web", "1.0.0", "1.0.1")
    text = told(zone)
    assert "openssl 3.0.15-1 3.0.17-1 -" in text
    assert "not known: classes of packages: apt-get: " in text


def test_a_version_that_is_not_there_is_named(zone: LandingZone) -> None:
    with pytest.raises(UsageError, match=r"has no web 9\.9\.9"):
        diff(zone.session(), "web", "1.0.0", "9.9.9")


def test_a_note_of_a_plan_asks_no_mirror(zone: LandingZone, repository: Repository) -> None:
    ends = [ImageVersion(name, tags={Tag.RUN: run}) for name, run in RUNS.items()]
    repository.requests.clear()
    assert note(zone, *ends) == "packages since 1.0.0: 1 package changed"
    assert repository.requests == []
    diff(zone.session(), "web", "1.0.0", "1.0.1")
    assert note(zone, *ends) == (
        "packages since 1.0.0: 1 package changed, 1 for security: openssl 3.0.15-1 -> 3.0.17-1"
    )
    assert note(zone, None, ends[1]) == ""
    assert note(zone, ends[0], replace(ends[1], tags={})) == ""


def test_fixes_that_what_serves_lacks_are_shown_and_kept_for_status(zone: LandingZone) -> None:
    vulnerabilities(zone.session(), "web", "1.0.0")
    assert "indexes have: openssl 3.0.15-1 -> 3.0.17-1 (security)" in told(zone)
    found = open_fixes(zone.session(), "web", "1.0.0")
    assert found is not None
    assert str(found).startswith("1 security fix open (openssl), as of ")
    assert open_fixes(zone.session(), "web", "1.0.1") is None
    vulnerabilities(zone.session(), "web")
    assert "indexes have no newer fix of security" in told(zone)


def test_status_tells_of_them(zone: LandingZone) -> None:
    zone.stage("1.0.0")
    zone.promote()
    vulnerabilities(zone.session(), "web")
    _ = zone.output
    status(zone.session())
    assert "web: 1 security fix open (openssl), as of " in told(zone)
    zone.stage("1.0.1")
    _ = zone.output
    zone.promote()
    assert "packages since 1.0.0: 1 package changed, 1 for security" in told(zone)


def test_documents_of_others_are_read_by_path(zone: LandingZone, tmp_path: Path) -> None:
    tracker, osv, bill = (tmp_path / name for name in ("tracker.json", "osv", "bill.json"))
    tracker.write_text(json.dumps(TRACKER))
    osv.mkdir()
    about = {"package": {"ecosystem": "Debian:12", "name": "openssl"}, "versions": ["3.0.15-1"]}
    (osv / "a.json").write_text(json.dumps([{"id": "DSA-1", "affected": [about]}]))
    paths = {"tracker": str(tracker), "osv": str(osv), "cyclonedx": str(bill)}
    vulnerabilities(zone.session(), "web", "1.0.0", **paths)
    text = told(zone)
    assert "CVE-1 openssl 3.0.15-1 - debian" in text
    assert "DSA-1 openssl 3.0.15-1 - osv" in text
    ids = [one["id"] for one in json.loads(bill.read_text())["vulnerabilities"]]
    assert ids == ["CVE-1", "DSA-1"]


@pytest.mark.parametrize(
    ("kind", "content", "reason"),
    [
        ("tracker", "{", "not JSON"),
        ("tracker", "[]", "not the data of Debian's security tracker"),
        ("osv", '[{"affected": 3}]', "not a document of OSV"),
    ],
)
def test_documents_of_another_kind_are_refused(
    zone: LandingZone, tmp_path: Path, kind: str, content: str, reason: str
) -> None:
    file = tmp_path / "file.json"
    file.write_text(content)
    with pytest.raises(UsageError, match=reason):
        vulnerabilities(zone.session(), "web", "1.0.0", **{kind: str(file)})


def test_packages_that_nobody_wrote_down_have_no_vulnerabilities(zone: LandingZone) -> None:
    shutil.rmtree(zone.session().runs)
    with pytest.raises(UsageError, match="not written down"):
        vulnerabilities(zone.session(), "web", "1.0.0")


def test_nobody_waits_for_another_run_to_make_a_note(
    zone: LandingZone, repository: Repository
) -> None:
    ends = [ImageVersion(name, tags={Tag.RUN: run}) for name, run in RUNS.items()]
    apt = state.reading(json.loads((zone.session().runs / RUNS["1.0.0"] / state.FILE).read_text()))
    with Indexes()._asked(apt):
        assert note(zone, *ends) == "packages since 1.0.0: 1 package changed"
