"""`nightly` asks package indexes: a repository on loopback, what a version has, no machine."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.errors import ImagesFailed
from pipeline.execution.commands.nightly import nightly
from pipeline.execution.packages.newer import is_too_old
from pipeline.execution.packages.recorded import recorded
from pipeline.planning.evidence import inventory
from pipeline.planning.evidence.inventory import Inventory
from pipeline.planning.names import Tag
from pipeline.planning.packages import state
from pipeline.planning.packages.dpkg import installed
from pipeline.planning.versions import ImageVersion
from tests.conftest import Emulator
from tests.execution.commands.standing import RUN, plan_of, rebuilt_on, standing, write
from tests.execution.landing_zone import LandingZone
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

LIBC, NGINX = Deb("libc6", "2.36-9"), Deb("nginx", "1.22-1", "libc6")
NEWER = Deb("nginx", "1.22-1+deb12u1", "libc6")


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Repository]:
    """What the version was baked from."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "user"))
    with served(tmp_path) as made:
        made.publish(MAIN, LIBC, NGINX)
        made.publish(SECURITY)
        yield made


@pytest.fixture
def zone(emulator: Emulator, tmp_path: Path, repository: Repository) -> LandingZone:
    """A landing zone where 1.0.0 has the image's inputs, and its packages are written down."""
    made = standing(tmp_path, emulator)
    sources = repository.sources(MAIN, SECURITY)
    apt = state_of(snapshot(sources, (LIBC,)), snapshot(sources, (LIBC, NGINX)))
    write(made, Inventory("dpkg", "debian-12", installed(apt.now.status)), apt)
    _ = made.output
    return made


def test_with_nothing_new_it_says_so(zone: LandingZone) -> None:
    told = plan_of(rebuilt_on(zone, "inputs", "base", "security", "packages"))
    assert "web 1.0.0 has these inputs and passed its check; no newer packages" in told


def test_a_newer_package_is_named_with_its_class_and_forces_a_bake(
    zone: LandingZone, repository: Repository
) -> None:
    changed = rebuilt_on(zone, "inputs", "security")
    assert "nothing to do" in plan_of(changed)
    repository.publish(SECURITY, NEWER)
    told = plan_of(changed)
    assert "build web 1.0.1 (since 1.0.0: nginx 1.22-1 -> 1.22-1+deb12u1 (security))" in told
    assert "web 1.0.1 planned since 1.0.0: nginx" in told


def test_what_rebuild_on_does_not_name_is_told_and_waits(
    zone: LandingZone, repository: Repository
) -> None:
    repository.publish(SECURITY, NEWER)
    told = plan_of(zone)
    assert "1 package differs today (1 for security), which rebuild_on does not name" in told
    assert "nothing to do" in told


def test_indexes_that_do_not_answer_are_said_and_fail_nothing(
    zone: LandingZone, repository: Repository
) -> None:
    shutil.rmtree(repository.folder / "dists" / SECURITY)
    told = plan_of(rebuilt_on(zone, "inputs", "security"))
    assert "nothing to do" in told
    assert "package indexes not asked: apt-get: " in told
    assert "stable-security" in told


def test_packages_that_nobody_wrote_down_are_said(zone: LandingZone) -> None:
    shutil.rmtree(zone.session().runs / RUN)
    told = plan_of(rebuilt_on(zone, "security"))
    assert "its packages are not written down here" in told
    assert "written down" not in plan_of(zone)


def test_what_was_written_down_may_be_damaged(zone: LandingZone) -> None:
    folder = zone.session().runs / RUN
    version = ImageVersion("1.0.0", tags={Tag.RUN: RUN})
    (folder / state.FILE).write_text("{}")
    found = recorded(zone.session(), version)
    assert found is not None
    assert found.state is None
    (folder / inventory.FILE).write_text("[]")
    assert recorded(zone.session(), version) is None


def test_indexes_of_another_manager_are_not_asked(zone: LandingZone) -> None:
    folder = zone.session().runs / RUN
    (folder / state.FILE).unlink()
    found = json.loads((folder / inventory.FILE).read_text())
    (folder / inventory.FILE).write_text(json.dumps({**found, "manager": "rpm"}))
    assert "what rpm knew is not written down here" in plan_of(rebuilt_on(zone, "packages"))


def test_an_old_version_is_baked_again(zone: LandingZone) -> None:
    told = plan_of(rebuilt_on(zone, "inputs", max_age=86400.0))
    assert "build web 1.0.1 (1.0.0 is older than max_age, 1d)" in told


def test_a_version_of_an_unknown_age_is_never_too_old(zone: LandingZone) -> None:
    image = replace(zone.image, max_age=3600.0)
    assert not is_too_old(image, ImageVersion("1.0.0"))
    assert is_too_old(image, ImageVersion("1.0.0", tags={Tag.RUN: RUN}))


def test_what_was_foretold_is_verified_by_a_bake(zone: LandingZone) -> None:
    nightly(zone.session(plan_only=True), verify=True)
    told = " ".join(zone.output.split())
    assert "build web 1.0.1 (since 1.0.0: to verify what is foretold)" in told


def test_a_look_at_the_indexes_writes_nothing_in_azure(
    zone: LandingZone, repository: Repository
) -> None:
    changed = rebuilt_on(zone, "security")
    plan_of(changed)
    repository.publish(SECURITY, NEWER)
    before = zone.writes("")
    assert "(security)" in plan_of(changed)
    assert zone.writes("") == before


def test_a_failed_image_is_told_with_the_others(zone: LandingZone) -> None:
    changed = rebuilt_on(zone, "inputs")
    broken = replace(changed.image, name="gone")
    both = replace(changed.session(plan_only=True).project, images=(changed.image, broken))
    with pytest.raises(ImagesFailed, match="1 of 2 images failed: gone"):
        nightly(replace(changed.session(plan_only=True), project=both))
