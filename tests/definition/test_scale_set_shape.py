"""What a definition says of its scale set: read as written, and no input of the bake."""

from __future__ import annotations

import functools
from pathlib import Path

import pytest

from pipeline.definition.model import Base
from pipeline.definition.project import read, read_into
from pipeline.definition.reading import Report
from pipeline.definition.shape import (
    UNIFORM,
    DataDisk,
    Identity,
    Instances,
    OsDisk,
    Protected,
    Repairs,
    Spot,
)
from pipeline.errors import DefinitionError
from pipeline.planning.build.fingerprint import fingerprint

IMAGE_FILE = "images/web/image.hcl"
_RESOURCES = "/subscriptions/s/resourceGroups/g/providers"
OTHERWISE = {
    "sku": ('sku      = "Standard_D2s_v5"', 'sku = "Standard_D8s_v5"'),
    "capacity": ("capacity = 3", "capacity = 30"),
    "orchestration": ('orchestration             = "Uniform"', ""),
    "zones": ('["1", "2"]', '["1", "3"]'),
    "zone_balance": ("zone_balance              = true", "zone_balance = false"),
    "fault_domains": ("fault_domains             = 1", "fault_domains = 5"),
    "single_placement_group": ("single_placement_group    = false", ""),
    "proximity_placement_group": (
        'zones                     = ["1", "2"]\n    zone_balance              = true',
        f'proximity_placement_group = "{_RESOURCES}/Microsoft.Compute/proximityPlacementGroups/p"',
    ),
    "accelerated_networking": ("accelerated_networking    = true", ""),
    "termination_notice": ('"10m"', '"5m"'),
    "tags": ('team = "shop"', 'team = "web"'),
    "ssh_keys": ("AAAAC3NzaC1lZDI1NTE5 ops", "AAAAC3NzaC1lZDI1NTE6 ops"),
    "user_data": ('"instances/user-data.sh"', '"instances/cloud-init.yaml"'),
    "custom_data": ('"instances/cloud-init.yaml"', '"instances/user-data.sh"'),
    "autoscale": ('"instances/autoscale.json"', '"instances/other-autoscale.json"'),
    "properties": ('"instances/scale-set.json"', '"instances/other.json"'),
    "like": (
        'like                       = "serving"\n    without_protected_settings = ["agent"]',
        "",
    ),
    "without_protected_settings": ('["agent"]', '["agent", "other"]'),
    "identity": ("identity {", "identity {\n      # none"),
    "identity.system": ("system = true", "system = false"),
    "identity.user": ("userAssignedIdentities/web", "userAssignedIdentities/other"),
    "os_disk": ("os_disk {", "os_disk {\n"),
    "os_disk.size": ("size      = 64", "size = 100"),
    "os_disk.type": ('ephemeral = "CacheDisk"', 'type = "Premium_LRS"'),
    "os_disk.caching": ('ephemeral = "CacheDisk"', 'caching = "None"'),
    "os_disk.ephemeral": ('"CacheDisk"', '"NvmeDisk"'),
    "data_disk": ('data_disk "0"', 'data_disk "1"'),
    "data_disk.size": ("size    = 128", "size = 256"),
    "data_disk.type": ('type    = "Premium_LRS"', 'type = "Standard_LRS"'),
    "data_disk.caching": ('caching = "ReadOnly"', 'caching = "None"'),
    "spot": ("spot {", "spot {\n"),
    "spot.eviction": ('eviction  = "Delete"', ""),
    "spot.max_price": ("0.05", "-1"),
    "automatic_repairs": ("automatic_repairs {", "automatic_repairs {\n"),
    "automatic_repairs.grace": ('"20m"', '"1h"'),
    "automatic_repairs.action": ('"Restart"', '"Reimage"'),
    "extension": ('extension "vault"', 'extension "keys"'),
    "extension.publisher": ('"Microsoft.Azure.KeyVault"', '"Contoso"'),
    "extension.type": ('"KeyVaultForLinux"', '"Keys"'),
    "extension.version": ('"3.0"', '"3.1"'),
    "extension.settings": ("timestamp = 3", "timestamp = 4"),
    "extension.after": ('after     = ["setup"]', ""),
    "extension.force_update_tag": ('force_update_tag = "2"', 'force_update_tag = "3"'),
    "extension.protected_settings": ("protected_settings {", "protected_settings {\n"),
    "extension.protected_settings.environment": ('"WEB_SETUP"', '"OTHER"'),
    "extension.protected_settings.file": ('environment = "WEB_SETUP"', 'file = "secret.json"'),
    "extension.protected_settings.secret_url": ("secrets/web", "secrets/other"),
    "extension.protected_settings.vault": ("vaults/shop", "vaults/other"),
}
"""For each key of `scale_set` another value that is right, too."""


