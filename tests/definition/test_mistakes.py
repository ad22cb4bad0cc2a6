"""Every kind of mistake, as its author reads it: cases/NAME holds what differs from good/."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from pipeline.definition.project import read
from pipeline.errors import DefinitionError

CASES = sorted((Path(__file__).parent / "cases").iterdir())


def mistakes(root: Path) -> list[str]:
    """All mistakes of the project, a line each."""
    with pytest.raises(DefinitionError) as caught:
        read(root).refuse_mistakes()
    return str(caught.value).splitlines()


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_all_mistakes_are_told_together_each_with_file_line_and_what_is_right(
    good: Path, case: Path
) -> None:
    shutil.copytree(case, good, dirs_exist_ok=True)
    told = (good / "mistakes.txt").read_text()

    assert mistakes(good) == told.splitlines()


def test_a_folder_without_environments_is_named(good: Path) -> None:
    (good / "environments.hcl").unlink()

    assert mistakes(good) == [
        "environments.hcl:1: there is no such file; write it, or go to the folder that holds it"
    ]


def test_an_empty_folder_holds_neither_images_nor_environments(tmp_path: Path) -> None:
    assert mistakes(tmp_path) == [
        "environments.hcl:1: there is no such file; write it, or go to the folder that holds it"
    ]


def test_a_file_that_is_no_text_is_a_mistake(good: Path) -> None:
    (good / "images/web/image.hcl").write_bytes(b'image "w\xe4b" {\n}\n')

    assert "images/web/image.hcl:1: not UTF-8 text; save it as UTF-8" in mistakes(good)


def test_a_link_is_refused_because_what_it_points_to_may_change_unseen(good: Path) -> None:
    (good / "images/web/files/link.html").symlink_to("index.html")

    assert mistakes(good) == [
        "images/web/files/link.html:1: a symbolic link; put the file itself there"
    ]


def test_a_linked_folder_is_refused_as_a_whole(good: Path) -> None:
    (good / "images/web/files").rename(good / "elsewhere")
    (good / "images/web/files").symlink_to(good / "elsewhere")

    assert mistakes(good) == ["images/web/files:1: a symbolic link; put the file itself there"]


def test_what_is_neither_file_nor_folder_is_refused(good: Path) -> None:
    os.mkfifo(good / "images/web/checks/pipe")

    assert mistakes(good) == ["images/web/checks/pipe:1: not an ordinary file; remove it"]


def test_a_mistake_in_a_template_is_told_once_for_all_its_images(good: Path) -> None:
    shutil.copytree(good / "images/web", good / "images/shop")
    image = good / "images/shop/image.hcl"
    image.write_text(image.read_text().replace('image "web"', 'image "shop"'))
    (good / "packer/linux/link.txt").symlink_to("linux.pkr.hcl")

    assert mistakes(good) == ["packer/linux/link.txt:1: a symbolic link; put the file itself there"]


def test_mistakes_are_the_authors_to_fix(good: Path) -> None:
    (good / "environments.hcl").unlink()

    with pytest.raises(DefinitionError) as caught:
        read(good)

    assert caught.value.exit_code == 2
    assert [(item.file, item.line) for item in caught.value.mistakes] == [("environments.hcl", 1)]
