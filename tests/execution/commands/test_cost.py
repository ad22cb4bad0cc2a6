"""`cost` on a landing zone: what Azure has, times a table."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipeline.errors import UsageError
from pipeline.execution.azure.requests import patch
from pipeline.execution.commands.cost import cost
from pipeline.planning.names import image_version_id
from tests.conftest import Emulator
from tests.execution.landing_zone import LandingZone, landing_zone, with_one_staged


@pytest.fixture
def zone(emulator: Emulator, tmp_path: Path) -> LandingZone:
    """1.0.0 serves, 1.0.1 is staged, and its bake took six minutes."""
    made = with_one_staged(landing_zone(tmp_path, emulator))
    version = image_version_id(made.environment, "web", "1.0.1")
    tags = {**(made.session().azure.get(version) or {})["tags"], "bake-seconds": "360"}
    made.session().azure.begin(patch(version, {"tags": tags})).result()
    return made


def test_what_an_environment_costs_is_told_and_nothing_is_changed(zone: LandingZone) -> None:
    writes = zone.writes("")
    cost(zone.session())
    told = " ".join(zone.output.split())
    assert "web web-1-0-0 serving Standard_D2s_v5 2 0.230 167.90" in told
    assert "web web-1-0-1 staged Standard_D2s_v5 2 0.230 167.90" in told
    assert "beside production: web-1-0-1: 0.230 USD per hour" in told
    assert "web: 2 versions, 2 copies of " in told
    assert "web 1.0.1 was baked in 6 min of one Standard_D2s_v5, 0.01" in told
    assert zone.writes("") == writes


def test_another_table_takes_the_place_of_ours(zone: LandingZone, tmp_path: Path) -> None:
    item = {
        "currencyCode": "EUR",
        "retailPrice": 1.0,
        "armRegionName": "westeurope",
        "armSkuName": "Standard_D2s_v5",
        "unitOfMeasure": "1 Hour",
    }
    file = tmp_path / "prices.json"
    file.write_text(json.dumps({"Items": [item]}))
    cost(zone.session(), "web", str(file))
    assert "2.000" in zone.output


@pytest.mark.parametrize("content", ["[]", "{}", "{", '{"Items": [{}]}'])
def test_a_file_that_is_no_table_is_named(zone: LandingZone, tmp_path: Path, content: str) -> None:
    file = tmp_path / "prices.json"
    file.write_text(content)
    with pytest.raises(UsageError, match=r"prices\.json"):
        cost(zone.session(), "web", str(file))
