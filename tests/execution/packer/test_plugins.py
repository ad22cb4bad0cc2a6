"""Plugins that a template requires and Packer does not find."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.advice import PACKAGE, Caller
from pipeline.definition.builders import Plugin
from pipeline.definition.model import Template
from pipeline.errors import Unreachable
from pipeline.execution.packer.plugins import refuse_without_plugins
from pipeline.execution.packer.tools import Tools

ANSIBLE = Plugin("github.com/hashicorp/ansible", ">= 1.1.0", "packer/web/web.pkr.hcl:4")


def tools(tmp_path: Path, installed: str = "") -> Tools:
    """A Packer that lists one plugin."""
    program = tmp_path / "packer"
    program.write_text(f"#!/bin/sh\necho {installed}\n")
    program.chmod(0o755)
    return Tools(program, "/plugins", (2, 2, 0))


def template(*plugins: Plugin) -> Template:
    """A template that requires them."""
    return Template("web", Path("packer/web"), frozenset(), frozenset(), (), (), plugins=plugins)


def test_what_is_missing_is_named_with_its_line_and_the_commands_that_bring_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(Unreachable) as caught:
        refuse_without_plugins(template(ANSIBLE), tools(tmp_path))

    assert "github.com/hashicorp/ansible >= 1.1.0 (packer/web/web.pkr.hcl:4)" in str(caught.value)
    init = "PACKER_PLUGIN_PATH=/plugins packer init packer/web"
    assert [str(one.command) for one in caught.value.advice] == ["make setup", init]
    monkeypatch.setattr(Caller, "program", PACKAGE)
    with pytest.raises(Unreachable) as of_package:
        refuse_without_plugins(template(ANSIBLE), tools(tmp_path))
    assert [str(one.command) for one in of_package.value.advice] == [init]


def test_what_is_there_is_not_missed(tmp_path: Path) -> None:
    path = "/plugins/github.com/hashicorp/ansible/packer-plugin-ansible_v1.1.4_x5.0_linux_amd64"
    refuse_without_plugins(template(ANSIBLE), tools(tmp_path, path))
    refuse_without_plugins(template(), tools(tmp_path))
