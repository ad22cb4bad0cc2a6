"""Custom Script: run once in each machine, again when it changes, its secrets shown to nobody."""

from __future__ import annotations

import base64
import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from pipeline.emulator.arm.errors import ArmError
from pipeline.emulator.compute.custom_script import SettingsError, custom_script
from pipeline.emulator.compute.extension_model import Extension, ordered
from pipeline.emulator.machines.seam import CustomScript
from tests.emulator.compute.bodies import HEALTH, SET, flexible, scale_set_properties, sku
from tests.emulator.compute.emulated_compute import EmulatedCompute

SECRET = "correct-horse-7"


def script(
    command: str = "sh install.sh", name: str = "install", **properties: Any
) -> dict[str, Any]:
    """A Custom Script extension whose command is protected."""
    return {
        "name": name,
        "properties": {
            "publisher": "Microsoft.Azure.Extensions",
            "type": "CustomScript",
            "typeHandlerVersion": "2.1",
            "settings": {"fileUris": ["http://10.0.2.2:8000/install.sh"]},
            "protectedSettings": {"commandToExecute": command},
            **properties,
        },
    }


def profile(*extensions: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A scale set's properties with these extensions."""
    return scale_set_properties(extensionProfile={"extensions": list(extensions)}, **more)


def shown(arm: EmulatedCompute, machine: str) -> dict[str, dict[str, Any]]:
    """The one status of each extension in a machine's instance view, by name."""
    view = arm.get(machine, expand="instanceView")["properties"]["instanceView"]
    return {each["name"]: each["statuses"][0] for each in view.get("extensions", ())}


def files_with(folder: Path, text: str) -> list[str]:
    """The files below a folder that hold a text."""
    found = (path for path in folder.rglob("*") if path.is_file())
    return [str(path) for path in found if text.encode() in path.read_bytes()]


async def test_a_script_runs_once_in_each_instance_and_again_after_a_reimage(
    arm: EmulatedCompute,
) -> None:
    scale_set = await arm.scale_set(capacity=2, extensionProfile={"extensions": [script()]})
    first, second = (f"{scale_set}/virtualMachines/{number}" for number in (0, 1))
    ran = shown(arm, first)["install"]
    assert (ran["code"], ran["level"]) == ("ProvisioningState/succeeded", "Info")
    assert ran["message"].startswith("Enable succeeded: \n[stdout]\n")
    await arm.put(scale_set, {}, sku=sku(3))
    await arm.act(first, "restart")
    assert shown(arm, first)["install"] == ran
    before = shown(arm, second)["install"]["time"]
    await arm.act(second, "reimage")
    assert shown(arm, second)["install"]["time"] > before
    assert shown(arm, f"{scale_set}/virtualMachines/2")["install"]["code"] == ran["code"]


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"settings": {"fileUris": ["http://10.0.2.2/other.sh"]}}, id="files"),
        pytest.param({"settings": {"timestamp": 2}}, id="timestamp"),
        pytest.param({"forceUpdateTag": "again"}, id="forced"),
        pytest.param({"protectedSettings": {"commandToExecute": "sh x"}}, id="protected"),
    ],
)
async def test_a_changed_script_runs_again_when_an_instance_is_upgraded(
    arm: EmulatedCompute, change: dict[str, Any]
) -> None:
    scale_set = await arm.scale_set(capacity=1, extensionProfile={"extensions": [script()]})
    instance = f"{scale_set}/virtualMachines/0"
    before, disk = shown(arm, instance)["install"]["time"], arm.machine(instance).disk
    await arm.put(scale_set, profile(script(**change)))
    assert shown(arm, instance)["install"]["time"] == before
    await arm.act(scale_set, "manualupgrade", instanceIds=["0"])
    assert shown(arm, instance)["install"]["time"] > before
    assert arm.machine(instance).disk == disk


async def test_protected_settings_that_are_not_sent_again_are_kept_and_nothing_runs(
    arm: EmulatedCompute,
) -> None:
    scale_set = await arm.scale_set(capacity=1, extensionProfile={"extensions": [script()]})
    before = shown(arm, f"{scale_set}/virtualMachines/0")
    await arm.put(scale_set, arm.get(scale_set)["properties"])
    await arm.act(scale_set, "manualupgrade", instanceIds=["*"])
    instance = arm.get(f"{scale_set}/virtualMachines/0")
    assert instance["properties"]["latestModelApplied"] is True
    assert shown(arm, f"{scale_set}/virtualMachines/0") == before


async def test_a_protected_setting_is_in_no_answer_and_in_no_file(
    arm: EmulatedCompute, tmp_path: Path
) -> None:
    hidden = script(f"sh install.sh --token {SECRET}")
    scale_set = await arm.scale_set(capacity=1, extensionProfile={"extensions": [hidden]})
    vm = await arm.vm()
    await arm.put(f"{vm}/extensions/install", hidden["properties"])
    listed = (scale_set, f"{scale_set}/virtualMachines/0", vm, f"{vm}/extensions/install")
    assert shown(arm, vm).keys() == {"install"}
    assert SECRET not in json.dumps([arm.get(one) for one in listed])
    assert files_with(tmp_path, "never-shown-2") != []  # what looks for a secret finds one
    assert files_with(tmp_path, SECRET) == []


async def test_a_script_that_fails_fails_its_instance_until_a_changed_one_succeeds(
    arm: EmulatedCompute,
) -> None:
    with pytest.raises(ArmError, match=r"processing extension 'install' .*exit status=3") as error:
        await arm.scale_set(
            capacity=1, extensionProfile={"extensions": [script("apt-get install\nexit 3\n")]}
        )
    (failure,) = error.value.details
    assert failure.code == error.value.code == "VMExtensionProvisioningError"
    instance = f"{SET}/virtualMachines/0"
    assert arm.get(instance)["properties"]["provisioningState"] == "Failed"
    assert shown(arm, instance)["install"]["code"] == "ProvisioningState/failed"
    await arm.put(SET, profile(script()))
    await arm.act(SET, "manualupgrade", instanceIds=["0"])
    assert shown(arm, instance)["install"]["code"] == "ProvisioningState/succeeded"


