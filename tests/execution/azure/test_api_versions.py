"""A cloud that is behind is asked with api-versions that it has."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.execution.azure.api_versions import pinned
from pipeline.execution.azure.requests import put
from pipeline.execution.azure.resources import Azure
from pipeline.planning.landing_zone import bodies
from pipeline.planning.names import gallery_id, image_definition_id
from pipeline.planning.traits import Traits
from tests.conftest import Emulator
from tests.execution.landing_zone import landing_zone

GROUP = "https://arm/subscriptions/s/resourceGroups/g"
BEHIND = {"compute": "2024-07-01", "galleries": "2023-07-03", "network": "2024-05-01"}


@pytest.mark.parametrize(
    ("path", "asked", "sent"),
    [
        ("providers/Microsoft.Compute/virtualMachines/v", "2026-04-01", "2024-07-01"),
        ("providers/Microsoft.Compute/galleries/g", "2026-03-03", "2023-07-03"),
        ("providers/Microsoft.Compute/galleries/g", "2021-10-01", "2021-10-01"),
        ("providers/Microsoft.Network/loadBalancers/l", "2026-01-01", "2024-05-01"),
        ("providers/Microsoft.Compute/locations/w/operations/o", "2026-04-01", "2026-04-01"),
        ("providers/Microsoft.Insights/autoscaleSettings", "2022-10-01", "2022-10-01"),
    ],
)
def test_the_lower_of_two_versions_is_asked_for(path: str, asked: str, sent: str) -> None:
    url = f"{GROUP}/{path}?%24expand=instanceView&api-version={asked}"

    assert pinned(url, BEHIND) == f"{GROUP}/{path}?%24expand=instanceView&api-version={sent}"


def test_the_sdk_asks_so(emulator: Emulator, tmp_path: Path) -> None:
    """Seen by what a definition becomes that names no security type."""
    zone = landing_zone(tmp_path, emulator)
    group = f"/resourceGroups/{zone.environment.resource_group}"
    assert emulator.call("PUT", group, {"location": "westeurope"}).status == 201
    behind = replace(zone.environment.cloud, api_versions=(("galleries", "2023-07-03"),))
    environment = replace(zone.environment, cloud=behind)
    azure = Azure(environment)

    azure.begin(put(gallery_id(environment), bodies.gallery(environment))).result()
    azure.begin(
        put(
            image_definition_id(environment, "web"),
            bodies.image_definition(environment, zone.image, Traits()),
        )
    ).result()

    made = azure.get(image_definition_id(environment, "web")) or {}
    assert "features" not in made["properties"]