def test_a_scale_set_is_read_as_it_was_written(good: Path) -> None:
    shape = read(good).images[0].scale_set
    setup, vault = shape.extensions

    assert (shape.sku, shape.capacity, shape.orchestration) == ("Standard_D2s_v5", 3, UNIFORM)
    assert (shape.zones, shape.zone_balance, shape.fault_domains) == (("1", "2"), True, 1)
    assert (shape.single_placement_group, shape.proximity_placement_group) == (False, "")
    assert shape.tags == (("team", "shop"), ("cost center", "42"))
    identities = f"{_RESOURCES}/Microsoft.ManagedIdentity/userAssignedIdentities"
    assert shape.identity == Identity(system=True, user=(f"{identities}/web",))
    assert shape.ssh_keys == ("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5 ops",)
    assert shape.user_data is not None
    assert shape.user_data.name == "images/web/instances/user-data.sh"
    assert shape.user_data.content == b"#!/bin/sh\necho user\n"
    assert "echo" not in repr(shape)
    assert shape.custom_data is not None
    assert shape.os_disk == OsDisk(size=64, ephemeral="CacheDisk")
    assert shape.data_disks == (DataDisk(0, 128, "Premium_LRS", "ReadOnly"),)
    assert shape.spot == Spot("Delete", 0.05)
    assert (shape.accelerated_networking, shape.termination_notice) == (True, 600)
    assert (shape.like, shape.without_protected_settings) == ("serving", ("agent",))
    assert shape.properties is not None
    assert shape.properties.name == "images/web/instances/scale-set.json"
    assert shape.automatic_repairs == Repairs(1200, "Restart")
    assert setup.settings == (
        '{"fileUris": ["https://example.com/setup.sh"], "nested": {"on": true}, "timestamp": 3}'
    )
    assert (setup.protected, setup.force_update_tag) == (Protected(environment="WEB_SETUP"), "2")
    assert (vault.after, vault.settings) == (("setup",), "{}")
    assert vault.protected is not None
    assert vault.protected.secret_url == "https://shop.vault.azure.net/secrets/web"


def test_an_environment_gives_its_instances_tags_and_user_data_of_their_own(good: Path) -> None:
    local = read(good).environments[0].load_balancers[0].instances
    shape = read(good).images[0].scale_set

    assert local.tags == (("stage", "test"),)
    assert local.user_data is not None
    assert local.user_data.content == b"STAGE=local\n"
    own = Instances((("team", "test"), ("stage", "test")), local.user_data)
    both = shape.in_environment((("owner", "ops"), ("Cost Center", "4711")), own)
    assert dict(both.tags) == {
        "owner": "ops",
        "cost center": "42",
        "team": "test",
        "stage": "test",
    }
    assert both.user_data == local.user_data
    assert shape.in_environment((), Instances()) == shape


def test_files_larger_than_azure_takes_are_refused(good: Path) -> None:
    (good / "images/web/instances/user-data.sh").write_bytes(b"x" * 65_536)
    with pytest.raises(DefinitionError) as caught:
        read(good).refuse_mistakes()

    assert str(caught.value) == (
        f"{IMAGE_FILE}:{line_of(good, 'user_data')}: user_data: images/web/instances/user-data.sh"
        " has 65536 bytes; Azure takes at most 65535"
    )


@pytest.mark.parametrize("text", [b"[]", b"{}", b'{"profiles": []}', b'{"profiles": {}}'])
def test_an_autoscale_setting_has_profiles(good: Path, text: bytes) -> None:
    (good / "images/web/instances/autoscale.json").write_bytes(text)
    with pytest.raises(DefinitionError, match="no profiles of an autoscale setting; write"):
        read(good).refuse_mistakes()


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (b'{"tags": {"a": "1",\n "a": "2"}}', ":1: a second a; keep one"),
        (b"[1]", ":1: not an object; write an object with properties, as the ARM"),
        (b'{\n"a": ', ":2: not JSON: Expecting value; close or quote it"),
        (b'"\xff"', ":1: not UTF-8 text; save it as UTF-8"),
    ],
)
def test_a_file_of_properties_is_json(good: Path, text: bytes, what: str) -> None:
    (good / "images/web/instances/scale-set.json").write_bytes(text)
    with pytest.raises(DefinitionError) as caught:
        read(good).refuse_mistakes()

    assert str(caught.value).startswith(f"images/web/instances/scale-set.json{what}")


def line_of(root: Path, key: str) -> int:
    """The line of image.hcl that a key stands on."""
    lines = (root / IMAGE_FILE).read_text().splitlines()
    return 1 + next(number for number, line in enumerate(lines) if line.strip().startswith(key))


def test_each_key_of_a_scale_set_has_another_value_below(good: Path) -> None:
    report = Report()
    read_into(good, report)
    prefix = "image.scale_set."

    assert {key.removeprefix(prefix) for key in report.keys if key.startswith(prefix)} == set(
        OTHERWISE
    )


@pytest.mark.parametrize("key", OTHERWISE)
def test_what_only_shapes_the_scale_set_is_no_input_of_the_bake(good: Path, key: str) -> None:
    written, instead = OTHERWISE[key]
    text = (good / IMAGE_FILE).read_text()
    assert written in text
    (good / IMAGE_FILE).write_text(text.replace(written, instead))

    assert _fingerprint(good) == _unchanged()


def test_what_instances_are_given_is_no_input_of_the_bake(good: Path) -> None:
    before = _fingerprint(good)
    (good / "images/web/instances/user-data.sh").write_text("other\n")
    (good / "instances/local.env").write_text("STAGE=other\n")

    assert _fingerprint(good) == before


@functools.cache
def _unchanged() -> str:
    return _fingerprint(Path(__file__).parent / "good")


def _fingerprint(root: Path) -> str:
    project = read(root)
    project.refuse_mistakes()
    return fingerprint(project.images[0], Base("Debian", "debian-12", "12-gen2", "1"))
