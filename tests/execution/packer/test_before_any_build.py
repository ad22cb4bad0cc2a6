"""What keeps Packer from beginning a build is told by who can do something about it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from pipeline.advice import Advice, Shell
from pipeline.definition.model import Cloud
from pipeline.errors import DefinitionError, Unreachable
from pipeline.execution.packer.build import before_any_build
from tests.execution.packer.test_output import MISSING
from tests.planning.build.examples import LOCAL, WEB

NO_CLOUD = """\
Error: There is no cloud environment matching the name 'Lab'!

  on /project/packer/linux/linux.pkr.hcl line 1:
  (source code not available)

"""


def test_a_cloud_whose_description_could_not_be_read_is_no_mistake_of_the_author() -> None:
    why = before_any_build(NO_CLOUD, WEB, LOCAL, Path("/project"))

    assert isinstance(why, Unreachable)
    assert str(why).startswith(f"{LOCAL.cloud.resource_manager}: Packer could not read")


def test_a_wrong_name_in_the_template_is() -> None:
    public = replace(LOCAL, cloud=Cloud())

    for environment in (public, replace(LOCAL, cloud=replace(LOCAL.cloud, name="Other"))):
        why = before_any_build(NO_CLOUD, WEB, environment, Path("/project"))
        assert isinstance(why, DefinitionError)
        assert why.mistakes[0].file == "packer/linux/linux.pkr.hcl"


def test_missing_plugins_are_named_with_the_command_that_installs_them() -> None:
    why = before_any_build(MISSING, WEB, LOCAL, Path("/project"))

    assert isinstance(why, Unreachable)
    assert "github.com/hashicorp/ansible >= 1.1.0" in str(why)
    assert why.advice == (
        Advice("set them up", Shell("make setup")),
        Advice("install them", Shell("packer init packer/linux")),
    )


def test_what_else_it_says_is_left_to_its_words() -> None:
    assert before_any_build("Error: no space left\n", WEB, LOCAL, Path("/project")) is None
