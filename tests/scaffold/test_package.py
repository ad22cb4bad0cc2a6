"""The wheel, as a team has it: built offline, installed, `bakeswap init`, and its commands.

The environment sees the locked packages, but neither this checkout nor its `invoke`.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Iterator
from pathlib import Path
from zipfile import ZipFile

import pytest

from tests.conftest import ROOT, free_addresses
from tests.execution.image_project import packer_or_skip

pytestmark = pytest.mark.slow

LEFT_OUT = shutil.ignore_patterns(".*", "tests", "docs", "__pycache__")
SIMULATED = ROOT / "tests" / "e2e" / "images"
"""An image that simulated machines can be."""


def run(*command: str | Path, cwd: Path) -> str:
    """All that a command said; it must end well."""
    environment = {**os.environ, "PYTHONPATH": "", "PACKER_PLUGIN_PATH": PLUGINS}
    environment["PATH"] = f"{Path(sys.executable).parent}:{environment['PATH']}"  # for packer
    done = subprocess.run(
        command, cwd=cwd, env=environment, check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


PLUGINS = os.environ.get("PACKER_PLUGIN_PATH") or str(Path(sys.prefix, "share/packer/plugins"))


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout; building it leaves nothing here."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    shutil.copytree(ROOT, source, ignore=LEFT_OUT)
    shutil.copytree(ROOT / ".github", source / ".github")
    offline = ("--no-deps", "--no-index", "--no-build-isolation")
    run(sys.executable, "-m", "pip", "wheel", *offline, "-w", folder, source, cwd=folder)
    (made,) = folder.glob("*.whl")
    return made


@pytest.fixture(scope="module")
def bakeswap(wheel: Path) -> Path:
    """The command that installing the wheel gives."""
    folder = wheel.parent / "venv"
    venv.create(folder)
    python = folder / "bin" / "python"
    packages = Path(sysconfig.get_path("purelib", vars={"base": str(folder)}))
    (packages / "locked.pth").write_text(f"{sysconfig.get_path('purelib')}\n")
    pip = (sys.executable, "-m", "pip", "--python", python, "install")
    run(*pip, "--no-deps", "--no-index", wheel, cwd=folder)
    return folder / "bin" / "bakeswap"


@pytest.fixture(scope="module")
def shop(bakeswap: Path) -> Iterator[Path]:
    """A new folder after `bakeswap init`, its emulator at a port of its own."""
    folder = bakeswap.parents[2] / "shop"
    folder.mkdir()
    run(bakeswap, "init", cwd=folder)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    definitions = folder / "environments.hcl"
    definitions.write_text(definitions.read_text().replace("127.0.0.1:9443", f"127.0.0.1:{port}"))
    yield folder
    for root in (folder, folder / ".pipeline" / "demo"):
        if root.exists():
            run(bakeswap, "emulator.stop", cwd=root)


@pytest.fixture(scope="module")
def block() -> Iterator[str]:
    """Loopback addresses of this module's own."""
    with free_addresses() as addresses:
        yield addresses


def test_the_wheel_holds_no_set_up_and_no_tests(wheel: Path) -> None:
    names = ZipFile(wheel).namelist()

    assert {name.partition("/")[0] for name in names} == {
        "bakeswap",
        "pipeline",
        f"{wheel.name.removesuffix('-py3-none-any.whl')}.dist-info",
    }
    assert not [name for name in names if name.startswith(("pipeline/setup/", "tests/"))]
    assert {"bakeswap/py.typed", "pipeline/py.typed"} <= set(names)


def test_a_team_s_tasks_are_ours(bakeswap: Path, shop: Path) -> None:
    assert "build-image" in run(bakeswap.with_name("python"), "-m", "invoke", "--list", cwd=shop)


def test_help_and_version_are_its_own(bakeswap: Path, shop: Path) -> None:
    assert run(bakeswap, "init", "--help", cwd=shop).startswith("Usage: bakeswap init [FOLDER] ")
    assert run(bakeswap, "--version", cwd=shop).startswith("bakeswap ")


def test_init_overwrites_nothing(bakeswap: Path, shop: Path) -> None:
    (shop / "README.md").write_text("ours\n")
    ended = subprocess.run([bakeswap, "init", "."], cwd=shop, check=False, capture_output=True)

    assert ended.returncode == 1
    assert b"would overwrite README.md, environments.hcl" in ended.stdout


def test_an_environment_is_created_and_a_build_planned_from_a_folder_below(
    bakeswap: Path, shop: Path, block: str
) -> None:
    below = shop / "images" / "web"
    run(bakeswap, "emulator.start", "--machines", "simulated", "--addresses", block, cwd=below)
    created = run(bakeswap, "create-environment", cwd=below)
    planned = run(bakeswap, "build-image", "web", "--plan", cwd=below)
    status = json.loads(run(bakeswap, "status", "--json", cwd=below))

    assert "\n  build a version of web   bakeswap build-image web\n" in created
    assert "Plan: build web 1.0.0 (no version has these inputs yet)" in planned
    assert [row["image"] for row in status["images"]] == ["web"]
    run(bakeswap, "emulator.stop", cwd=below)


def test_without_the_emulator_s_extra_it_is_named(bakeswap: Path, shop: Path) -> None:
    program = (
        "import sys; sys.path = [path for path in sys.path if 'locked' not in path];"
        "import importlib.util as util; find = util.find_spec;"
        "util.find_spec = lambda name, *rest: None if name == 'asyncssh' else find(name, *rest);"
        "sys.argv = ['bakeswap', 'emulator.start']; import bakeswap; bakeswap.main()"
    )
    ended = subprocess.run(
        [bakeswap.with_name("python"), "-c", program],
        cwd=shop,
        check=False,
        capture_output=True,
        text=True,
    )

    assert ended.returncode == 1
    assert "the emulator needs asyncssh" in ended.stdout
    assert "pip install 'bakeswap[emulator]'" in ended.stdout


@pytest.mark.nightly
@pytest.mark.packer
def test_the_demo_runs_whole(bakeswap: Path, shop: Path, block: str) -> None:
    """With real Packer and traffic, on simulated machines: their image has no OS to configure."""
    packer_or_skip()
    shutil.rmtree(shop / "images")
    shutil.copytree(SIMULATED, shop / "images")

    told = run(bakeswap, "demo", "--machines", "simulated", "--addresses", block, cwd=shop)

    run(bakeswap, "emulator.stop", cwd=shop / ".pipeline" / "demo")
    assert "no request was lost" in told
    assert "\n$ bakeswap promote web\n" in told
    assert "\n  promote again     bakeswap promote web --again\n" in told
    assert not Path(shop / ".pipeline" / "runs").exists()
