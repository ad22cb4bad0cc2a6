"""The template under plain `packer build` with a var-file, without bakeswap, by both plugins."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pipeline.execution.packer.tools import Tools, find_tools
from tests.conftest import Emulator
from tests.execution.image_project import (
    PLUGINS,
    ImageProject,
    image_project,
    packer_or_skip,
    plugin_or_skip,
)

pytestmark = pytest.mark.packer


@dataclass(frozen=True, slots=True)
class Hand:
    """Somebody at a shell, with one generation of the plugin."""

    bake: ImageProject
    tools: Tools

    def variables(self, **more: Any) -> dict[str, Any]:
        """What a person would write into a var-file: no network, so by a public address."""
        facts = self.bake.emulator.facts
        return {
            "subscription_id": facts["subscription"],
            "tenant_id": facts["tenant"],
            "client_id": facts["client_id"],
            "cloud_environment_name": "BakeswapEmulator",
            "metadata_host": self.tools.metadata_host(self.bake.emulator.base),
            "location": "westeurope",
            "temp_resource_group_name": f"by-hand-{self.bake.image}-build",
            "ssh_port": 2222,
            "base_publisher": "Debian",
            "base_offer": "debian-12",
            "base_sku": "12-gen2",
            "gallery_resource_group": "shared-lab",
            "gallery_name": "shared_lab",
            "image_name": self.bake.image,
            "image_version": "1.0.0",
            "scripts": [str(self.bake.folder / "scripts" / "install.sh")],
            "files": str(self.bake.folder / "files"),
            **more,
        }

    def build(self, **more: Any) -> subprocess.CompletedProcess[str]:
        """`packer build -var-file=by-hand.pkrvars.json packer/linux`."""
        file = self.bake.root / "by-hand.pkrvars.json"
        file.write_text(json.dumps(self.variables(**more)))
        return self._run("build", "-color=false", f"-var-file={file}", "packer/linux")

    def validate(self) -> subprocess.CompletedProcess[str]:
        """`packer validate` with the same file."""
        file = self.bake.root / "by-hand.pkrvars.json"
        file.write_text(json.dumps(self.variables()))
        return self._run("validate", f"-var-file={file}", "packer/linux")

    def _run(self, *words: str) -> subprocess.CompletedProcess[str]:
        surroundings = {
            **os.environ,
            **self.tools.environment(),
            "SSL_CERT_FILE": self.bake.emulator.ca_file,
            "PKR_VAR_client_secret": self.bake.emulator.secret,
            # Plugin 2.x waits ten seconds after each delete; that tells nothing here.
            "GO_AZURE_SDK_SKIP_POLLING_DELAY": "true",
        }
        return subprocess.run(
            [str(self.tools.packer), *words],
            cwd=self.bake.root,
            env=surroundings,
            check=False,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )

    def managed_image(self, name: str) -> Any:
        """A managed image in the landing zone's group; its error document when there is none."""
        path = f"/resourceGroups/shared-lab/providers/Microsoft.Compute/images/{name}"
        return self.bake.emulator.call("GET", path).body


@pytest.fixture(params=list(PLUGINS))
def hand(request: pytest.FixtureRequest, tmp_path: Path, emulator: Emulator) -> Hand:
    packer_or_skip()
    tools = find_tools({"PACKER_PLUGIN_PATH": str(plugin_or_skip(request.param))})
    return Hand(image_project(tmp_path, emulator), tools)


def test_the_template_is_valid(hand: Hand) -> None:
    validated = hand.validate()

    assert validated.returncode == 0, validated.stdout


def test_a_build_by_hand_makes_a_gallery_version_and_leaves_nothing(hand: Hand) -> None:
    built = hand.build()

    assert built.returncode == 0, built.stdout
    assert list(hand.bake.versions()) == ["1.0.0"]
    assert not hand.bake.versions()["1.0.0"].exclude_from_latest
    assert hand.bake.left_over() == []


def test_a_build_by_hand_makes_a_managed_image_on_the_way(hand: Hand) -> None:
    name = f"{hand.bake.image}-1.0.0"

    built = hand.build(managed_image_name=name, managed_image_resource_group_name="shared-lab")

    assert built.returncode == 0, built.stdout
    assert hand.managed_image(name)["properties"]["provisioningState"] == "Succeeded"
    assert list(hand.bake.versions()) == ["1.0.0"]
    assert hand.bake.left_over() == []


def test_a_failing_provisioner_leaves_nothing_behind(hand: Hand) -> None:
    hand.bake.write("scripts/install.sh", "#!/bin/sh\nexit 7\n")

    built = hand.build()

    assert built.returncode == 1
    assert "non-zero exit status: 7" in built.stdout
    assert hand.bake.versions() == {}
    assert hand.bake.left_over() == []


def test_the_secret_is_not_in_what_packer_prints(hand: Hand) -> None:
    assert hand.bake.emulator.secret not in hand.build().stdout
