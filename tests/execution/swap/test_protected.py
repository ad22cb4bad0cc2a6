"""Secrets of extensions: read when they are sent, and nowhere to be seen."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pipeline.definition.shape import (
    Extension,
    Identity,
    Instances,
    Protected,
    ScaleSetShape,
)
from pipeline.errors import StateFileError, UsageError
from pipeline.execution.swap.protected import protected_settings
from pipeline.planning.names import scale_set_id
from tests.conftest import Emulator
from tests.execution.landing_zone import LandingZone, landing_zone
from tests.planning.swap.shapes import UNIFORM_SET, attached

SECRET = "correct-horse-battery"


def shape(protected: Protected | None) -> ScaleSetShape:
    """A scale set with one extension."""
    setup = Extension("setup", "Microsoft.Azure.Extensions", "CustomScript", "2.1")
    return ScaleSetShape("Standard_D2s_v5", 1, extensions=(replace(setup, protected=protected),))


FROM_VARIABLE = shape(Protected(environment="WEB_SETUP"))
EVERYTHING = replace(
    UNIFORM_SET,
    capacity=1,
    zones=("1",),
    zone_balance=None,
    identity=Identity(system=True),
    data_disks=(),  # which the emulator refuses, and automatic repairs, too
    automatic_repairs=None,
    extensions=FROM_VARIABLE.extensions,
)


def test_settings_are_read_from_a_variable_or_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = {"commandToExecute": f"./setup {SECRET}"}
    monkeypatch.setenv("WEB_SETUP", json.dumps(settings))
    file = tmp_path / "settings.json"
    file.write_text(json.dumps(settings))

    assert protected_settings(FROM_VARIABLE) == {"setup": settings}
    assert protected_settings(shape(Protected(file=file))) == {"setup": settings}
    vault = Protected(secret_url="https://shop.vault.azure.net/secrets/web", vault="/v")
    assert protected_settings(shape(vault)) == protected_settings(shape(None)) == {}


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (None, "no such variable in the environment; set it"),
        (SECRET, "not JSON"),
        (f'["{SECRET}"]', "a JSON object is expected, not list"),
    ],
)
def test_what_cannot_be_read_is_named_and_not_shown(
    value: str | None, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if value is None:
        monkeypatch.delenv("WEB_SETUP", raising=False)
    else:
        monkeypatch.setenv("WEB_SETUP", value)

    with pytest.raises(UsageError) as caught:
        protected_settings(FROM_VARIABLE)

    message = f"WEB_SETUP, the protected settings of extension setup: {why}"
    assert str(caught.value) == message


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(StateFileError, match=r"settings\.json"):
        protected_settings(shape(Protected(file=tmp_path / "settings.json")))


@pytest.fixture
def zone(tmp_path: Path, emulator: Emulator) -> LandingZone:
    """A landing zone whose image has an extension with a secret."""
    zone = landing_zone(tmp_path, emulator, capacity=1)
    zone = replace(zone, image=replace(zone.image, scale_set=EVERYTHING))
    (balancer,) = zone.environment.load_balancers
    own = Instances((("stage", "test"),), attached("instances/test.env", b"STAGE=test"))
    balancers = (replace(balancer, instances=own),)
    zone = replace(zone, environment=replace(zone.environment, load_balancers=balancers))
    zone.create()
    zone.add_versions("1.0.0")
    return zone


def test_a_secret_goes_to_azure_and_is_seen_nowhere(
    zone: LandingZone, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("WEB_SETUP", raising=False)
    with pytest.raises(UsageError, match="WEB_SETUP, the protected settings of extension setup"):
        zone.stage("1.0.0")
    resource = scale_set_id(zone.environment, "web-1-0-0")
    assert zone.session().azure.get(resource) is None

    monkeypatch.setenv("WEB_SETUP", json.dumps({"commandToExecute": f"./setup {SECRET}"}))
    zone.stage("1.0.0")

    body: dict[str, Any] = zone.session().azure.get(resource) or {}
    made = body["properties"]["virtualMachineProfile"]["extensionProfile"]["extensions"]
    assert [one["name"] for one in made] == ["ApplicationHealth", "setup"]
    assert "protectedSettings" not in made[1]["properties"]
    assert (body["zones"], body["identity"]["type"]) == (["1"], "SystemAssigned")
    assert {"team": "shop", "stage": "test"}.items() <= body["tags"].items()
    profile = body["properties"]["virtualMachineProfile"]
    assert profile["storageProfile"]["osDisk"]["diskSizeGB"] == 64
    assert profile["scheduledEventsProfile"]["terminateNotificationProfile"]["enable"]
    shown = zone.session().azure.get(resource, expand="userData") or {}
    given = shown["properties"]["virtualMachineProfile"].get("userData")
    assert given == base64.b64encode(b"STAGE=test").decode()
    assert SECRET not in zone.output
    kept = [file for file in zone.root.rglob("*") if file.is_file()]
    assert any(file.suffix == ".jsonl" for file in kept)
    assert [file for file in kept if SECRET.encode() in file.read_bytes()] == []
