"""`invoke doctor` against an emulator in which things are missing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pipeline.definition.model import Cloud
from tests.conftest import Emulator
from tests.execution.doctor.lines import checks
from tests.execution.landing_zone import LandingZone, landing_zone


@pytest.fixture
def zone(tmp_path: Path, emulator: Emulator) -> Iterator[LandingZone]:
    """An environment of which nothing is there yet."""
    yield landing_zone(tmp_path, emulator)
    emulator.call("DELETE", "/emulator/limits")


def limit(zone: LandingZone, **asked: Any) -> None:
    """Let the subscription have less."""
    assert zone.emulator.call("POST", "/emulator/limits", asked).status == 201


def test_before_anything_is_there_everything_is_named(zone: LandingZone) -> None:
    found = checks(zone)

    for check in ("resource group", "gallery", "image", "addresses"):
        (line,) = found[check]
        assert line["result"] == "FAILED", check
        assert line["commands"] == ["invoke create-environment"], check
    for check in ("sign-in", "rights", "size", "quota", "provider"):
        assert {line["result"] for line in found[check]} == {"ok"}, check


def test_rights_quota_size_and_provider_are_missed(zone: LandingZone) -> None:
    limit(zone, actions=["*/read"])
    limit(zone, location="westeurope", quota="cores", limit=1)
    limit(zone, location="westeurope", size="Standard_D2s_v5")
    namespace = f"/subscriptions/{zone.emulator.subscription}/providers/Microsoft.Network"
    assert zone.emulator.call("POST", f"{namespace}/unregister", {}).status == 200

    found = checks(zone)

    assert "for create-environment" in found["rights"][-1]["what"]
    assert found["rights"][0]["commands"][0].startswith("az role assignment create --role bakeswap")
    assert found["size"][0]["result"] == "FAILED"
    assert "ask for a limit of at least" in found["quota"][-1]["fix"]
    failed = [one for one in found["provider"] if one["result"] == "FAILED"]
    assert failed[0]["commands"] == ["az provider register --namespace Microsoft.Network"]


def test_who_cannot_sign_in_is_told_and_asked_nothing_else(zone: LandingZone) -> None:
    wrong = zone.root / "credential.json"
    wrong.write_text(json.dumps({"tenant": "t", "client_id": "c", "client_secret": "no"}))
    wrong.chmod(0o600)
    cloud: Cloud = replace(zone.environment.cloud, credential=wrong)
    other = replace(zone, environment=replace(zone.environment, cloud=cloud))

    found = checks(other)

    assert found["sign-in"][0]["result"] == "FAILED"
    assert found["sign-in"][0]["commands"] == ["az login --tenant t"]
    assert "rights" not in found
