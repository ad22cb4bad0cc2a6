"""What has mistakes stops whoever needs it, and nobody else."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from pipeline.definition.project import read
from pipeline.errors import DefinitionError

IMAGE = "images/shop/image.hcl"


@pytest.fixture
def two(good: Path) -> Path:
    """The good project with a second image, `shop`, and a second template, `windows`."""
    shutil.copytree(good / "images/web", good / "images/shop")
    change(good / IMAGE, 'image "web"', 'image "shop"')
    shutil.copytree(good / "packer/linux", good / "packer/windows")
    return good


def change(file: Path, written: str, instead: str) -> None:
    """Write something else into a file."""
    text = file.read_text()
    assert written in text
    file.write_text(text.replace(written, instead))


def faulty(root: Path) -> set[tuple[str, str]]:
    """Kind and name of all that has mistakes."""
    return {(one.kind, one.name) for one in read(root).faulty}


@pytest.mark.parametrize("text", ["image {", 'image "shop" {\n}\n', "", '"'])
def test_a_bad_image_stops_only_itself(two: Path, text: str) -> None:
    (two / IMAGE).write_text(text)

    project = read(two)

    assert [image.name for image in project.images] == ["web"]
    assert project.names("image") == ("shop", "web")
    assert [(one.kind, one.name) for one in project.faulty] == [("image", "shop")]
    assert all(item.file == IMAGE and item.line for item in project.faulty[0].mistakes)
    project.refuse_mistakes("image", "web")
    project.refuse_mistakes("environment")
    with pytest.raises(DefinitionError):
        project.refuse_mistakes("image", "shop")


def test_a_bad_image_that_is_served_is_no_mistake_of_the_environment(two: Path) -> None:
    change(two / "images/web/image.hcl", "health {", "health")

    project = read(two)

    assert faulty(two) == {("image", "web")}
    assert "web" in {balancer.image for balancer in project.environments[0].load_balancers}


def test_a_bad_template_that_no_image_uses_stops_none(two: Path) -> None:
    (two / "packer/windows/variables.pkr.hcl").write_text("variable {")

    assert faulty(two) == {("template", "windows")}
    assert len(read(two).images) == 2


def test_a_bad_template_stops_the_images_that_use_it(two: Path) -> None:
    change(two / IMAGE, 'template = "linux"', 'template = "windows"')
    (two / "packer/windows/empty.pkr.hcl").write_text("variable {")

    found = {(one.kind, one.name): one.mistakes for one in read(two).faulty}

    assert set(found) == {("template", "windows"), ("image", "shop")}
    assert found["image", "shop"][0].file == "packer/windows/empty.pkr.hcl"


def test_a_bad_environment_stops_only_what_uses_it(two: Path) -> None:
    first, second = (one.name for one in read(two).environments)
    change(
        two / "environments.hcl", f'environment "{second}" {{', f'environment "{second}" {{\n x = 1'
    )

    project = read(two)

    assert [one.name for one in project.environments] == [first]
    project.refuse_mistakes("environment", first)
    with pytest.raises(DefinitionError, match=r"environments\.hcl:\d+: unknown key x"):
        project.refuse_mistakes("environment", second)


def test_a_command_that_needs_a_bad_one_tells_all_mistakes_there_are(two: Path) -> None:
    (two / IMAGE).write_text("image {")
    (two / "packer/windows/variables.pkr.hcl").write_text("variable {")

    with pytest.raises(DefinitionError) as caught:
        read(two).refuse_mistakes("image", "shop")

    assert {item.file for item in caught.value.mistakes} == {
        IMAGE,
        "packer/windows/variables.pkr.hcl",
    }


def test_a_file_of_environments_that_cannot_be_used_stops_all_and_tells_all(two: Path) -> None:
    (two / IMAGE).write_text("image {")
    (two / "environments.hcl").write_text("environment {")

    with pytest.raises(DefinitionError) as caught:
        read(two)

    assert {item.file for item in caught.value.mistakes} == {IMAGE, "environments.hcl"}


def test_a_file_that_may_not_be_read_is_a_mistake(two: Path) -> None:
    (two / IMAGE).unlink()
    (two / IMAGE).symlink_to("image.hcl")  # to itself

    (found,) = read(two).faulty

    assert "cannot be read: " in str(found.error)