async def test_a_failure_that_is_suppressed_is_shown_and_is_none_of_the_instance(
    arm: EmulatedCompute,
) -> None:
    failing = script("exit 1", suppressFailures=True)
    scale_set = await arm.scale_set(capacity=1, extensionProfile={"extensions": [failing]})
    instance = f"{scale_set}/virtualMachines/0"
    assert arm.get(instance)["properties"]["provisioningState"] == "Succeeded"
    assert shown(arm, instance)["install"]["code"] == "ProvisioningState/failed"


async def test_health_is_probed_beside_a_script(arm: EmulatedCompute) -> None:
    properties = scale_set_properties(health=HEALTH)
    listed = properties["virtualMachineProfile"]["extensionProfile"]["extensions"]
    scale_set = await arm.scale_set(
        capacity=1, extensionProfile={"extensions": [script(), *listed]}
    )
    assert arm.endpoint(f"{scale_set}/virtualMachines/0").health_port == HEALTH["port"]


async def test_the_script_of_a_virtual_machine_runs_with_its_put_and_is_shown_until_deleted(
    arm: EmulatedCompute,
) -> None:
    vm = await arm.vm()
    await arm.put(f"{vm}/extensions/install", script()["properties"])
    before = shown(arm, vm)["install"]
    await arm.put(f"{vm}/extensions/install", script()["properties"])
    assert shown(arm, vm)["install"] == before
    with pytest.raises(ArmError, match="exit status=9"):
        await arm.put(f"{vm}/extensions/install", script("exit 9")["properties"])
    await arm.delete(f"{vm}/extensions/install")
    assert shown(arm, vm) == {}


async def test_a_flexible_sets_machines_get_protected_settings_too(arm: EmulatedCompute) -> None:
    await arm.landing_zone()
    listed = {"extensions": [script("exit 4")]}
    with pytest.raises(ArmError, match="exit status=4"):
        await arm.put(SET, flexible(extensionProfile=listed), sku=sku(1))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"typeHandlerVersion": "1.5"}, "version '1.5' of the extension 'CustomScript'"),
        ({"protectedSettingsFromKeyVault": {"secretUrl": "x"}}, "protectedSettingsFromKeyVault"),
        ({"protectedSettings": {"managedIdentity": {}}}, r"protectedSettings\.managedIdentity"),
    ],
)
async def test_what_is_not_served_is_refused_by_name(
    arm: EmulatedCompute, change: dict[str, Any], words: str
) -> None:
    with pytest.raises(ArmError, match=words) as refusal:
        await arm.scale_set(extensionProfile={"extensions": [script(**change)]})
    assert refusal.value.code == "NotServedByEmulator"


def test_extensions_come_behind_those_that_they_name() -> None:
    last = Extension("last", {"provisionAfterExtensions": ["middle", "first"]})
    middle = Extension("middle", {"provisionAfterExtensions": ["first"]})
    first = Extension("First", {"provisionAfterExtensions": ["elsewhere", "first"]})
    found = ordered([last, middle, first])
    assert [each.name for each in found] == ["First", "middle", "last"]


def test_a_script_is_read_from_base64_and_from_what_gzip_made() -> None:
    for content in (b"#!/bin/sh\ntrue\n", gzip.compress(b"#!/bin/sh\ntrue\n")):
        wanted = custom_script({"script": base64.b64encode(content).decode()}, {})
        assert wanted == CustomScript((), "#!/bin/sh\ntrue\n", converts_lines=True)


def test_files_are_named_by_the_last_part_of_their_addresses() -> None:
    given = {"fileUris": ["https://a/b/c%20d.sh?sig=x%2Fy"], "commandToExecute": "true"}
    wanted = custom_script({}, given | {"skipDos2Unix": True})
    assert wanted.files == (("c d.sh", "https://a/b/c%20d.sh?sig=x%2Fy"),)
    assert not wanted.converts_lines


@pytest.mark.parametrize(
    ("settings", "protected", "words"),
    [
        ({}, {}, "exactly one of"),
        ({"commandToExecute": "a", "script": "Yg=="}, {}, "exactly one of"),
        ({"commandToExecute": "a"}, {"commandToExecute": "b"}, "in both"),
        ({"commandToExecute": ["a"]}, {}, "is no text"),
        ({"script": "not base64"}, {}, "cannot be decoded"),
        ({"script": base64.b64encode(b"\x1f\x8bx").decode()}, {}, "cannot be decoded"),
        ({"script": base64.b64encode(bytes(300_000)).decode()}, {}, "larger than 256 KB"),
        ({"commandToExecute": "a", "fileUris": "http://a/b"}, {}, "no list"),
        ({"commandToExecute": "a", "fileUris": [1]}, {}, "no http or https address"),
        ({"commandToExecute": "a", "fileUris": ['http://a/b"\nx']}, {}, "no http or https"),
        ({"commandToExecute": "a", "fileUris": ["http://a/"]}, {}, "names no file"),
        ({"commandToExecute": "a", "fileUris": ["http://a/%2e%2e"]}, {}, "names no file"),
    ],
)
def test_the_handler_refuses_settings(
    settings: dict[str, Any], protected: dict[str, Any], words: str
) -> None:
    with pytest.raises(SettingsError, match=words):
        custom_script(settings, protected)
