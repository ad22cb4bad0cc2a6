"""`nightly` asks the repositories of an rpm image: served on loopback, no machine, no rpm."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.execution.commands.packages import vulnerabilities
from pipeline.execution.packages.indexes import Indexes
from pipeline.execution.packages.newer import ask
from pipeline.execution.packages.recorded import recorded
from pipeline.planning.evidence.inventory import Inventory
from pipeline.planning.names import Tag
from pipeline.planning.packages.rpm_state import packages, rpms
from pipeline.planning.versions import ImageVersion
from tests.conftest import Emulator
from tests.execution.commands.standing import RUN, plan_of, rebuilt_on, standing, write
from tests.execution.landing_zone import LandingZone
from tests.execution.packages.rpm_repository import Package, Repository, advisory, served, state_of

pytest.importorskip("solv", reason="the extra `rpm` is not here")

BASH, NGINX = Package("bash", "5.1.8-9.el9"), Package("nginx", "2:1.20.1-14.el9", ("bash",))
NEWER = Package("nginx", "2:1.20.1-16.el9", ("bash",))
FIX = advisory("RLSA-1", NEWER)


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Repository]:
    """What the version was baked from."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "user"))
    with served(tmp_path) as made:
        made.publish(BASH, NGINX)
        yield made


@pytest.fixture
def zone(emulator: Emulator, tmp_path: Path, repository: Repository) -> LandingZone:
    """A landing zone where 1.0.0 has the image's inputs, and its packages are written down."""
    made = standing(tmp_path, emulator)
    state = state_of(repository.settings(), (BASH,), (BASH, NGINX))
    write(made, Inventory("rpm", "rocky-9.5", packages(rpms(state.now))), state)
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
    repository.publish(BASH, NEWER, advisories=[FIX])
    told = plan_of(changed)
    assert (
        "build web 1.0.1 (since 1.0.0: nginx 2:1.20.1-14.el9 -> 2:1.20.1-16.el9 (security))" in told
    )


def test_what_is_no_fix_waits_where_only_security_forces(
    zone: LandingZone, repository: Repository
) -> None:
    repository.publish(BASH, NEWER)
    told = plan_of(rebuilt_on(zone, "inputs", "security"))
    assert "1 package differs today (0 for security), which rebuild_on does not name" in told


def test_a_repository_that_is_down_is_said_and_fails_nothing(
    zone: LandingZone, repository: Repository
) -> None:
    shutil.rmtree(repository.folder / "repodata")
    told = plan_of(rebuilt_on(zone, "inputs", "security"))
    assert "nothing to do" in told
    assert "package indexes not asked: main-repo: http://127.0.0.1:" in told
    assert "HTTP 404" in told


def test_without_the_extra_it_names_what_to_install(
    zone: LandingZone, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "solv", None)
    told = plan_of(rebuilt_on(zone, "packages"))
    assert "nothing to do" in told
    assert "package indexes not asked: solv is not on this machine" in told
    assert "pip install 'bakeswap[rpm]'" in told


def test_a_bake_that_upgrades_would_upgrade_the_base(
    zone: LandingZone, repository: Repository, tmp_path: Path
) -> None:
    repository.publish(Package("bash", "5.1.8-10.el9"), NGINX)
    known = recorded(zone.session(), ImageVersion("1.0.0", tags={Tag.RUN: RUN}))
    script = tmp_path / "upgrade.sh"
    script.write_text("dnf -y upgrade\n")
    for scripts, words in (((), []), ((script,), ["bash 5.1.8-9.el9 -> 5.1.8-10.el9"])):
        answer = ask(Indexes(), replace(zone.image, scripts=scripts), known)
        assert answer.prediction
        assert [str(one) for one in answer.prediction.changes] == words


def test_security_fixes_that_are_open_are_told(zone: LandingZone, repository: Repository) -> None:
    fix = Package("bash", "5.1.8-10.el9")
    repository.publish(BASH, NGINX, advisories=[advisory("RLSA-2", fix)])
    vulnerabilities(zone.session(), "web", "1.0.0")
    told = " ".join(zone.output.split())
    assert "indexes have: bash 5.1.8-9.el9 -> 5.1.8-10.el9 (security)" in told
