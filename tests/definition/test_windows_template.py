"""packer/windows is a valid template for the real Packer with each Azure plugin that is here."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from pipeline.execution.packer.tools import Tools
from tests.definition import test_linux_template as linux

ROOT = Path(__file__).resolve().parents[2]
TEMPLATE = ROOT / "packer" / "windows"
PROJECT = ROOT / "tests" / "windows" / "project" / "images" / "shop"

SERVER = {
    "base_publisher": "MicrosoftWindowsServer",
    "base_offer": "WindowsServer",
    "base_sku": "2022-datacenter-core-g2",
}
LEAST = {**linux.LEAST, **SERVER}
ALL = {
    **{name: value for name, value in linux.ALL.items() if not name.startswith("ssh_")},
    **SERVER,
    "winrm_username": "baker",
    "winrm_timeout": "45m",
    "remote_folder": "D:\\bake",
    "build_key_vault_sku": "premium",
    "files": str(PROJECT / "files"),
    "scripts": [str(PROJECT / "scripts" / "install.ps1")],
}
IN_A_GROUP = {
    **LEAST,
    "build_resource_group_name": "shop-builds",
    "temp_compute_name": "bsw1123120000aa",
    "temp_nic_name": "bsw1123120000aa-nic",
    "temp_os_disk_name": "bsw1123120000aa-os",
    "build_key_vault_name": "shop-bakes",
}
TRUSTED = {**LEAST, "secure_boot_enabled": True, "vtpm_enabled": True}

tools = linux.tools
pytestmark = pytest.mark.packer


@pytest.mark.parametrize(
    "variables",
    [LEAST, ALL, linux.GALLERY, IN_A_GROUP, TRUSTED],
    ids=["least", "all", "gallery", "in a group", "trusted"],
)
def test_the_template_is_valid(tools: Tools, tmp_path: Path, variables: object) -> None:
    file = tmp_path / "shop.pkrvars.json"
    file.write_text(json.dumps(variables))

    result = linux.packer(tools, "validate", f"-var-file={file}", str(TEMPLATE))

    assert (result.returncode, result.stdout) == (0, "The configuration is valid.\n")


def test_the_template_is_formatted_as_packer_does(tools: Tools) -> None:
    assert linux.packer(tools, "fmt", "-check", str(TEMPLATE)).returncode == 0


def test_both_templates_call_the_same_things_the_same() -> None:
    """One image's variables mean the same with the other, but for how machines are reached."""
    here, there = (_variables(folder) for folder in (TEMPLATE, linux.TEMPLATE))

    assert there - here == {"ssh_port", "ssh_username", "ssh_timeout"}
    assert here - there == {
        *("winrm_username", "winrm_timeout", "build_key_vault_name", "build_key_vault_sku"),
    }


def test_the_machine_is_generalized_last_and_waited_for() -> None:
    text = (TEMPLATE / "windows.pkr.hcl").read_text()
    script = (TEMPLATE / "generalize.ps1").read_text()

    assert re.findall(r'script += "\$\{path\.root\}/(.+)"', text)[-1] == "generalize.ps1"
    assert text.rindex("provisioner ") < text.index("generalize.ps1")
    waited = script.index("RdAgent, WindowsAzureGuestAgent")
    assert waited < script.index("/oobe /generalize /quiet /quit")
    assert script.index("/quit") < script.index("IMAGE_STATE_GENERALIZE_RESEAL_TO_OOBE")


def _variables(folder: Path) -> set[str]:
    text = (folder / "variables.pkr.hcl").read_text()
    return set(re.findall(r'(?m)^variable "(\w+)"', text))
