"""What a command is given, and what names that are not there are answered with."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.definition.model import Cloud, Project
from pipeline.errors import UsageError
from pipeline.execution.run.session import Session, choose_environment
from tests.execution.landing_zone import environment_of, image_of
from tests.execution.offline import OfflineSession

TEST = environment_of(Cloud())
LOCAL = replace(TEST, name="local")
PRODUCTION = replace(TEST, name="production")


def project_of(root: Path, *names: str) -> Project:
    """A project with environments of these names and one image, `web`."""
    environments = tuple(replace(TEST, name=name) for name in names)
    return Project(root, (image_of(root),), environments)


@pytest.mark.parametrize(
    ("names", "asked", "chosen"),
    [
        (("test",), "", "test"),
        (("local", "production"), "", "local"),
        (("local", "production"), "production", "production"),
    ],
)
def test_an_environment_is_chosen(
    tmp_path: Path, names: tuple[str, ...], asked: str, chosen: str
) -> None:
    assert choose_environment(project_of(tmp_path, *names), asked).name == chosen


@pytest.mark.parametrize(
    ("asked", "told"),
    [("staging", "no environment 'staging'"), ("", "which environment?")],
)
def test_an_environment_that_is_not_declared_is_a_mistake_of_the_command_line(
    tmp_path: Path, asked: str, told: str
) -> None:
    project = project_of(tmp_path, "europe", "america")
    with pytest.raises(UsageError, match="there are: america, europe") as caught:
        choose_environment(project, asked)
    assert told in str(caught.value)
    assert caught.value.exit_code == 2


def test_an_image_that_is_not_there_is_a_mistake_of_the_command_line(tmp_path: Path) -> None:
    session = OfflineSession(tmp_path).session
    with pytest.raises(UsageError, match="no image 'shop' under images/; there are: none"):
        session.image("shop")


def test_an_image_without_a_load_balancer_is_told_where_to_declare_one(tmp_path: Path) -> None:
    project = project_of(tmp_path, "test")
    environment = replace(TEST, load_balancers=())
    session = Session(project, environment, OfflineSession(tmp_path).session.output)
    with pytest.raises(UsageError, match="declare one in environments.hcl".replace(".", r"\.")):
        session.load_balancer("web")
