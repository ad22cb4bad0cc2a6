"""What the pages point to exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.sources import ROOT

PAGES = [*sorted(ROOT.glob("*.md")), *sorted(ROOT.glob("docs/*.md"))]
OURS = r"`((?:pipeline|tests|docs|packer|images/web|\.github)/[\w./-]*)`"


def missing(page: Path, text: str) -> list[str]:
    """The files and folders of ours that a page names, and the pages it links to, if not there."""
    named = [ROOT / name for name in re.findall(OURS, text) if "NAME" not in name]
    linked = [page.parent / link for link in re.findall(r"\]\(([^)#:]+)\)", text)]
    return [str(path) for path in (*named, *linked) if not path.exists()]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.name))
def test_a_page_points_to_what_exists(page: Path) -> None:
    assert missing(page, page.read_text()) == []


@pytest.mark.parametrize("text", ["see `pipeline/nowhere.py`", "see [this](nowhere.md)"])
def test_a_pointer_to_nowhere_is_seen(text: str) -> None:
    assert len(missing(ROOT / "docs" / "page.md", text)) == 1


def test_every_folder_of_the_pipeline_answers_a_question() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text()
    folders = {
        file.parent.relative_to(ROOT).as_posix()
        for layer in ("planning", "execution", "emulator")
        for file in (ROOT / "pipeline" / layer).glob("*/__init__.py")
    }

    named = {name.rstrip("/") for name in re.findall(OURS, page)}
    named |= {str(Path(name).parent) for name in named}

    assert folders - named == {"pipeline/emulator/arm"}  # what its other rooms stand on
