"""An image that a team adds, in a style of its own, breaks none of our lint, types and tests."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.definition.project import read

ROOT = Path(__file__).parents[1]
COPIED = (
    "pyproject.toml",
    "environments.hcl",
    "docs",
    "images",
    "packer",
    "pipeline/__init__.py",
    "pipeline/advice.py",
    "pipeline/arm.py",
    "pipeline/errors.py",
    "pipeline/project_root.py",
    "pipeline/definition",
    "pipeline/planning",
    "pipeline/emulator/__init__.py",
    "pipeline/emulator/models",
    "tests/conftest.py",
    "tests/conformance/checker.py",
    "tests/conformance/exceptions.py",
    "tests/conformance/recordings.py",
    "tests/definition",
    "tests/planning",
)
"""Enough for all four tools, without what takes them long and the test that wants Packer."""

IMAGE = """\
image "shop" {
  template = "linux"
  version  = "3.1"
  base {
    publisher = "Debian"
    offer     = "debian-12"
    sku       = "12-gen2"
  }
  files   = "files"
  scripts = ["scripts/install.sh"]
  checks  = "checks"
  scale_set {
    sku = "Standard_D2s_v5"
    capacity = 1
  }
  health {
    port = 9000
    path = "/ok"
  }
}
"""
CARELESS = """\
import helpers, os
def test_it(host, unused = {}):
    x = eval('1')
    assert helpers.name(host) == 'shop'
    print ( os.environ['IMAGE_VERSION'] )
"""
THEIRS = {
    "image.hcl": IMAGE,
    "checks/test_web.py": CARELESS,  # the name of a check of another image
    "checks/helpers.py": "def name(host):\n\treturn host.check_output('hostname')\n",
    "checks/conftest.py": "collect_ignore = ['helpers.py']\n",
    "files/test_app.py": "print 'Python 2'\n",
    "files/app/tasks.py": "from flask import Flask\napp = Flask (__name__)\n",
    "scripts/install.sh": "true\n",
    "scripts/tool.py": "import sys; sys.exit( main() )\n",
}


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The repository's definitions, and an image of a team that no load balancer leads to."""
    root = tmp_path_factory.mktemp("repository")
    leave = shutil.ignore_patterns("__pycache__", "test_linux_template.py")
    for name in COPIED:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, root / name, ignore=leave)
        else:
            shutil.copy(ROOT / name, root / name)
    for name, text in THEIRS.items():
        file = root / "images" / "shop" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return root


def run(*command: str | Path, cwd: Path) -> tuple[int, str]:
    """The exit code of a tool, and all that it said."""
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=cwd, check=False, capture_output=True, text=True
    )
    return done.returncode, done.stdout + done.stderr


def test_the_image_is_one_of_the_project(repository: Path) -> None:
    project = read(repository)

    assert "shop" in {image.name for image in project.images}
    assert all(found.load_balancer_of("shop") is None for found in project.environments)


@pytest.mark.nightly
@pytest.mark.slow
@pytest.mark.parametrize(
    "command",
    [
        ("ruff", "check"),
        ("ruff", "format", "--check"),
        ("mypy",),
        ("pytest", "--collect-only", "-q"),
        ("pytest", "-q", "-m", "not slow and not packer", "tests/definition", "tests/planning"),
    ],
    ids=" ".join,
)
def test_the_repositorys_own_checks_pass(repository: Path, command: tuple[str, ...]) -> None:
    code, said = run(*command, cwd=repository)

    assert code == 0, said


@pytest.mark.slow
@pytest.mark.parametrize("command", [("ruff", "check"), ("ruff", "format", "--check"), ("mypy",)])
def test_what_the_team_wrote_would_not_have_passed(
    repository: Path, command: tuple[str, ...]
) -> None:
    code, _ = run(*command, "images/shop/checks/test_web.py", cwd=repository)

    assert code == 1


@pytest.mark.parametrize("command", [("ruff", "check"), ("ruff", "format", "--check")])
def test_the_image_that_comes_with_the_repository_is_held_to_our_style(
    command: tuple[str, ...],
) -> None:
    code, said = run(*command, "images/web/checks/test_web.py", cwd=ROOT)

    assert code == 0, said
