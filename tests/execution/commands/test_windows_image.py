"""An image of Windows against the emulator, which has none: it ends before anything is made."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from pipeline.errors import Refused, UsageError
from pipeline.execution.commands.environment import create_environment
from pipeline.planning.names import image_definition_id
from tests.conftest import ROOT, Emulator
from tests.execution.image_project import ImageProject, image_project

SERVER = "MicrosoftWindowsServer"


@pytest.fixture
def project(tmp_path: Path, emulator: Emulator) -> ImageProject:
    """Whose image is of Windows since its definition was made of Linux."""
    made = image_project(tmp_path, emulator)
    of_windows(made)
    return made


def of_windows(project: ImageProject, base: str = SERVER) -> None:
    """The image of the example, by the name of this one; or of another base."""
    shutil.rmtree(project.folder)
    shutil.copytree(ROOT / "tests/windows/project/images/shop", project.folder)
    image = project.folder / "image.hcl"
    text = image.read_text().replace('image "shop"', f'image "{project.image}"')
    if base != SERVER:
        text = text.replace(SERVER, base).replace('"WindowsServer"', '"debian-12"')
        text = text.replace("2022-datacenter-core-g2", "12-gen2")
    image.write_text(text)


def nothing_was_made(project: ImageProject) -> bool:
    """Neither groups nor versions, and no machine was asked for."""
    asked = project.requests("PUT", f"bakeswap-build-{project.image}")
    return not asked and project.left_over() == [] and project.versions() == {}


def test_a_build_ends_at_the_base_that_the_emulator_does_not_have(project: ImageProject) -> None:
    with pytest.raises(UsageError) as refused:
        project.build()

    assert str(refused.value) == (
        f"images/{project.image}/image.hcl:8: {SERVER}:WindowsServer:2022-datacenter-core-g2"
        ":latest: there is no version of it in westeurope"
    )
    assert nothing_was_made(project)


def test_a_build_ends_at_a_base_of_linux(project: ImageProject) -> None:
    of_windows(project, "Debian")

    with pytest.raises(
        Refused, match=r"is Linux, and packer/windows/windows\.pkr\.hcl:"
    ) as refused:
        project.build()

    assert str(refused.value).startswith(f"images/{project.image}/image.hcl:")
    assert nothing_was_made(project)


def test_no_definition_is_made_of_a_base_that_is_not_there(project: ImageProject) -> None:
    where = image_definition_id(project.session().environment, project.image)
    assert project.emulator.call("DELETE", str(where)).status in {200, 202}

    with pytest.raises(UsageError, match=SERVER):
        create_environment(project.session())
    assert project.requests("PUT", f"images/{project.image}")[1:] == []


def test_the_emulator_takes_no_definition_of_windows(emulator: Emulator) -> None:
    path = "/resourceGroups/shared-lab/providers/Microsoft.Compute/galleries/shared_lab/images/w"
    identifier = {"publisher": "p", "offer": "o", "sku": "s"}
    body: Any = {"osType": "Windows", "osState": "Generalized", "identifier": identifier}

    said = emulator.call("PUT", path, {"location": "westeurope", "properties": body})

    assert "The emulator serves Linux images only." in str(said.body)
