"""Which plugin bakes in public Azure."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pipeline.advice import PACKAGE, Caller
from pipeline.definition.model import Cloud
from pipeline.planning.plugin import Version, bring, install, too_old
from tests.planning.build.examples import LOCAL

PUBLIC = replace(LOCAL, cloud=Cloud())


@pytest.mark.parametrize("version", [(1, 4, 5), (2, 0, 5), (2, 1, 9)])
def test_public_azure_wants_a_newer_plugin_than_set_up_can_build(version: Version) -> None:
    assert "2.2.0 or newer is needed" in too_old(version, PUBLIC)
    assert too_old(version, LOCAL) == ""


def test_a_newer_one_bakes() -> None:
    assert too_old((2, 2, 0), PUBLIC) == ""


@pytest.mark.parametrize(
    ("program", "installed", "brought"),
    [
        (
            "invoke",
            "PACKER_PLUGIN_PATH=.venv/share/packer/plugins .venv/bin/packer plugins install"
            " github.com/hashicorp/azure",
            "make setup",
        ),
        (
            PACKAGE,
            "packer plugins install github.com/hashicorp/azure",
            "packer plugins install github.com/hashicorp/azure",
        ),
    ],
)
def test_a_plugin_comes_from_set_up_or_from_its_vendor(
    program: str, installed: str, brought: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Caller, "program", program)  # how the process was called
    assert (install(), bring()) == (installed, brought)
