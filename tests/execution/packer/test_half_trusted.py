"""A Trusted Launch bake that would end in half a security profile is not begun."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.errors import DefinitionError
from pipeline.execution.packer.job import refuse_half_trusted
from pipeline.execution.packer.tools import Tools
from tests.planning.build.examples import WEB

TRUSTED = replace(WEB, security_type="trusted_launch")
SAYING = replace(TRUSTED, template=replace(WEB.template, variables=frozenset({"security_type"})))


def plugin(*version: int) -> Tools:
    """Packer with a plugin of a version."""
    return Tools(Path("packer"), "", version)


def test_a_template_for_an_old_plugin_bakes_half_of_it_with_a_new_one() -> None:
    with pytest.raises(DefinitionError) as refused:
        refuse_half_trusted(TRUSTED, plugin(2, 1, 0))

    assert str(refused.value) == (
        "packer/linux:1: plugin 2.1.0 bakes no Trusted Launch image unless the source says"
        ' security_type; add variable "security_type" { ... } and security_type = var.security_type'
    )


def test_what_is_whole_is_baked() -> None:
    refuse_half_trusted(TRUSTED, plugin(2, 0, 5))
    refuse_half_trusted(SAYING, plugin(2, 6, 3))
    refuse_half_trusted(WEB, plugin(2, 6, 3))
