"""docs/definitions.md names every key that is read, and no other."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pipeline.definition.project import read, read_into
from pipeline.definition.reading import Report
from pipeline.definition.template import ESSENTIAL, OPTIONAL

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


def test_exactly_the_variables_that_the_pipeline_sets_are_documented() -> None:
    assert first_column(section("packer/NAME/")) == ESSENTIAL | OPTIONAL


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
