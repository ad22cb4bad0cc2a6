"""Which commit an image's inputs are from. Real git."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.definition.model import Image
from pipeline.execution.build.survey import commit
from tests.planning.build.examples import WEB


def git(folder: Path, *words: str) -> str:
    ended = subprocess.run(
        ["git", "-C", str(folder), *words], check=True, capture_output=True, text=True
    )
    return ended.stdout.strip()


@pytest.fixture
def image(tmp_path: Path) -> Image:
    """An image and its template in a folder that git does not know yet."""
    for folder in ("images/web", "packer/linux"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "file").write_text("1")
    template = replace(WEB.template, folder=tmp_path / "packer/linux")
    return replace(WEB, folder=tmp_path / "images/web", template=template)


def committed(folder: Path) -> str:
    """Commit everything; the commit."""
    git(folder, "init", "--quiet")
    git(folder, "add", ".")
    who = ("-c", "user.name=Ann", "-c", "user.email=ann@example.org")
    git(folder, *who, "commit", "--quiet", "-m", "first")
    return git(folder, "rev-parse", "HEAD")


def test_inputs_as_committed_are_from_that_commit(tmp_path: Path, image: Image) -> None:
    head = committed(tmp_path)
    (tmp_path / "README").write_text("not an input")

    assert commit(tmp_path, image) == head


@pytest.mark.parametrize("file", ["images/web/file", "images/web/new", "packer/linux/file"])
def test_a_changed_input_is_told(tmp_path: Path, image: Image, file: str) -> None:
    head = committed(tmp_path)
    (tmp_path / file).write_text("2")

    assert commit(tmp_path, image) == f"{head}+uncommitted"


def test_without_a_repository_nothing_is_committed(tmp_path: Path, image: Image) -> None:
    assert commit(tmp_path, image) == "uncommitted"


def test_inputs_that_git_ignores_are_not_committed(tmp_path: Path, image: Image) -> None:
    (tmp_path / ".gitignore").write_text("images\npacker\n")
    committed(tmp_path)

    assert commit(tmp_path, image) == "uncommitted"
