"""A second plugin, built from its Go module by set-up, and a template that requires it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.setup import packer, required
from pipeline.setup.places import REPOSITORY, Places
from pipeline.setup.reporting import Reporter

pytestmark = [pytest.mark.nightly, pytest.mark.packer]

TEMPLATE = """\
packer {
  required_plugins {
    docker = {
      source  = "github.com/hashicorp/docker"
      version = "~> 1.1.2"
    }
  }
}

source "docker" "notes" {
  image  = "debian:12"
  commit = true
}

build {
  sources = ["source.docker.notes"]
}
"""


def test_a_plugin_that_a_template_requires_is_set_up_and_the_template_is_valid(
    tmp_path: Path,
) -> None:
    venv = tmp_path / ".venv"
    (venv / "bin").mkdir(parents=True)
    python = venv / "bin" / "python"
    python.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    python.chmod(0o755)
    found = REPOSITORY / ".venv" / "bin" / "packer"
    if not found.exists():
        pytest.skip("set-up was not asked for Packer")
    packer.link(found.resolve(), Places(tmp_path, tmp_path / "cache"))
    own = REPOSITORY / ".venv" / "share" / "packer" / "plugins"
    shutil.copytree(own, venv / "share" / "packer" / "plugins")
    (tmp_path / "cache").mkdir()
    template = tmp_path / "packer" / "notes"
    template.mkdir(parents=True)
    (template / "notes.pkr.hcl").write_text(TEMPLATE)
    places = Places(tmp_path, tmp_path / "cache")

    required.ensure(places, Reporter())

    path = str(venv / "share" / "packer" / "plugins")
    ended = subprocess.run(
        [str(places.packer), "validate", str(template)],
        env={**os.environ, **packer.QUIET, "PACKER_PLUGIN_PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    required.ensure(places, Reporter())
    assert len(list((tmp_path / "cache").glob("github.com-hashicorp-packer-plugin-docker-*"))) == 1
