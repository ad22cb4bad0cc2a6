"""Two subscriptions of one tenant: each has its own groups, resources and tags."""

from __future__ import annotations

import pytest

from tests.conftest import Emulator

GROUP = {"location": "westeurope"}


@pytest.fixture
def two(emulator: Emulator) -> tuple[str, str]:
    """Their paths."""
    first, second = emulator.facts["subscriptions"]
    return f"/subscriptions/{first}", f"/subscriptions/{second}"


def test_both_are_listed_and_the_first_is_the_one_that_clients_are_told(
    emulator: Emulator, two: tuple[str, str]
) -> None:
    listed = emulator.call("GET", "/subscriptions").body["value"]
    assert [one["id"] for one in listed] == list(two)
    assert listed[0]["subscriptionId"] == emulator.subscription
    assert emulator.call("GET", two[1]).body == listed[1]


def test_a_group_of_one_is_not_in_the_other(emulator: Emulator, two: tuple[str, str]) -> None:
    first, second = two
    assert emulator.call("PUT", f"{second}/resourceGroups/of-one", GROUP).status == 201
    assert emulator.call("GET", f"{first}/resourceGroups/of-one").status == 404
    groups = [
        {one["name"] for one in emulator.call("GET", f"{whole}/resourceGroups").body["value"]}
        for whole in two
    ]
    assert "of-one" in groups[1] - groups[0]


def test_resources_are_listed_where_they_are(emulator: Emulator, two: tuple[str, str]) -> None:
    for whole in two:
        assert emulator.call("PUT", f"{whole}/resourceGroups/of-both", GROUP).status == 201
    gallery = "resourceGroups/of-both/providers/Microsoft.Compute/galleries/of_both"
    emulator.call("PUT", f"{two[1]}/{gallery}", GROUP)
    listings = (
        "resources",
        "providers/Microsoft.Compute/galleries",
        "resourceGroups/of-both/resources",
    )
    for listing in listings:
        found = [
            [one["id"].lower() for one in emulator.call("GET", f"{whole}/{listing}").body["value"]]
            for whole in two
        ]
        assert f"{two[1]}/{gallery}".lower() not in found[0]
        assert f"{two[1]}/{gallery}".lower() in found[1]


def test_tags_of_one_are_not_those_of_the_other(emulator: Emulator, two: tuple[str, str]) -> None:
    tags = "providers/Microsoft.Resources/tags/default"
    wanted = {"properties": {"tags": {"cost-center": "4711"}}}
    assert emulator.call("PUT", f"{two[1]}/{tags}", wanted).status == 200
    assert emulator.call("GET", f"{two[1]}/{tags}").body["properties"]["tags"]
    assert not emulator.call("GET", f"{two[0]}/{tags}").body["properties"]["tags"]


def test_a_third_is_not_there(emulator: Emulator) -> None:
    answer = emulator.call("GET", "/subscriptions/b5a4e5a0-0000-4000-8000-000000000003")
    assert (answer.status, answer.code) == (404, "SubscriptionNotFound")
