"""A project without mistakes (good/), and copies of it with some (cases/)."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

GOOD = Path(__file__).parent / "good"


@pytest.fixture
def good(tmp_path: Path) -> Path:
    """A copy of the project without mistakes, to be spoilt."""
    return Path(shutil.copytree(GOOD, tmp_path / "project"))
