"""A project whose image is of Windows, with the template that is shipped."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from pipeline.definition.model import Project
from pipeline.definition.project import read

ROOT = Path(__file__).parents[2]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A copy of the project, to be read, and perhaps to be changed."""
    made = Path(shutil.copytree(Path(__file__).parent / "project", tmp_path / "project"))
    shutil.copytree(ROOT / "packer" / "windows", made / "packer" / "windows")
    return made


@pytest.fixture
def project(root: Path) -> Project:
    """As the commands read it."""
    found = read(root)
    found.refuse_mistakes()
    return found
