"""docs/definitions.md names every key that is read, and no other."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pipeline.definition.given import KNOWN
from pipeline.definition.project import read, read_into
from pipeline.definition.reading import Report

REPOSITORY = Path(__file__).resolve().parents[2]
PAGE = (REPOSITORY / "docs" / "definitions.md").read_text()


def section(title: str) -> str:
    """The page's text below a heading, up to the next one."""
    return PAGE.partition(f"## {title}\n")[2].partition("\n## ")[0]


def first_column(text: str) -> set[str]:
    """The words in code in the first column of all tables."""
    cells = re.findall(r"(?m)^\| (`.*?) \|", text)
    return {name for cell in cells for name in re.findall(r"`([\w.]+)`", cell)}


@pytest.mark.parametrize(
    ("kind", "title"), [("image", "images/NAME/image.hcl"), ("environment", "environments.hcl")]
)
def test_exactly_the_keys_that_are_read_are_documented(good: Path, kind: str, title: str) -> None:
    report = Report()
    read_into(good, report)
    keys = {key.removeprefix(f"{kind}.") for key in report.keys if key.startswith(f"{kind}.")}

    assert first_column(section(title)) == keys


def test_all_that_a_build_knows_is_documented_with_the_variable_that_is_given_it() -> None:
    rows = re.findall(r"(?m)^\| `([\w.]+)` \| `(\w+)` \|", section("packer/NAME/"))

    assert dict(rows) == dict(KNOWN)
    assert len(rows) == len(KNOWN)


@pytest.mark.parametrize(
    ("file", "title"),
    [
        ("images/web/image.hcl", "images/NAME/image.hcl"),
        ("environments.hcl", "environments.hcl"),
    ],
)
def test_the_examples_on_the_page_have_no_mistakes(good: Path, file: str, title: str) -> None:
    template = good / "packer/linux/variables.pkr.hcl"
    template.write_text(template.read_text().replace('"flavour" {', '"flavour" {\n  default = ""'))
    example = re.findall(r"(?s)```hcl\n(.*?)```", section(title))[0]
    (good / file).write_text(example)

    project = read(good)

    assert (len(project.images), len(project.environments)) == (1, 2 if "image" in title else 1)
