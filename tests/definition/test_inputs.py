"""The inputs of an image are every file that shapes it, and nothing else."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from pipeline.definition.model import Input
from pipeline.definition.project import read

IMAGE_FILE = "images/web/image.hcl"
ALL = [
    "images/web/checks/test_nothing.py",
    "images/web/files/index.html",
    "images/web/image.hcl",
    "images/web/scripts/configure.sh",
    "images/web/scripts/install.sh",
    "packer/linux/linux.pkr.hcl",
    "packer/linux/variables.pkr.hcl",
]


def inputs(root: Path) -> tuple[Input, ...]:
    """The inputs of the project's image."""
    return read(root).images[0].inputs


def changed(root: Path, before: tuple[Input, ...]) -> list[str]:
    """The names of inputs that are new, gone or other than before."""
    return sorted({item.name for item in set(inputs(root)) ^ set(before)})


def test_image_template_scripts_files_and_checks_are_inputs_in_order(good: Path) -> None:
    assert [item.name for item in inputs(good)] == ALL


def test_a_digest_is_the_sha256_of_the_bytes(good: Path) -> None:
    expected = hashlib.sha256((good / "images/web/files/index.html").read_bytes()).hexdigest()

    assert Input("images/web/files/index.html", expected) in inputs(good)


@pytest.mark.parametrize("name", [name for name in ALL if name != IMAGE_FILE])
def test_one_byte_more_changes_the_digest_of_that_input_alone(good: Path, name: str) -> None:
    before = inputs(good)
    with (good / name).open("a") as file:
        file.write("\n")

    assert changed(good, before) == [name]


@pytest.mark.parametrize(
    ("written", "instead"),
    [
        ('sku       = "12-gen2"', 'sku       = "13-gen2"'),
        ('"scripts/install.sh", "scripts/configure.sh"', '"scripts/install.sh"'),
        ('size = "Standard_D4s_v5"', 'size = "Standard_D8s_v5"'),
        ("workers = 4", "workers = 5"),
        ("debug   = true", 'debug   = "true"'),
        ('protocol = "https"', 'protocol = "http"'),
    ],
)
def test_what_image_hcl_says_about_the_bake_is_an_input(
    good: Path, written: str, instead: str
) -> None:
    before = inputs(good)
    text = (good / IMAGE_FILE).read_text()
    assert written in text
    (good / IMAGE_FILE).write_text(text.replace(written, instead))

    assert IMAGE_FILE in changed(good, before)


@pytest.mark.parametrize(
    ("written", "instead"),
    [
        ("capacity = 3", "capacity = 30"),
        ('sku      = "Standard_D2s_v5"', 'sku = "Standard_D8s_v5"'),
        ("rate          = 50", "rate = 7"),
        ('size = "Standard_D4s_v5"', 'size = "Standard_D4s_v5"\n    timeout = "3h"'),
        ("  health {", "  # The page of an instance.\n\n  health {"),
    ],
)
def test_what_image_hcl_says_about_scale_sets_and_promotions_is_no_input(
    good: Path, written: str, instead: str
) -> None:
    before = inputs(good)
    text = (good / IMAGE_FILE).read_text()
    assert written in text
    (good / IMAGE_FILE).write_text(text.replace(written, instead))

    assert changed(good, before) == []


def test_a_file_that_becomes_executable_is_another_input(good: Path) -> None:
    before = inputs(good)
    (good / "images/web/files/index.html").chmod(0o755)

    assert changed(good, before) == ["images/web/files/index.html"]


def test_who_may_write_a_file_is_no_matter(good: Path) -> None:
    before = inputs(good)
    (good / "images/web/files/index.html").chmod(0o600)

    assert changed(good, before) == []


def test_a_script_that_is_not_named_is_no_input(good: Path) -> None:
    before = inputs(good)
    (good / "images/web/scripts/notes.sh").write_text("later\n")

    assert changed(good, before) == []


@pytest.mark.parametrize(
    "name", ["__pycache__/x.pyc", ".pytest_cache/x", "x.py~", ".x.py.swp", "#x#", ".DS_Store"]
)
@pytest.mark.parametrize("folder", ["images/web/checks", "packer/linux"])
def test_what_tools_and_editors_leave_behind_is_no_input(
    good: Path, folder: str, name: str
) -> None:
    before = inputs(good)
    (good / folder / name).parent.mkdir(exist_ok=True)
    (good / folder / name).write_text("droppings")

    assert changed(good, before) == []


def test_every_file_that_is_uploaded_is_an_input_whatever_its_name(good: Path) -> None:
    before = inputs(good)
    (good / "images/web/files/deep").mkdir()
    (good / "images/web/files/deep/index.html~").write_text("baked as well")

    assert changed(good, before) == ["images/web/files/deep/index.html~"]


def test_the_folder_of_an_image_may_lie_anywhere(
    good: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(good)

    assert inputs(Path()) == inputs(good)
