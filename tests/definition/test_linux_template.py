"""packer/linux is a valid template for the real Packer with each Azure plugin that is here."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.errors import Unreachable
from pipeline.execution.packer.tools import Tools, find_tools

REPOSITORY = Path(__file__).resolve().parents[2]
TEMPLATE = REPOSITORY / "packer" / "linux"
IMAGE = REPOSITORY / "images" / "web"
# Set-up keeps one folder for each plugin version (docs/setup.md).
FOUND = sorted(Path(sys.prefix, "share", "packer").glob("plugins-*"))
PLUGINS: list[Path | None] = [*FOUND] or [None]

LEAST = {
    "subscription_id": "00000000-0000-0000-0000-000000000000",
    "tenant_id": "00000000-0000-0000-0000-000000000000",
    "client_id": "00000000-0000-0000-0000-000000000000",
    "location": "westeurope",
    "base_publisher": "Debian",
    "base_offer": "debian-12",
    "base_sku": "12-gen2",
    "gallery_resource_group": "shop",
    "gallery_name": "shop",
    "image_name": "web",
    "image_version": "1.0.0",
}
MARKETPLACE = ("base_publisher", "base_offer", "base_sku")
GALLERY = {
    **{name: value for name, value in LEAST.items() if name not in MARKETPLACE},
    "base_gallery_resource_group": "shared",
    "base_gallery_name": "golden",
    "base_gallery_image_name": "debian",
    "base_version": "1.0.0",
}
ALL = {
    **LEAST,
    "base_version": "0.20261101.2000",
    "temp_resource_group_name": "bakeswap-build-web-1-0-0",
    "tags": {"image": "web", "version": "1.0.0"},
    "vm_size": "Standard_D4s_v5",
    "os_disk_size_gb": 40,
    "ssh_port": 2222,
    "ssh_username": "packer",
    "ssh_timeout": "20m",
    "remote_folder": "/opt/bake",
    "virtual_network_name": "shop",
    "virtual_network_subnet_name": "machines",
    "virtual_network_resource_group_name": "shop",
    "gallery_subscription_id": "00000000-0000-0000-0000-000000000001",
    "replication_regions": ["northeurope", "westeurope"],
    "replica_count": 3,
    "storage_account_type": "Standard_ZRS",
    "exclude_from_latest": True,
    "managed_image_name": "web-1-0-0",
    "managed_image_resource_group_name": "shop",
    "files": str(IMAGE / "files"),
    "scripts": [str(IMAGE / "scripts" / "install.sh")],
}

pytestmark = pytest.mark.packer


@pytest.fixture(params=PLUGINS, ids=lambda path: path.name if path else "default")
def tools(request: pytest.FixtureRequest) -> Tools:
    """Packer with one of the plugins."""
    chosen = {"PACKER_PLUGIN_PATH": str(request.param)} if request.param else {}
    try:
        return find_tools({**os.environ, **chosen})
    except Unreachable as error:
        pytest.skip(str(error))


def packer(tools: Tools, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Packer with a secret where secrets come from."""
    environment = {**os.environ, **tools.environment(), "PKR_VAR_client_secret": "not-real"}
    return subprocess.run(
        [str(tools.packer), *arguments],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def validate(tools: Tools, folder: Path, variables: object) -> subprocess.CompletedProcess[str]:
    """`packer validate` with a var-file."""
    file = folder / "web.pkrvars.json"
    file.write_text(json.dumps(variables))
    return packer(tools, "validate", f"-var-file={file}", str(TEMPLATE))


@pytest.mark.parametrize("variables", [LEAST, ALL, GALLERY], ids=["least", "all", "gallery"])
def test_the_template_is_valid(tools: Tools, tmp_path: Path, variables: object) -> None:
    result = validate(tools, tmp_path, variables)

    assert (result.returncode, result.stdout) == (0, "The configuration is valid.\n")


def test_what_has_no_default_is_asked_for(tools: Tools, tmp_path: Path) -> None:
    result = validate(tools, tmp_path, {})

    unset = set(re.findall(r'Unset variable "(\w+)"', result.stdout + result.stderr))
    assert result.returncode == 1
    optional = {"subscription_id", "tenant_id", "client_id", *MARKETPLACE}
    assert unset == LEAST.keys() - optional


def test_the_template_is_formatted_as_packer_does(tools: Tools) -> None:
    assert packer(tools, "fmt", "-check", str(TEMPLATE)).returncode == 0
