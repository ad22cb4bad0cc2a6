"""Names and ids: each is a function of what the thing is for, and says so again."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pipeline.arm import ResourceId
from pipeline.planning import names
from tests.planning.swap.examples import ENVIRONMENT


@pytest.mark.parametrize("make", [names.build_group, names.check_group])
def test_a_run_s_resource_group_is_recognised_by_its_name(make: Callable[[str, str], str]) -> None:
    assert names.is_group_name_of_ours(make("web", "1.0.0"))
    assert names.is_group_name_of_ours(make("web", "1.0.0").upper())


@pytest.mark.parametrize("name", ["shop", "bakeswap", "my-bakeswap-build-web-1-0-0"])
def test_another_resource_group_is_not_ours_by_name(name: str) -> None:
    assert not names.is_group_name_of_ours(name)


def test_versions_are_ordered_as_azure_orders_them_and_strange_names_come_first() -> None:
    found = sorted(["1.0.10", "latest", "1.0.9", "1.0.9-rc"], key=names.version_key)

    assert found == ["latest", "1.0.9-rc", "1.0.9", "1.0.10"]


def test_the_parts_of_a_check_are_in_its_own_resource_group() -> None:
    group = names.check_group("web", "1.0.0")

    for made in (
        names.check_machine_id(ENVIRONMENT, group),
        names.check_interface_id(ENVIRONMENT, group),
    ):
        assert ResourceId.parse(str(made)) == made
        assert (made.resource_group, made.name) == ("bakeswap-check-web-1-0-0", "check")


def test_only_both_tags_make_a_thing_ours() -> None:
    tags = names.tags_of("web", "1.0.0")

    assert names.is_ours(tags, "web")
    assert not names.is_ours(tags, "shop")
    assert not names.is_ours({**tags, "system": "terraform"}, "web")
    assert not names.is_ours({}, "web")
