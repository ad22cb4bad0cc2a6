"""What the pages point to exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.sources import ROOT

PAGES = [*sorted(ROOT.glob("*.md")), *sorted(ROOT.glob("docs/*.md"))]
OURS = r"`((?:pipeline|tests|docs|packer|images/(?:web|golden|containers)|\.github)/[\w./-]*)`"


def missing(page: Path, text: str) -> list[str]:
    """What a page names of ours or links to that is not there: files, folders, headings."""
    named = [ROOT / name for name in re.findall(OURS, text) if "NAME" not in name]
    found = [str(path) for path in named if not path.exists()]
    for link in re.findall(r"\]\(([^):]+)\)", text):
        path, _, heading = link.partition("#")
        linked = page.parent / path if path else page
        if not linked.exists() or (heading and heading not in headings(linked.read_text())):
            found.append(link)
    return found


def headings(text: str) -> set[str]:
    """The headings of a page as links name them."""
    titles = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.name))
def test_a_page_points_to_what_exists(page: Path) -> None:
    assert missing(page, page.read_text()) == []


@pytest.mark.parametrize(
    "text",
    [
        "see `pipeline/nowhere.py`",
        "see [this](nowhere.md)",
        "see [this](setup.md#nowhere)",
        "see [this](#nowhere)",
    ],
)
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
