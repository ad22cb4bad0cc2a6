"""A newer package appears in a repository: `nightly` foretells, bakes, and `diff` shows it.

Real Packer, real machines, real apt on both sides. Guests reach the repository on this machine's
loopback by 10.0.2.2; apt on this machine reaches the same address through it as a proxy.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from platform import freedesktop_os_release
from typing import Any
from urllib.parse import urlsplit

import pytest

from pipeline.emulator.machines.sources import candidates
from pipeline.execution.commands.nightly import nightly
from pipeline.execution.commands.packages import diff
from tests.conftest import free_addresses, running_emulator
from tests.execution.image_project import ImageProject, image_project, packer_or_skip
from tests.execution.packages.repository import MAIN, SECURITY, Deb, Repository, served

pytestmark = [pytest.mark.nightly, pytest.mark.packer, pytest.mark.vm]

GUEST = "10.0.2.2"
"""This machine, from a guest."""
APP = Deb("shop-app", "1.0-1", "shop-lib (>= 1.0)")
LIB, NEWER = Deb("shop-lib", "1.0-1"), Deb("shop-lib", "1.0-1+deb12u1")
LIST = "/etc/apt/sources.list.d/shop.list"

IMAGE = """\
image "{name}" {{
  template   = "linux"
  version    = "1.0"
  rebuild_on = ["inputs", "base", "security"]
  base {{
    publisher = "Debian"
    offer     = "debian-12"
    sku       = "12-gen2"
  }}
  scripts = ["scripts/install.sh"]
  checks  = "checks"
}}
"""

INSTALL = """\
#!/bin/sh
set -eu
cat >{list} <<END
{sources}END
apt-get -o Dir::Etc::sourcelist={list} -o Dir::Etc::sourceparts=- \\
    -o APT::Get::List-Cleanup=0 update
apt-get install -y --no-install-recommends shop-app
"""

CHECK = """\
def test_the_app_is_installed(host):
    assert host.package("shop-app").is_installed
"""


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Repository]:
    """The first versions of an app and its library, as packages that can be installed."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "user"))
    with served(tmp_path) as made:
        monkeypatch.setenv("http_proxy", made.url)
        monkeypatch.setenv("no_proxy", ",".join(("127.0.0.1", *hosts_of_apt())))
        for one in (APP, LIB, NEWER):
            package(one, made)
        made.publish(MAIN, APP, LIB)
        made.publish(SECURITY)
        made.url = made.url.replace("127.0.0.1", GUEST)
        yield made


def hosts_of_apt() -> set[str]:
    """Where this machine's own sources are, which the base image is made of and names as well."""
    codename = freedesktop_os_release().get("VERSION_CODENAME", "")
    found = (urlsplit(source.uri).hostname for source in candidates(Path("/etc/apt"), codename))
    return {host for host in found if host}


def package(one: Deb, repository: Repository) -> None:
    """Build a package with nothing in it."""
    folder = repository.folder.parent / "build" / f"{one.name}-{one.version}"
    (folder / "DEBIAN").mkdir(parents=True)
    control = one.paragraph("Maintainer: Test <test@example.com>", "Description: nothing")
    (folder / "DEBIAN" / "control").write_text(control)
    pool = repository.folder / "pool"
    pool.mkdir(exist_ok=True)
    target = pool / f"{one.name}_{one.version}_{one.architecture}.deb"
    command = ["dpkg-deb", "--root-owner-group", "--build", str(folder), str(target)]
    subprocess.run(command, check=True, capture_output=True)


@pytest.fixture
def project(tmp_path: Path, repository: Repository) -> Iterator[ImageProject]:
    """An image that installs the app, and an emulator with real machines."""
    packer_or_skip()
    if not shutil.which("apt-get"):
        pytest.skip("there is no apt on this machine")
    with (
        free_addresses() as block,
        running_emulator(tmp_path / "state", block, "--machines", "qemu") as emulator,
    ):
        made = image_project(tmp_path / "work", emulator)
        shutil.rmtree(made.folder / "files")
        made.write("image.hcl", IMAGE.format(name=made.image))
        sources = repository.sources(MAIN, SECURITY)
        made.write("scripts/install.sh", INSTALL.format(list=LIST, sources=sources))
        made.write("checks/test_it.py", CHECK)
        yield made


def documents(project: ImageProject) -> dict[str, Any]:
    """The inventory of every run, by the version of shop-lib in it."""
    found = {}
    for path in (project.root / ".pipeline" / "runs").glob("*/inventory.json"):
        inventory = json.loads(path.read_text())
        (lib,) = (one for one in inventory["packages"] if one["name"] == LIB.name)
        found[lib["version"]] = inventory
    return found


def test_a_newer_package_is_foretold_baked_and_shown(
    project: ImageProject, repository: Repository
) -> None:
    assert project.build().version == "1.0.0"
    assert set(documents(project)) == {LIB.version}

    nightly(project.session())
    assert "no newer packages" in project.output

    repository.publish(SECURITY, NEWER)
    before = len(project.requests("PUT", "virtualMachines"))
    began = time.monotonic()
    nightly(project.session(plan_only=True))
    took = time.monotonic() - began
    why = "since 1.0.0: shop-lib 1.0-1 -> 1.0-1+deb12u1 (security)"
    assert f"build {project.image} 1.0.1 ({why})" in " ".join(project.output.split())
    assert len(project.requests("PUT", "virtualMachines")) == before
    print(f"the question took {took:.1f} s")  # noqa: T201 - measured, whoever else is at work

    nightly(project.session())
    assert "as foretold: " in project.output
    assert set(documents(project)) == {LIB.version, NEWER.version}

    diff(project.session(), project.image, "1.0.0", "1.0.1")
    told = " ".join(project.output.split())
    shown = "1 package changed, 1 for security: shop-lib 1.0-1 -> 1.0-1+deb12u1"
    assert f"{project.image} 1.0.0 -> 1.0.1: {shown}" in told

    nightly(project.session(), verify=True)
    assert project.versions()["1.0.2"].is_eligible
